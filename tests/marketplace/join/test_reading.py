"""Joins in parts and pieces give what a join in one go gives, bit for bit."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from proml_lab.contracts import Dataset
from proml_lab.errors import SourceError
from proml_lab.fingerprint import Content
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.join import laid, training_set
from proml_lab.marketplace.join.history import Labels
from proml_lab.marketplace.join.keys import number
from proml_lab.marketplace.join.reading import Pieces, Reading, default_memory
from proml_lab.marketplace.layout.layouts import Layouts
from proml_lab.marketplace.source import Table
from proml_lab.marketplace.source import table as tables
from tests.marketplace.conftest import MakeView, at
from tests.marketplace.join.test_training import WINDOWS, make_rows, source, spine
from tests.soak import seeds


def joined(
    make_view: MakeView, seed: int, *, memory: int | None, layouts: Layouts | None = None
) -> Dataset:
    rng = random.Random(seed)
    rows = make_rows(rng, 400, repeat=False)
    asked = spine(rng, 60, "us").with_columns(y=pl.lit(1))
    view = make_view(
        source(rows, "us"),
        entities={"a": "key_a", "b": "b"},
        known_at="seen",
        time_to_live=rng.choice([None, "5h"]),
        features={**WINDOWS, "row": "integer", "x": {"type": "float", "default": 0.5}},
    )
    return training_set(asked, [view], cutoff="t", label="y", memory=memory, layouts=layouts)


@pytest.mark.parametrize("seed", seeds(8))
def test_parts_and_pieces_change_nothing(
    make_view: MakeView, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = joined(make_view, seed, memory=None)
    assert_frame_equal(joined(make_view, seed, memory=0).frame, whole.frame, check_exact=True)
    monkeypatch.setattr(tables, "_PIECE_BYTES", 1)
    monkeypatch.setattr(tables, "_SMALLEST_PIECE", 7)
    pieces = joined(make_view, seed, memory=None)
    assert_frame_equal(pieces.frame, whole.frame, check_exact=True)
    assert_frame_equal(joined(make_view, seed, memory=9000).frame, whole.frame, check_exact=True)
    assert pieces.origins == whole.origins


@pytest.mark.parametrize("seed", seeds(4))
def test_parts_of_a_layout_change_nothing(
    make_view: MakeView, seed: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = joined(make_view, seed, memory=None)
    monkeypatch.setattr(laid, "_SMALL", 1)
    layouts = Layouts(tmp_path / "layouts", 1 << 30, 1 << 30, smallest=0)
    for memory in (0, 9000, None):
        found = joined(make_view, seed, memory=memory, layouts=layouts)
        assert_frame_equal(found.frame, whole.frame, check_exact=True)
        assert found.origins == whole.origins


class Counted(Table):
    """How often rows are read."""

    times = 0

    @property
    def state(self) -> str | None:
        return None

    def _scan(self) -> pl.LazyFrame:
        self.times += 1
        return pl.LazyFrame({"x": [1.0, 2.0, 3.0]})


def test_small_sources_are_read_once() -> None:
    for memory, times in ((10**6, 1), (0, 3)):
        table = Counted("counted", role="The test")
        pieces = Pieces(table, ["x"], memory=memory)
        for _ in range(3):
            assert pl.concat(pieces)["x"].to_list() == [1.0, 2.0, 3.0]
        assert (table.times, pieces.n_rows) == (times, 3)


def test_an_interrupted_reading_keeps_nothing() -> None:
    pieces = Pieces(Counted("counted", role="The test"), ["x"], memory=10**6)
    rows: Iterator[pl.DataFrame] = iter(pieces)
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert sum(piece.height for piece in pieces) == 3


def test_a_source_that_goes_away_between_two_readings(make_view: MakeView) -> None:
    view = make_view({"id": [1], "time": [at(0)], "x": [1.0]}, features={"x": "float"})
    pieces = Pieces(view.table, ["x"], memory=0)
    list(pieces)
    view.table.files[0].unlink()
    with pytest.raises(SourceError, match="there is no file"):
        list(pieces)


def test_no_rows_are_one_empty_piece(make_view: MakeView) -> None:
    view = make_view(pl.DataFrame({"id": [1]}).clear(), event_time=None, features={"id": "integer"})
    (piece,) = view.table.pieces(["id"])
    assert piece.schema == {"id": pl.Int64}
    assert piece.is_empty()


def test_a_quarter_of_the_machine() -> None:
    assert default_memory() > 2**27


def test_an_interruption_leaves_no_thread_behind(make_view: MakeView) -> None:
    rows = {"id": [1, 2], "time": [at(0), at(1)], "x": [1.0, 2.0]}
    view = make_view(rows, features={"x": "float"})

    class Interrupted(Pieces):
        def __iter__(self) -> Iterator[pl.DataFrame]:
            yield from super().__iter__()
            raise KeyboardInterrupt

    keys = (pl.Series("id", [1, 2]),)
    entities = number(keys)
    reading = Reading(
        view=view,
        pieces=Interrupted(view.table, ["id", "time", "x"], memory=0),
        entities=entities,
        keys=keys,
        labels=Labels(entities.labels, np.array([2, 2]), entities.n),
        memory=0,
        seen=Content(view.table.schema()),
    )
    with pytest.raises(KeyboardInterrupt):
        reading.read(["x"], [])
    assert not [one for one in threading.enumerate() if one.name.startswith("proml-join")]


def test_features_of_constants_and_keys(make_view: MakeView) -> None:
    rows = {"id": [1, 2], "time": [at(0), at(1)]}
    features = {
        "one": {"type": "integer", "sql": "1"},
        "id_seen": {"type": "integer", "column": "id"},
        "since": {"type": "float", "sql": "extract(hour from cutoff) - extract(hour from time)"},
    }
    view = make_view(rows, features=features)
    asked = pl.DataFrame({"id": [2, 1, 3], "t": [at(4)] * 3})
    got = training_set(asked, [{view.view: ["one"]}], catalog=Catalog((view,)), cutoff="t")
    assert got.frame["one"].to_list() == [1, 1, None]
    got = training_set(asked, [view], cutoff="t")
    assert got.frame["id_seen"].to_list() == [2, 1, None]
    assert got.frame["since"].to_list() == [3.0, 4.0, None]
