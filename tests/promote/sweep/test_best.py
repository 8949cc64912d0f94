"""Which version of a sweep is the best: paired on the same rows, or it cannot be told."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.promote import Artifact
from proml_lab.promote.sweep.best import ALIKE, beside_best, leader, measured, verdict
from tests.promote.conftest import Promoted

KEPT = "reports/held_out.parquet"


def shifted(artifact: Artifact, folder: Path, version: int, shift: float) -> Path:
    """A copy as another version, whose predictions lean by `shift` to the labels."""
    copy = Path(shutil.copytree(artifact.path, folder))
    frame = pl.read_parquet(copy / KEPT)
    y, p = frame["label"].to_numpy(), frame["score"].to_numpy()
    scores = pl.Series(np.clip(p + shift * (2 * y - 1), 0.01, 0.99))
    frame.with_columns(score=scores).write_parquet(copy / KEPT)
    data = (copy / KEPT).read_bytes()
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["version"] = version
    manifest["files"][KEPT] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return copy


def ranked(*folders: Path, metric: str = "brier") -> pl.DataFrame:
    """The table of these versions, in their order."""
    rows = [
        {"artifact": f"visits@{n}", "state": "registered", "metric": metric, "value": n / 10}
        for n in range(1, len(folders) + 1)
    ]
    frame = pl.DataFrame(rows)
    places = {f"visits@{n}": str(folder) for n, folder in enumerate(folders, 1)}
    return frame.with_columns(beside_best=beside_best(frame, places))


def test_one_that_all_others_are_worse_than_is_the_best(promoted: Promoted, tmp_path: Path) -> None:
    """Their unpaired intervals overlap: only the pairs show it."""
    first = promoted.artifacts[0]
    shifts = (0.1, 0.05, 0.0)
    made = [shifted(first, tmp_path / str(n), n, s) for n, s in enumerate(shifts, 1)]
    table = ranked(*made)
    assert table["beside_best"][0] == ""
    assert table["beside_best"].tail(2).str.starts_with("worse by 0.").all()
    assert leader(table) == "visits@1"
    assert verdict(table) == (
        "visits@1 is the best by brier: on the same rows all others are worse."
    )
    old = first.metrics.filter(metric="brier").row(0, named=True)
    losses = []
    for folder in made:
        frame = pl.read_parquet(folder / KEPT)
        losses.append(float(((frame["label"] - frame["score"]) ** 2).mean()))  # type: ignore[arg-type]
    assert losses[2] - losses[1] < old["high"] - old["low"]


def test_versions_that_cannot_be_told_apart(promoted: Promoted, tmp_path: Path) -> None:
    first = promoted.artifacts[0]
    made = [shifted(first, tmp_path / str(n), n, s) for n, s in enumerate((0.1, 0.1, 0.0), 1)]
    table = ranked(*made)
    assert table["beside_best"][1] == ALIKE
    assert leader(table) is None
    assert verdict(table) == (
        "None is the best: by brier there is no detectable difference between visits@1 and 1 other."
    )


@pytest.mark.parametrize("damage", ["rows", "file", "metric"])
def test_what_cannot_be_compared_is_told(promoted: Promoted, tmp_path: Path, damage: str) -> None:
    first = promoted.artifacts[0]
    made = [shifted(first, tmp_path / str(n), n, 0.0) for n in (1, 2)]
    if damage == "rows":
        manifest = json.loads((made[1] / "manifest.json").read_text())
        manifest["held_out"]["rows"] = "0" * 32
        (made[1] / "manifest.json").write_text(json.dumps(manifest))
    if damage == "file":
        (made[1] / KEPT).write_bytes(b"")
    table = ranked(*made, metric="lift" if damage == "metric" else "brier")
    why = {
        "rows": "they were measured on different rows",
        "file": f"visits@2 is damaged: {KEPT} was changed",
        "metric": "a number without its rows",
    }[damage]
    assert table["beside_best"][1] == f"cannot be told: {why}"
    assert verdict(table) == f"Which is the best cannot be told: {why}."
    assert leader(table) is None


def test_only_registered_versions_with_the_first_metric_count() -> None:
    table = pl.DataFrame(
        {
            "artifact": ["a@1", "a@2", "a@3", "a@4"],
            "state": ["registered", "registered", "rejected", "registered"],
            "metric": ["auc", "rmse", "auc", "auc"],
            "value": [0.5, 0.6, 0.7, None],
            "beside_best": [""] * 4,
        }
    )
    rows = measured(table)
    assert rows["artifact"].to_list() == ["a@1"]
    assert verdict(rows) == ""
    assert leader(rows) is None
    assert beside_best(table, {}).to_list() == [""] * 4
