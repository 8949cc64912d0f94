"""Predictions of two artifacts for the same rows."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.promote import example
from proml_lab.promote.reproduction.predictions import _numbers, compare_predictions
from proml_lab.spec import ModelSpec
from tests.learners.conftest import make_rows

SPEC = "{name: demo, label: late, spine: {source: made}, split: {by: random}, learner: linear}"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """What an artifact keeps of a small model and its rows."""
    folder = tmp_path / "old"
    model = learners.fit(ModelSpec.parse(SPEC), make_rows())
    model.save(folder / "model")
    example.keep(model, folder / "outputs")
    example.store(folder / "outputs", folder / "model")
    (folder / "reports").mkdir()
    scores = pl.DataFrame({"label": [0.0, 1.0], "score": [0.25, 0.5]})
    scores.write_parquet(folder / "reports" / "held_out.parquet")
    return folder


def found(old: Path, new: Path) -> dict[str, tuple[str, float, str]]:
    return {n: (c.verdict, c.absolute, where) for n, c, where in compare_predictions(old, new)}


def test_the_same_again(old: Path, tmp_path: Path) -> None:
    shutil.copytree(old, tmp_path / "new")
    same = ("identical", 0.0, "")
    assert found(old, tmp_path / "new") == {"2 held-out rows": same, "100 example rows": same}


def test_held_out_rows_say_how_far(old: Path, tmp_path: Path) -> None:
    new = Path(shutil.copytree(old, tmp_path / "new"))
    path = new / "reports" / "held_out.parquet"
    pl.DataFrame({"label": [0.0, 1.0], "score": [0.25, 0.53125]}).write_parquet(path)
    where = "1 of 2 differ, first row 2: 0.5 became 0.53125"
    assert found(old, new)["2 held-out rows"] == ("different", 0.03125, where)
    pl.DataFrame({"label": [0.0], "score": [0.25]}).write_parquet(path)
    apart = ("different", float("inf"), "there are others now")
    assert found(old, new)["2 held-out rows"] == apart
    path.unlink()
    assert found(old, new)["2 held-out rows"] == apart


def test_a_new_model_is_asked_of_the_old_rows(old: Path, tmp_path: Path) -> None:
    """Its own example rows are others, so what it said of them tells nothing."""
    model = learners.fit(ModelSpec.parse(SPEC), make_rows(seed=1))
    new = tmp_path / "new"
    model.save(new / "model")
    rows = pl.read_parquet(old / "model" / "example" / "rows.parquet")
    kept = pl.read_parquet(old / "model" / "example" / "scores.parquet")["score"].to_numpy()
    want = np.abs(model.predict(rows) - kept).max()
    (verdict, absolute, _) = found(old, new)["100 example rows"]
    assert (verdict, absolute) == ("different", want)
    example.keep(model, new / "outputs")
    example.store(new / "outputs", new / "model")
    assert found(old, new)["100 example rows"][1] == want


def test_what_its_own_kernel_said_of_the_same_rows_counts(old: Path, tmp_path: Path) -> None:
    new = Path(shutil.copytree(old, tmp_path / "new"))
    path = new / "model" / "example" / "scores.parquet"
    pl.read_parquet(path).with_columns(pl.col("score") + 1e-12).write_parquet(path)
    assert found(old, new)["100 example rows"][0] == "within tolerance"


def test_an_artifact_without_kept_rows_has_none_to_compare(old: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    model = replace(learners.fit(ModelSpec.parse(SPEC), make_rows()), test=None)
    model.save(bare / "model")
    assert found(bare, old) == {}


@pytest.mark.parametrize(
    ("old", "new", "verdict", "absolute", "relative"),
    [
        ([1.0, 2.0], [1.0, 2.0 + 1e-9], "within tolerance", 1e-9, 5e-10),
        ([1.0, 2.0], [1.0, 2.5], "different", 0.5, 0.2),
        ([0.0], [-0.0], "within tolerance", 0.0, 0.0),
        ([np.nan, 1.0], [np.nan, 1.5], "different", 0.5, 1 / 3),
        ([np.nan], [1.0], "different", np.inf, np.inf),
        ([np.inf], [1.0], "different", np.inf, np.inf),
        ([np.inf, 1.0], [np.inf, 1.0 + 1e-12], "within tolerance", 1e-12, 1e-12),
    ],
)
def test_numbers(
    old: list[float], new: list[float], verdict: str, absolute: float, relative: float
) -> None:
    close, where = _numbers(np.array(old), np.array(new))
    assert close.verdict == verdict
    assert close.absolute == pytest.approx(absolute, rel=1e-3)
    assert close.relative == pytest.approx(relative, rel=1e-3)
    assert bool(where) == (absolute > 0)
