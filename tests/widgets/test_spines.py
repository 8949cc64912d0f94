from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from proml_lab.marketplace.publish.rules import RetiredWarning
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.widgets.spines import coverage, is_frame, rows_of, spines, told_later, usual

SEATS = "planes.static.seats"
LABELS = pl.DataFrame({"tailnum": ["N10156", None], "at": [datetime(2013, 5, 1, tzinfo=UTC)] * 2})


def test_sources_and_frames_are_offered_frames_first(flights: Workspace) -> None:
    names = {"labels": LABELS, "table": LABELS.to_pandas(), "lazy": LABELS.lazy(), "n": 3}
    names |= {"_hidden": LABELS, "flights": LABELS}
    found: Any = spines(flights, names, "labels")
    offered = [(one["name"], one["kind"]) for one in found["spines"]]
    assert offered[:4] == [(one, "frame") for one in ("labels", "table", "lazy", "flights")]
    assert offered[4:] == [(one, "source") for one in flights.sources() if one != "flights"]
    assert found["columns"] == ["at"]


@pytest.mark.parametrize(
    "make", [pl.DataFrame, pd.DataFrame, lambda data: pl.DataFrame(data).lazy()]
)
def test_the_columns_of_times_of_any_frame(flights: Workspace, make: Any) -> None:
    frame = make({"x": [1.0], "at": [datetime(2013, 5, 1)]})
    assert spines(flights, {"mine": frame}, "mine")["columns"] == ["at"]  # type: ignore[call-overload, index]


def test_the_columns_of_times_of_a_source(flights: Workspace) -> None:
    assert "cutoff" in spines(flights, {}, "flights")["columns"]  # type: ignore[operator, call-overload, index]
    assert spines(flights, {}, "no-such")["columns"] == []  # type: ignore[call-overload, index]
    assert spines(flights, {}, "")["columns"] == []  # type: ignore[call-overload, index]


def test_a_frame_stands_for_a_source_of_its_name(flights: Workspace) -> None:
    names = {"flights": LABELS, "other": 3}
    assert rows_of(names, "flights") is LABELS
    assert rows_of(names, "weather") == "weather"
    assert is_frame(names, "flights")
    assert not is_frame(names, "other")


def test_the_usual_spine_is_that_of_the_specs(flights: Workspace, tmp_path: Path) -> None:
    assert usual(flights) == ("flights", "cutoff")
    (tmp_path / "proml.toml").touch()
    shop = open_workspace(tmp_path)
    assert usual(shop) == ("", "")
    spec = "name: a\nlabel: b\nspine: {source: rows}\nfeatures: [x.y]\n"
    (tmp_path / "a.proml.yaml").write_text(spec)
    (tmp_path / "broken.proml.yaml").write_text("name: [")
    assert usual(shop) == ("rows", "")
    (tmp_path / "b.proml.yaml").write_text(spec.replace("rows", "others"))
    assert usual(shop) == ("", "")


def test_coverage_is_the_workspaces(flights: Workspace) -> None:
    found: Any = coverage(flights, {"labels": LABELS}, [SEATS], "labels", "")
    assert found["found"] == [{"name": SEATS, "covered": 0.5}]
    assert found["title"] == "How many of 2 sampled rows, of 2, get a value."
    assert found["notes"] == []


def test_a_join_that_is_tried_leaves_the_warning_to_the_join_itself(flights: Workspace) -> None:
    told = flights.catalog.told
    before = set(told)
    with told_later(flights) as warned:
        told.add("a.b")
        warnings.warn("a.b is retired", RetiredWarning, stacklevel=1)
    assert [str(one.message) for one in warned] == ["a.b is retired"]
    assert told == before


def test_a_promotion_reads_no_spec(flights: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert usual(flights) == ("flights", "cutoff")
    monkeypatch.setenv("PROML_OUTPUTS", "outputs")
    assert usual(flights) == ("", "")
