"""Better, worse, or cannot be told: by the rows that two artifacts share."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.errors import ArtifactError
from proml_lab.promote import Artifact, difference
from proml_lab.promote.bundle import FileEntry
from proml_lab.promote.paired import significance
from tests.promote.conftest import Promoted

KEPT = "reports/held_out.parquet"


@pytest.fixture
def first(promoted: Promoted) -> Artifact:
    return promoted.artifacts[0]


def scored(artifact: Artifact, folder: Path, shift: float) -> Artifact:
    """A copy whose predictions lean by `shift` to the labels."""
    copy = Path(shutil.copytree(artifact.path, folder))
    frame = pl.read_parquet(copy / KEPT)
    y, p = frame["label"].to_numpy(), frame["score"].to_numpy()
    frame.with_columns(score=pl.Series(np.clip(p + shift * (2 * y - 1), 0.01, 0.99))).write_parquet(
        copy / KEPT
    )
    data = (copy / KEPT).read_bytes()
    entry = FileEntry(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    files = {**artifact.manifest.files, KEPT: entry}
    return Artifact(copy, artifact.manifest.model_copy(update={"files": files}))


@pytest.mark.parametrize(("shift", "way"), [(0.1, "better"), (-0.1, "worse")])
def test_a_sure_difference(first: Artifact, tmp_path: Path, shift: float, way: str) -> None:
    """The note's figures are those of NumPy, row by row."""
    other = scored(first, tmp_path / "other", shift)
    told = significance(first, other, ["brier", "auc"])
    assert all(said.startswith(f"{way} by ") for said in told.values())
    old, new = (pl.read_parquet(a.path / KEPT) for a in (first, other))
    gain = (old["label"] - old["score"]) ** 2 - (new["label"] - new["score"]) ** 2
    by, interval = told["brier"].removeprefix(f"{way} by ").split(" ", 1)
    assert float(by) == pytest.approx(abs(gain.mean()), rel=0.05)
    low, high = (float(text) for text in interval.strip("()").split(" to "))
    spread = 1.96 * float(gain.std()) / np.sqrt(gain.len())
    assert (high - low) / 2 == pytest.approx(spread, rel=0.25)


def test_no_detectable_difference(first: Artifact, tmp_path: Path) -> None:
    other = scored(first, tmp_path / "other", 1e-5)
    assert significance(other, other, ["brier"]) == {"brier": "no detectable difference"}


def test_what_cannot_be_told(first: Artifact, tmp_path: Path) -> None:
    held = first.manifest.held_out
    assert held is not None
    elsewhere = held.model_copy(update={"rows": "0" * 32})
    rows = replace(first, manifest=first.manifest.model_copy(update={"held_out": elsewhere}))
    none = replace(first, manifest=first.manifest.model_copy(update={"held_out": None}))
    assert significance(first, rows, ["auc", "lift"]) == {
        "auc": "cannot be told: they were measured on different rows",
        "lift": "cannot be told: a number without its rows",
    }
    assert significance(first, none, ["auc"]) == {
        "auc": "cannot be told: visits@1 has no predictions of held-out rows"
    }
    other = scored(first, tmp_path / "other", 0.1)
    (other.path / KEPT).write_bytes(b"changed")
    with pytest.raises(ArtifactError, match=r"reports/held_out.parquet was changed"):
        significance(first, other, ["auc"])


def test_ranks_and_schema(promoted: Promoted, tmp_path: Path) -> None:
    first = promoted.artifacts[0]
    copy = Path(shutil.copytree(first.path, tmp_path / "copy"))
    drivers = copy / "reports" / "drivers.json"
    drivers.write_text(drivers.read_text().replace('"x"', '"y"'))
    head = copy / "model" / "model.json"
    head.write_text(head.read_text().replace('"x": "Float64"', '"x": "Int64"'))
    rows = difference(first, Artifact(copy, first.manifest)).frame().rows()
    assert ("explanation", "x", "rank 1", "", "") in rows
    assert ("explanation", "y", "", "rank 1", "") in rows
    assert ("schema", "x", "Float64", "Int64", "") in rows
