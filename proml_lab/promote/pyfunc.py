"""The door for MLflow: ``mlflow.pyfunc.load_model("<artifact>/model")`` comes in here."""

from __future__ import annotations

import platform
from pathlib import Path

from proml_lab.contracts import Floats
from proml_lab.model import Model


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


def describe(folder: Path) -> None:
    """Write the ``MLmodel`` file that leads MLflow here into a model's folder."""
    lines = [
        "flavors:",
        "  python_function:",
        "    loader_module: proml_lab.promote.pyfunc",
        f"    python_version: {platform.python_version()}",
        "model_size_bytes: " + str(sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())),
    ]
    (folder / "MLmodel").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
