"""Rows of one entity with the same clocks: a column decides, and never their order."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import DataError, DuplicateKeyError, SpecError
from proml_lab.marketplace.card import card
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import MakeView, at
from tests.marketplace.join.ways import training_set
from tests.soak import seeds

FEATURES: dict[str, object] = {
    "x": "integer",
    "first": {"type": "integer", "aggregate": "first", "of": "x", "window": "5h"},
    "last": {"type": "integer", "aggregate": "last", "of": "x", "window": "5h"},
    "n": {"type": "integer", "aggregate": "count", "window": "5h"},
    "sum_3": {"type": "integer", "aggregate": "sum", "of": "x", "window": "all", "limit": 3},
}
Row = tuple[int, float, float, int | None, int]


def rows_of(rng: random.Random, n: int) -> list[Row]:
    """(id, event, known, turn, x): few moments, so that many rows share both; no turn twice."""
    turns = [*rng.sample(range(-n, n), n - 1), None]
    return [
        (rng.randrange(3), event := rng.randrange(8), event + rng.choice([0, 0, 3]), turn, x)
        for x, turn in enumerate(turns)
    ]


def expected(rows: list[Row], entity: int, cutoff: float) -> tuple[int | None, ...]:
    """What the definition says that a label sees, feature by feature."""
    seen = [row for row in rows if row[0] == entity and max(row[1], row[2]) <= cutoff]
    seen.sort(key=lambda row: (row[1], row[2], -(10**9) if row[3] is None else row[3]))
    inside = [row[4] for row in seen if row[1] > cutoff - 5]
    values = [row[4] for row in seen]
    return (
        values[-1] if values else None,
        inside[0] if inside else None,
        inside[-1] if inside else None,
        len(inside),
        sum(values[-3:]) if values else None,
    )


@pytest.mark.parametrize("seed", seeds(20))
@pytest.mark.parametrize("memory", [None, 4000])
def test_the_greatest_counts_whatever_the_order(
    make_view: MakeView, seed: int, memory: int | None
) -> None:
    rng = random.Random(seed)
    rows = rows_of(rng, 120)
    columns = list(zip(*rows, strict=True))
    turn = pl.Series(columns[3])
    view = make_view(
        pl.DataFrame(
            {
                "id": columns[0],
                "time": [at(hour) for hour in columns[1]],
                "seen": [at(hour) for hour in columns[2]],
                "turn": turn if seed % 2 else turn.cast(pl.Date),
                "x": columns[4],
            }
        ),
        known_at="seen",
        ties="turn",
        features=FEATURES,
    )
    asked = [(rng.randrange(3), float(rng.randrange(14))) for _ in range(60)]
    spine = pl.DataFrame({"id": [e for e, _ in asked], "t": [at(c) for _, c in asked]})
    got = training_set(spine, [view], cutoff="t", memory=memory).frame.select(list(FEATURES))
    assert got.rows() == [expected(rows, *one) for one in asked]


def test_rows_without_event_time_are_decided_too(make_view: MakeView) -> None:
    rows: dict[str, list[object]] = {"id": [1, 1, 2], "edition": [2, 3, 1], "x": [5, 6, 7]}
    view = make_view(rows, event_time=None, ties="edition", features={"x": "integer"})
    got = training_set(pl.DataFrame({"id": [2, 1]}), [view]).frame
    assert got["x"].to_list() == [7, 6]
    seen = dict(card(view, "x").facts)["seen"]
    assert seen == "always: one row for each id, that with the greatest edition"


def test_equal_ties_are_refused(make_view: MakeView) -> None:
    rows: dict[str, list[object]] = {
        "id": [1, 1, 1], "time": [at(0)] * 3, "turn": [2, 2, 1], "x": [1, 2, 3]
    }  # fmt: skip
    asked = pl.DataFrame({"id": [1], "t": [at(1)]})
    wanted = {name: FEATURES[name] for name in ("x", "last")}
    view = make_view(rows, ties="turn", features=wanted)
    with pytest.raises(DuplicateKeyError, match="with the same 'turn'") as caught:
        training_set(asked, [view], cutoff="t")
    assert "by another ties: COLUMN" in caught.value.hint
    with pytest.raises(DuplicateKeyError, match="goes by the order of rows"):
        training_set(asked, ["shop.sales.last"], catalog=Catalog((view,)), cutoff="t")
    first = make_view(
        rows,
        ties="turn",
        features={"first": {**FEATURES["first"], "window": "all"}},  # type: ignore[dict-item]
    )
    assert training_set(asked, [first], cutoff="t").frame["first"].to_list() == [3]


@pytest.mark.parametrize("dtype", [pl.String, pl.Float64, pl.UInt64])
def test_what_has_no_order_in_63_bits_is_refused(
    make_view: MakeView, dtype: type[pl.DataType]
) -> None:
    rows = pl.DataFrame({"id": [1], "time": [at(0)], "turn": [1], "x": [1]})
    view = make_view(
        rows.with_columns(pl.col("turn").cast(dtype)), ties="turn", features={"x": "integer"}
    )
    with pytest.raises(DataError, match=rf"ties 'turn' of .* is {dtype}"):
        training_set(pl.DataFrame({"id": [1], "t": [at(1)]}), [view], cutoff="t")


def test_durations_and_moments_decide(make_view: MakeView) -> None:
    asked = pl.DataFrame({"id": [1], "t": [at(1)]})
    for turn in ([timedelta(1), timedelta(2)], [at(5), at(6)]):
        rows = pl.DataFrame({"id": [1, 1], "time": [at(0)] * 2, "turn": turn, "x": [1, 2]})
        view = make_view(rows, ties="turn", features={"x": "integer"})
        assert training_set(asked, [view], cutoff="t").frame["x"].to_list() == [2]


def test_a_derived_view_has_no_rows_to_decide_between(tmp_path: Path) -> None:
    said = "view: a.b\nties: x\ninputs: {x: c.d.x}\nfeatures: {y: {type: float, sql: x}}\n"
    (tmp_path / "b.yaml").write_text(said)
    with pytest.raises(SpecError, match="has ties, but inputs and no source"):
        FeatureView.read(tmp_path / "b.yaml")


def test_what_it_means_does_not_change_where_nothing_is_said(make_view: MakeView) -> None:
    rows: dict[str, list[object]] = {"id": [1], "time": [at(0)], "turn": [1], "x": [1]}
    plain = make_view(rows, features={"x": "integer"})
    assert make_view(rows, ties=None, features={"x": "integer"}).meaning == plain.meaning
    assert make_view(rows, ties="turn", features={"x": "integer"}).meaning != plain.meaning


def test_a_clock_of_another_type_is_told_at_its_line(tmp_path: Path) -> None:
    rows = pl.DataFrame({"id": [1], "time": [at(0)], "turn": [1.5], "x": [1]})
    rows.write_parquet(tmp_path / "s.parquet")
    head = "view: a.b\nsource: s.parquet\nentities: [id]\n"
    asked = pl.DataFrame({"id": [1], "t": [at(1)]})
    for field, column, line in (("event_time", "x", 4), ("known_at", "x", 5), ("ties", "turn", 5)):
        said = f"{field}: {column}" if line == 4 else f"event_time: time\n{field}: {column}"
        (tmp_path / "b.yaml").write_text(f"{head}{said}\nfeatures: {{x: integer}}\n")
        with pytest.raises(DataError, match=rf"b.yaml:{line}: {field}: View 'a.b'"):
            training_set(asked, [FeatureView.read(tmp_path / "b.yaml")], cutoff="t")
