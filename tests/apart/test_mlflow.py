"""The folder ``model/`` alone, in a new environment with MLflow and what the folder asks for."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab import load_artifact, open_workspace
from proml_lab.split import split
from tests.apart.conftest import ROOT, call, make_environment

pytestmark = pytest.mark.timeout(1200)

SCORE = """
import sys, warnings
warnings.simplefilter("ignore")
import mlflow.pyfunc, pandas as pd
loaded = mlflow.pyfunc.load_model(sys.argv[1])
for rows, scores in zip(sys.argv[2::2], sys.argv[3::2]):
    loaded.predict(pd.read_parquet(rows)).tofile(scores)
loaded.predict(loaded.input_example).tofile(sys.argv[1] + "/../example.bin")
try:
    loaded.predict(loaded.input_example.iloc[:, 1:])
except mlflow.MlflowException as error:
    print(error)
unwanted = {"numba", "plotly", "papermill", "IPython", "proml_lab.promote"}
print(sorted(unwanted & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def mlflow_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with MLflow alone."""
    folder = tmp_path_factory.mktemp("mlflow") / "env"
    return make_environment(folder, "-c", ROOT / "constraints.txt", "mlflow")


@pytest.fixture(scope="module")
def stranger(tour: Path, mlflow_alone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``model/`` of a tour alone in a folder; what it asks for is installed with MLflow."""
    place = tmp_path_factory.mktemp("stranger")
    shutil.copytree(tour / "model", place / "model")
    pip = [mlflow_alone, "-m", "pip", "install", "-q", "--no-compile"]
    call(*pip, "-r", "requirements.txt", cwd=place / "model")
    return place


def locked(tour: Path) -> dict[str, str]:
    lines = (tour / "environment" / "requirements.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def test_only_what_the_model_asks_for_is_added(
    tour: Path, stranger: Path, mlflow_alone: Path
) -> None:
    listed = json.loads(call(mlflow_alone, "-m", "pip", "list", "--format", "json"))
    there = {package["name"].lower().replace("_", "-"): package["version"] for package in listed}
    wanted = locked(tour)
    assert {"lightgbm", "polars", "proml-lab"} <= set(there)
    assert not {"jupyterlab", "numba", "papermill", "plotly"} & set(there)
    ours = set(there) - {"pip", "setuptools", "wheel"}
    assert {name: there[name] for name in ours} == {name: wanted[name] for name in ours}
    assert "No broken requirements" in call(mlflow_alone, "-m", "pip", "check")


def test_it_predicts_every_held_out_row_bit_for_bit(
    tour: Path, stranger: Path, mlflow_alone: Path
) -> None:
    artifact = load_artifact(tour)
    workspace = open_workspace(tour.parents[3])
    spec, seed = artifact.spec, artifact.spec.seed
    _, test = split(workspace.dataset(spec), spec.split, seed=seed)
    kept = pl.read_parquet(tour / "reports" / "held_out.parquet")
    assert test.frame.height == kept.height
    test.frame.select(*artifact.model.inputs).write_parquet(stranger / "rows.parquet")
    code = stranger / "score.py"
    code.write_text(SCORE)
    example = stranger / "model" / "example"
    rows = [stranger / "rows.parquet", stranger / "rows.bin"]
    few = [example / "rows.parquet", stranger / "few.bin"]
    # No folder of ours is on the path, and no variable of ours is set.
    environment = {"PATH": os.environ["PATH"], "HOME": str(stranger)}
    said = call(
        mlflow_alone, "-I", code, stranger / "model", *rows, *few, env=environment, cwd=stranger
    )
    assert (stranger / "rows.bin").read_bytes() == kept["score"].to_numpy().tobytes()
    want = pl.read_parquet(example / "scores.parquet")["score"].to_numpy()
    assert (stranger / "few.bin").read_bytes() == want.tobytes()
    assert np.array_equal(np.fromfile(stranger / "example.bin"), want[:5])
    column = next(iter(artifact.model.inputs))
    first, *_, last = said.splitlines()
    assert first.startswith("The frame to score lacks 1 of the ")
    assert first.endswith(f"reads: {column}.")
    assert last == "[]"


def test_no_file_of_the_model_is_a_pickle(tour: Path) -> None:
    kinds = {path.suffix for path in (tour / "model").rglob("*") if path.is_file()}
    assert kinds <= {"", ".json", ".parquet", ".txt", ".whl", ".yaml"}
    for path in (tour / "model").rglob("*"):
        assert not (path.is_file() and path.read_bytes()[:1] == b"\x80"), path


def test_it_is_served(stranger: Path, mlflow_alone: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [mlflow_alone.parent / "mlflow", "models", "serve", "-m", stranger / "model"]
    options = ["--env-manager", "local", "--port", str(port)]
    path = f"{mlflow_alone.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(stranger)}
    with (stranger / "serve.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *options], env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(f"{address}/ping", server)
        asked = (stranger / "model" / "serving_input_example.json").read_bytes()
        said = json.loads(_post(f"{address}/invocations", asked))["predictions"]
        kept = pl.read_parquet(stranger / "model" / "example" / "scores.parquet")["score"]
        assert said == kept.to_list()[:5]
        with pytest.raises(urllib.error.HTTPError) as caught:
            _post(f"{address}/invocations", b'{"dataframe_records": [{"nothing": 1}]}')
        assert caught.value.code == 400
        assert "The frame to score lacks" in json.loads(caught.value.read())["message"]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the server ended"
        with suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.2)
    raise AssertionError("the server does not answer")


def _post(address: str, body: bytes) -> bytes:
    head = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(address, body, head), timeout=60) as answer:
        return bytes(answer.read())
