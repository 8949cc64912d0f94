"""The second tour: stored clean, and promoted as it is, in few trees."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import polars as pl
import pytest

from proml_lab import load_artifact
from proml_lab.promote import inspect

TOUR = Path(__file__).parents[1] / "notebooks" / "02_movie_ratings.ipynb"


def test_the_tour_is_stored_without_outputs() -> None:
    notebook = nbformat.read(TOUR, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_its_parameters_have_limits() -> None:
    allowed = {p.name: p.type.allowed for p in inspect(TOUR).parameters}
    assert allowed == {
        "test": "more than 0 and less than 1",
        "n_trees": "1 to 2000",
        "num_leaves": "2 to 255",
        "seed": "",
    }


@pytest.mark.slow
def test_the_tour_is_promoted_as_it_is(movies_folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "movies"
    shutil.copytree(movies_folder, root, ignore=shutil.ignore_patterns(".proml"))
    command = [sys.executable, "-m", "proml_lab", "promote", str(TOUR), "--name", "movie-rating"]
    options = ["-p", "n_trees=40", "--workspace", str(root), "--json"]
    run = subprocess.run(command + options, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["parameters"]["num_leaves"] == 31

    artifact = load_artifact("movie-rating@1", workspace=root)
    auc = artifact.metrics.filter(pl.col("metric") == "auc").row(0, named=True)
    # The user's own mean rating has 0.78 alone; much more than 0.82 smells of a leak.
    assert 0.80 < auc["value"] < 0.84
    assert auc["low"] < auc["value"] < auc["high"]
    assert auc["n_rows"] == 20_001
    report = artifact.report.read_text(encoding="utf-8")
    assert "<script" not in report
    assert "user_mean_rating" in report
