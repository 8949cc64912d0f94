"""The tour: stored clean, promoted as it is, and its artifact scores as the Python API does."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import polars as pl
import pytest

from proml_lab import load_artifact, open_workspace
from proml_lab.authoring import fit

TOUR = Path(__file__).parents[1] / "notebooks" / "01_flight_delay.ipynb"
SCORE = """
import sys, polars as pl
from proml_lab import load_artifact
frame = pl.read_parquet(sys.argv[1])
scores = load_artifact("flight-delay@1", workspace=sys.argv[2]).predict(frame)
sys.stdout.buffer.write(scores.tobytes())
"""


def test_the_tour_is_stored_without_outputs() -> None:
    notebook = nbformat.read(TOUR, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1


@pytest.fixture(scope="module")
def workspace(flights_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which the tour was promoted from the command line, with few trees."""
    root = tmp_path_factory.mktemp("tour") / "flights"
    shutil.copytree(flights_folder, root, ignore=shutil.ignore_patterns(".proml"))
    command = [sys.executable, "-m", "proml_lab", "promote", str(TOUR), "--name", "flight-delay"]
    options = ["-p", "n_trees=40", "--workspace", str(root), "--json"]
    run = subprocess.run(command + options, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)
    return root


@pytest.mark.slow
def test_the_tour_is_promoted_as_it_is(workspace: Path) -> None:
    artifact = load_artifact("flight-delay@1", workspace=workspace)
    assert artifact.parameters["n_trees"] == 40
    auc = artifact.metrics.filter(pl.col("metric") == "auc").row(0, named=True)
    # More than this smells of a leak, less of a bug: a plain try on these rows gave 0.735.
    assert 0.72 < auc["value"] < 0.77
    assert auc["low"] < auc["value"] < auc["high"]
    report = artifact.report.read_text(encoding="utf-8")
    assert "<script" not in report
    assert "origin_dep_delay_3h" in report


@pytest.mark.slow
def test_notebook_python_and_a_fresh_process_give_the_same_scores(
    workspace: Path, tmp_path: Path
) -> None:
    artifact = load_artifact("flight-delay@1", workspace=workspace)
    model = fit(artifact.model.spec, workspace=open_workspace(workspace))
    assert model.test is not None
    assert model.data == artifact.model.data
    want = model.predict(model.test)
    model.test.frame.write_parquet(tmp_path / "test.parquet")
    run = subprocess.run(
        [sys.executable, "-c", SCORE, str(tmp_path / "test.parquet"), str(workspace)],
        capture_output=True,
        check=True,
    )
    assert np.array_equal(np.frombuffer(run.stdout), want)
