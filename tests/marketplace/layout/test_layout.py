"""What a layout says of its source: every row once, in order, and what was known by a moment."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace.layout import layout
from proml_lab.marketplace.layout.build import build, extend
from proml_lab.marketplace.layout.layout import Layout
from proml_lab.marketplace.layout.store import Store
from proml_lab.marketplace.moment import NEVER
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import MakeView
from tests.marketplace.join.test_training import make_rows, source
from tests.soak import seeds

COLUMNS = ["key_a", "b", "time", "seen", "x"]


def silent(_part: float, _words: str) -> None: ...


@pytest.fixture
def view(make_view: MakeView, request: pytest.FixtureRequest) -> FeatureView:
    rows = source(make_rows(random.Random(request.param), 300, repeat=True), "us")
    return make_view(
        rows,
        entities={"a": "key_a", "b": "b"},
        known_at="seen",
        features={"x": "float", "row": "integer"},
    )


@pytest.mark.parametrize("view", seeds(4), indirect=True)
@pytest.mark.parametrize("weak", [False, True])
def test_rows_are_by_entity_and_time(view: FeatureView, weak: bool, tmp_path: Path) -> None:
    weaken = (lambda hashes: hashes & np.uint64(1)) if weak else None
    (tmp_path / "laid").mkdir()
    store = build(view, [*COLUMNS, "row"], tmp_path / "laid", tell=silent, weaken=weaken)
    laid = Layout.of(store, [*COLUMNS, "row"])
    rows, frame = laid.rows, laid.frame
    assert frame.sort("row").equals(view.table.read().select(frame.columns).sort("row"))
    keys = list(zip(*laid.keys, strict=True))
    assert len(set(keys)) == len(keys) == rows.offsets.size - 2
    for i, key in enumerate([*keys, None]):
        mine = frame[int(rows.offsets[i]) : int(rows.offsets[i + 1])]
        some = set(mine.select("key_a", "b").rows())
        assert some == {key} if key else all(None in one for one in some)
    never = pl.col("time", "seen").cast(pl.Int64).fill_null(NEVER)
    event, known = (column.to_numpy() for column in frame.select(never))
    assert np.array_equal(rows.event, event)
    assert np.array_equal(rows.known, known)
    for start, stop in zip(rows.offsets[:-1], rows.offsets[1:], strict=True):
        times = list(zip(event[start:stop], known[start:stop], strict=True))
        assert times == sorted(times)
        assert np.all(np.diff(rows.ready[start:stop]) >= 0)


@pytest.mark.parametrize("view", seeds(3), indirect=True)
@pytest.mark.parametrize("block", [1, 7, 4096])
def test_what_was_known_by_a_moment(
    view: FeatureView, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "BLOCK", block)
    (tmp_path / "laid").mkdir()
    store = build(view, COLUMNS, tmp_path / "laid", tell=silent)
    laid = Layout.of(store, COLUMNS)
    rows = view.table.read(COLUMNS)
    ready = rows.select(pl.max_horizontal("time", "seen")).to_series().cast(pl.Int64)
    ready = ready.set(rows["time"].is_null() | rows["seen"].is_null(), None)
    moments = [0, *ready.drop_nulls().unique().to_list(), NEVER - 1]
    for moment in moments:
        past = rows.filter((ready <= moment).fill_null(value=False))
        found = laid.seen(moment)
        assert (found.n_rows, found.digest()) == (past.height, fingerprint(past))
    assert laid.whole().digest() == fingerprint(rows)
    assert laid.content == view.table.content()


@pytest.mark.parametrize("view", [1], indirect=True)
def test_columns_are_added(view: FeatureView, tmp_path: Path) -> None:
    (tmp_path / "laid").mkdir()
    build(view, COLUMNS, tmp_path / "laid", tell=silent).tell()
    store = Store.open(tmp_path / "laid")
    assert store is not None
    extend(view, ["row", "key_a"], store, tell=silent)
    store.tell()
    laid = Layout.of(store, ["key_a", "row"])
    both = Layout.of(store, COLUMNS).frame.with_columns(laid.frame["row"])
    assert both.sort("row").equals(view.table.read().select(both.columns).sort("row"))
    assert laid.whole().digest() == fingerprint(view.table.read(["row", "key_a"]))
    assert laid.width["row"] >= 8
