"""A promoted model as MLflow sees it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
import yaml

from proml_lab.promote import pyfunc
from proml_lab.promote.freeze.environment import Frozen
from tests.promote.conftest import Promoted


def test_mlflow_reads_the_signature(promoted: Promoted) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what MLflow's own imports warn of
        from mlflow.models import Model

        found = Model.load(str(promoted.artifacts[2].path / "model" / "MLmodel"))
    assert found.signature.inputs.to_dict() == [
        {"type": "double", "name": "x", "required": True},
        {"type": "string", "name": "who", "required": True},
    ]
    assert found.signature.outputs.to_dict() == [
        {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": (-1,)}}
    ]


def test_mlflow_finds_what_to_install(promoted: Promoted) -> None:
    folder = promoted.artifacts[2].path / "model"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import pyfunc as theirs
        from mlflow.utils.environment import _PythonEnv

        pins = Path(theirs.get_model_dependencies(str(folder))).read_text().splitlines()
        asked = _PythonEnv.from_yaml(str(folder / "python_env.yaml"))
    assert asked.dependencies == ["-r requirements.txt"]
    names = {pin.split("==")[0] for pin in pins}
    assert {"lightgbm", "polars", "numpy"} <= names
    assert not {"jupyterlab", "papermill", "pytest"} & names
    (wheel,) = (pin for pin in pins if "==" not in pin)
    assert (folder / wheel).is_file()


@pytest.mark.parametrize(
    ("kind", "want"),
    [
        ("Float32", "double"),
        ("Int64", "any"),
        ("Boolean", "boolean"),
        ("String", "string"),
        ("Datetime(time_unit='us', time_zone=None)", "datetime"),
        ("Datetime(time_unit='us', time_zone='UTC')", "any"),
        ("Date", "any"),
    ],
)
def test_each_type_has_its_word(tmp_path: Path, kind: str, want: str) -> None:
    head = {"learner": "baseline", "inputs": {'it\'s: a "name"': kind}}
    (tmp_path / "model.json").write_text(json.dumps(head))
    pyfunc.describe(tmp_path, Frozen(tmp_path, (), {}))
    made = yaml.safe_load((tmp_path / "MLmodel").read_text())
    (column,) = json.loads(made["signature"]["inputs"])
    assert column == {"type": want, "name": 'it\'s: a "name"', "required": True}
