"""The list of artifacts."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from proml_lab.contracts import Report
from proml_lab.errors import UnknownNameError, UsageError
from proml_lab.plots.svg import to_svg
from proml_lab.promote import artifacts
from proml_lab.promote.listing import age
from tests.promote.conftest import Promoted


def test_versions_newest_first_with_metrics_and_parameters(promoted: Promoted) -> None:
    found = artifacts("visits", workspace=promoted.workspace)
    assert isinstance(found, Report)
    frame = found.frame()
    assert frame["version"].to_list() == [3, 2, 1]
    assert frame["parameters"].to_list()[:2] == ["depth=3, n_rows=400", "depth=2, n_rows=400"]
    assert set(frame["metric"]) == {"auc"}
    assert frame["state"].to_list() == ["whole"] * 3
    first = frame.row(0, named=True)
    assert first["low"] < first["value"] < first["high"]
    assert first["metrics"].startswith("auc 0.")
    said = str(found).splitlines()
    assert said[1].startswith("visits@3")
    assert "aliases" not in said[0]
    assert "age" in said[0]
    assert "<svg" in found._repr_mimebundle_()["text/html"]
    assert len(artifacts(workspace=promoted.workspace)) == 3


@pytest.mark.parametrize("width", [60, 80, 100, 300])
def test_the_text_fits_a_terminal_and_keeps_what_matters(promoted: Promoted, width: int) -> None:
    found = artifacts(workspace=promoted.workspace)
    lines = found.text(width).splitlines()
    assert max(map(len, lines)) <= width
    assert ("log_loss" in found.text(width)) == (width == 300)
    first = found.frame().row(0, named=True)
    words = " ".join(" ".join(lines).split())
    for part in ("visits@3", f"auc {first['value']:.4g}", "depth=3,", "n_rows=400"):
        assert part in words
    assert str(found) == found.text(100)


def test_the_picture(promoted: Promoted) -> None:
    found = artifacts(workspace=promoted.workspace)
    (trace,) = found.figure().data
    assert list(trace.x) == ["1", "2", "3"]
    assert "auc by version" in to_svg(found.figure("auc"))
    with pytest.raises(UnknownNameError, match="metric that comes first 'brier'"):
        found.figure("brier")


def test_an_empty_registry_says_what_to_do(workspace: Path) -> None:
    found = artifacts(workspace=workspace)
    assert len(found) == 0
    assert "%proml promote" in str(found)
    assert "%proml promote" in found._repr_mimebundle_()["text/html"]
    with pytest.raises(UsageError, match="No version has a metric to draw"):
        found.figure()
    with pytest.raises(UnknownNameError, match="There is no artifact 'visits'"):
        artifacts("visits", workspace=workspace)


def test_folders_that_are_gone_or_damaged_are_named(promoted: Promoted, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(promoted.workspace, tmp_path / "copy"))
    place = copy / ".proml" / "artifacts" / "visits"
    shutil.rmtree(place / "1")
    (place / "2" / "manifest.json").write_text("{")
    (place / "3" / "reports" / "metrics.json").write_text("{")
    found = artifacts(workspace=copy)
    assert found.frame()["state"].to_list() == ["damaged", "damaged", "folder is gone"]
    assert "folder is gone" in str(found)


def test_folders_that_the_registry_does_not_know_are_named(
    promoted: Promoted, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(promoted.workspace, tmp_path / "copy"))
    place = copy / ".proml" / "artifacts" / "visits"
    shutil.copytree(place / "3", place / "4")
    found = artifacts("visits", workspace=copy)
    assert len(found) == 3
    assert found.unregistered == ("visits@4",)
    assert "The registry does not know visits@4, but the folders are there" in str(found)
    assert "does not know visits@4" in found._repr_mimebundle_()["text/html"]
    (copy / ".proml" / "registry.db").unlink()
    found = artifacts(workspace=copy)
    assert len(found) == 0
    said = "The registry does not know visits@1, visits@2, visits@3, visits@4, but"
    assert str(found).startswith(said)
    assert said in found._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=30), "1 day"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=12), "12 days"),
    ],
)
def test_ages(span: timedelta, said: str) -> None:
    assert age(span) == said
