"""What leads MLflow into a model's folder: ``mlflow.pyfunc.load_model("<artifact>/model")``.

The door that it comes in by is `learners.pyfunc`. The format: docs/formats.md#mlflows-files.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from proml_lab.promote import example
from proml_lab.promote.freeze.environment import Frozen
from proml_lab.promote.freeze.needed import needed

ENVIRONMENT = ("MLmodel", "requirements.txt", "constraints.txt", "python_env.yaml")
"""Files in a model's folder that say what it needs: they change with the environment."""
WHEELS = "wheels"

_DOOR = "proml_lab.learners.pyfunc"
_MLFLOW = "mlflow"


def describe(folder: Path, frozen: Frozen) -> None:
    """Write what leads MLflow here into a model's folder; the same model gives the same bytes.

    ``MLmodel`` names the columns that the model reads, and an example of them where there is one;
    ``python_env.yaml``, ``requirements.txt`` and ``constraints.txt`` name the packages that it
    needs, as they are in `frozen`; those of them that no index has lie in ``wheels/``.
    """
    head = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    n_bytes = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    _write_needs(folder, frozen, head["learner"])
    # MLflow's own check refuses whole numbers for floats, categories for text and moments as JSON
    # has them, and shows the whole frame: the model checks each column itself, in plain words.
    inputs = [{"type": "any", "name": name, "required": False} for name in head["inputs"]]
    lines = [
        "flavors:",
        "  python_function:",
        "    env:",
        "      virtualenv: python_env.yaml",
        f"    loader_module: {_DOOR}",
        f"    python_version: {platform.python_version()}",
        f"metadata: {json.dumps({'columns': head['inputs']})}",
        f"mlflow_version: {version('mlflow-skinny')}",
        f"model_size_bytes: {n_bytes}",
        *_example(folder),
        "signature:",
        f"  inputs: {_quoted(json.dumps(inputs, ensure_ascii=False))}",
        """  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'""",
        "  params: null",
    ]
    (folder / "MLmodel").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _example(folder: Path) -> list[str]:
    if not (folder / example.INPUT).is_file():
        return []
    return [
        "saved_input_example_info:",
        f"  artifact_path: {example.INPUT}",
        "  pandas_orient: split",
        f"  serving_input_path: {example.SERVING}",
        "  type: dataframe",
    ]


def _write_needs(folder: Path, frozen: Frozen, learner: str) -> None:
    """The packages of the model, and MLflow; what MLflow itself needs is only held in its place."""
    wanted = needed(learner, frozen.packages)
    pins = [f"{p.name}=={p.version}" for p in wanted if p.name not in frozen.wheels]
    pins += [f"{p.name}=={p.version}" for p in frozen.packages if p.name == _MLFLOW]
    wheels = [frozen.wheels[p.name].name for p in wanted if p.name in frozen.wheels]
    for name in wheels:
        (folder / WHEELS).mkdir(exist_ok=True)
        shutil.copyfile(frozen.folder / WHEELS / name, folder / WHEELS / name)
    around = needed(learner, frozen.packages, also=[_MLFLOW])
    held = [f"{p.name}=={p.version}" for p in around if p.name not in frozen.wheels]
    texts: Mapping[str, list[str]] = {
        "requirements.txt": [
            "-c constraints.txt",
            *sorted([*pins, *(f"{WHEELS}/{name}" for name in wheels)]),
        ],
        "constraints.txt": held,
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


def _quoted(text: str) -> str:
    """A text as YAML's single-quoted scalar, on one line."""
    return "'" + text.replace("'", "''") + "'"
