"""The door for MLflow: ``mlflow.pyfunc.load_model("<artifact>/model")`` comes in here."""

from __future__ import annotations

import json
import platform
import re
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from proml_lab.contracts import Floats
from proml_lab.model import Model
from proml_lab.promote.freeze.environment import Frozen
from proml_lab.promote.freeze.needed import needed

ENVIRONMENT = ("MLmodel", "requirements.txt", "python_env.yaml")
"""Files in a model's folder that say what it needs: they change with the environment."""
WHEELS = "wheels"

_KINDS = {"String": "string", "Boolean": "boolean", "Float32": "double", "Float64": "double"}


class PyFuncModel:
    """A model as MLflow calls it."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, model_input: object, params: object = None) -> Floats:
        """(n,) predictions for a pandas frame with the columns that the model reads."""
        return self.model.predict(model_input)


def _load_pyfunc(path: str) -> PyFuncModel:
    """MLflow's entry: `path` is the folder that holds the ``MLmodel`` file."""
    from proml_lab.learners import load

    return PyFuncModel(load(path))


def describe(folder: Path, frozen: Frozen) -> None:
    """Write what leads MLflow here into a model's folder; the same model gives the same bytes.

    ``MLmodel`` has the columns that the model reads; ``python_env.yaml`` and ``requirements.txt``
    have the packages that it needs, as they are in `frozen`; those of them that no index has lie in
    ``wheels/``.
    """
    head = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    n_bytes = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    _write_needs(folder, frozen, head["learner"])
    inputs = [_column(name, kind) for name, kind in head["inputs"].items()]
    lines = [
        "flavors:",
        "  python_function:",
        "    env:",
        "      virtualenv: python_env.yaml",
        "    loader_module: proml_lab.promote.pyfunc",
        f"    python_version: {platform.python_version()}",
        f"mlflow_version: {version('mlflow-skinny')}",
        f"model_size_bytes: {n_bytes}",
        "signature:",
        f"  inputs: {_quoted(json.dumps(inputs, ensure_ascii=False))}",
        """  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'""",
        "  params: null",
    ]
    (folder / "MLmodel").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _write_needs(folder: Path, frozen: Frozen, learner: str) -> None:
    pins = []
    for package in needed(learner, frozen.packages):
        wheel = frozen.wheels.get(package.name)
        if wheel is None:
            pins.append(f"{package.name}=={package.version}")
            continue
        (folder / WHEELS).mkdir(exist_ok=True)
        shutil.copyfile(frozen.folder / WHEELS / wheel.name, folder / WHEELS / wheel.name)
        pins.append(f"{WHEELS}/{wheel.name}")
    texts: Mapping[str, list[str]] = {
        "requirements.txt": pins,
        "python_env.yaml": [
            f"python: {platform.python_version()}",
            "build_dependencies:",
            "- pip",
            "dependencies:",
            "- -r requirements.txt",
        ],
    }
    for name, lines in texts.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _column(name: str, kind: str) -> dict[str, object]:
    """A column as MLflow's schema has it.

    MLflow refuses whole numbers with gaps, and moments with a zone, which pandas and Polars tell
    apart by other types: such columns may be of any type, and the model itself checks them.
    """
    plain = "datetime" if re.fullmatch(r"Datetime\(.*time_zone=None\)", kind) else "any"
    return {"type": _KINDS.get(kind, plain), "name": name, "required": True}


def _quoted(text: str) -> str:
    """A text as YAML's single-quoted scalar, on one line."""
    return "'" + text.replace("'", "''") + "'"
