"""A promoted model as MLflow sees it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import polars as pl
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
        {"type": "any", "name": "x", "required": False},
        {"type": "any", "name": "who", "required": False},
    ]
    assert found.metadata == {"columns": {"x": "Float64", "who": "String"}}
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
    assert {"lightgbm", "mlflow", "polars", "numpy"} <= names
    heavy = {"alembic", "cryptography", "numba", "plotly", "sqlalchemy"}
    assert not {"jupyterlab", "papermill", "pytest", "mlflow-skinny", *heavy} & names
    (wheel,) = (pin for pin in pins if "==" not in pin and not pin.startswith("-c "))
    assert (folder / wheel).is_file()


def test_what_is_asked_for_is_held_at_the_versions_of_the_lock(promoted: Promoted) -> None:
    folder = promoted.artifacts[2].path
    lock = tomllib.loads((folder / "environment" / "pylock.toml").read_text(encoding="utf-8"))
    versions = {f"{package['name']}=={package.get('version')}" for package in lock["packages"]}
    first, *pins = (folder / "model" / "requirements.txt").read_text().splitlines()
    held = (folder / "model" / "constraints.txt").read_text().splitlines()
    assert first == "-c constraints.txt"
    assert {pin for pin in pins if "==" in pin} <= set(held) <= versions
    assert {"alembic", "pandas"} <= {pin.split("==")[0] for pin in held}  # of MLflow itself


ALONE = """
import sys, warnings
warnings.simplefilter("ignore")

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"IPython", "model_signing", "numba", "papermill", "plotly"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Hidden())
import mlflow.pyfunc, pandas as pd, proml_lab
assert proml_lab.__file__.startswith(sys.argv[1]), proml_lab.__file__
seen = []
sys.addaudithook(lambda event, args: event == "pickle.find_class" and seen.append(args))
loaded = mlflow.pyfunc.load_model("model")
scores = loaded.predict(pd.read_parquet("model/example/rows.parquet"))
try:
    loaded.predict(pd.DataFrame({"x": [1.0]}))
except mlflow.MlflowException as error:
    print(error.message.splitlines()[0], file=sys.stderr)
assert not seen, seen
sys.stdout.buffer.write(scores.tobytes())
"""


def test_the_folder_is_enough_for_a_stranger(promoted: Promoted, tmp_path: Path) -> None:
    """No file of ours but the wheel in the folder; `make soak` does it in a new environment."""
    shutil.copytree(promoted.artifacts[2].path / "model", tmp_path / "model")
    (wheel,) = (tmp_path / "model" / "wheels").glob("proml_lab-*.whl")
    run = subprocess.run(
        [sys.executable, "-c", ALONE, str(wheel)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(wheel)},
        capture_output=True,
        check=False,
    )
    said = run.stderr.decode()
    assert not run.returncode, said
    kept = pl.read_parquet(tmp_path / "model" / "example" / "scores.parquet")["score"].to_numpy()
    assert run.stdout == kept.tobytes()
    assert "The frame to score lacks 1 of the 2 columns that model 'visits' reads: who." in said


def test_names_of_columns_and_types_come_through_unharmed(tmp_path: Path) -> None:
    kind = "Datetime(time_unit='us', time_zone='UTC')"
    name = 'it\'s: a "name" {ä}\u2028'
    (tmp_path / "model.json").write_text(
        json.dumps({"learner": "baseline", "inputs": {name: kind}})
    )
    pyfunc.describe(tmp_path, Frozen(tmp_path, (), {}))
    made = yaml.safe_load((tmp_path / "MLmodel").read_text(encoding="utf-8"))
    (column,) = json.loads(made["signature"]["inputs"])
    assert column == {"type": "any", "name": name, "required": False}
    assert made["metadata"] == {"columns": {name: kind}}
    assert made["flavors"]["python_function"]["loader_module"] == "proml_lab.learners.pyfunc"
    assert "code" not in made["flavors"]["python_function"]
    assert "saved_input_example_info" not in made
