"""Point-in-time joins against a brute-force reading of the definition."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean, stdev

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from proml_lab.errors import (
    ColumnMissingError,
    DataError,
    DuplicateKeyError,
    SourceError,
    UnknownNameError,
    UsageError,
)
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import MakeView, at
from tests.marketplace.join.ways import training_set
from tests.soak import seeds

HOUR = timedelta(hours=1)
WINDOWS: dict[str, dict[str, object]] = {
    "n_2h": {"type": "integer", "aggregate": "count", "window": "2h"},
    "n_x_9h": {"type": "integer", "aggregate": "count", "of": "x", "window": "9h"},
    "sum_9h": {"type": "float", "aggregate": "sum", "of": "x", "window": "9h"},
    "mean_30h": {"type": "float", "aggregate": "mean", "of": "x", "window": "30h"},
    "min_9h": {"type": "float", "aggregate": "min", "of": "x", "window": "9h"},
    "max_30h": {"type": "float", "aggregate": "max", "of": "x", "window": "30h"},
    "std_30h": {"type": "float", "aggregate": "std", "of": "x", "window": "30h"},
    "n_big_9h": {"type": "integer", "aggregate": "count", "where": "x > 0", "window": "9h"},
    "mean_big_9h": {
        "type": "float", "aggregate": "mean", "of": "x * 2", "where": "x > 0", "window": "9h"
    },
}  # fmt: skip
LENGTH = {name: timedelta(hours=int(name.split("_")[-1][:-1])) for name in WINDOWS}


@dataclass(frozen=True)
class Row:
    """A source row: two keys, its clocks, its value, and a number of its own."""

    a: str | None
    b: int | None
    event: datetime | None
    known: datetime | None
    x: float | None
    row: int


def make_rows(rng: random.Random, n: int, *, repeat: bool) -> list[Row]:
    """Rows with late arrivals, corrections and nulls; no two with the same key and clocks."""
    rows, seen = [], set()
    for i in range(n):
        event = at(rng.randrange(40)) if rng.random() > 0.05 else None
        late = HOUR * rng.choice([0, 0, 0, 1, 2, 5, 20])
        known = event + late if event and rng.random() > 0.05 else None
        a = rng.choice(["p", "q", None])
        b = rng.choice([1, 2])
        x = rng.choice([None, rng.randrange(-9, 10), rng.randrange(-9, 10)])
        if (a, b, event, known) in seen and not repeat:
            continue
        seen.add((a, b, event, known))
        rows.append(Row(a, b, event, known, x, i))
    return rows


def visible(rows: list[Row], a: str | None, b: int | None, cutoff: datetime) -> list[Row]:
    """The definition: rows of the entity that had happened and were known."""
    return [
        r
        for r in rows
        if None not in (a, b, r.event, r.known)
        and (r.a, r.b) == (a, b)
        and r.event <= cutoff
        and r.known <= cutoff
    ]


def newest(rows: list[Row], cutoff: datetime, oldest: timedelta | None) -> Row | None:
    young = [r for r in rows if oldest is None or r.event > cutoff - oldest]
    return max(young, key=lambda r: (r.event, r.known), default=None)


def aggregate(rows: list[Row], cutoff: datetime, name: str) -> float | int | None:
    inside = [r for r in rows if r.event > cutoff - LENGTH[name]]
    if "big" in name:
        inside = [r for r in inside if r.x is not None and r.x > 0]
    values = [float(r.x) for r in inside if r.x is not None]
    match name.split("_")[0]:
        case "n":
            return len(values) if "_x_" in name else len(inside)
        case "sum":
            return sum(values) if values else None
        case "mean":
            return fmean(values) * (2 if "big" in name else 1) if values else None
        case "min":
            return min(values, default=None)
        case "max":
            return max(values, default=None)
    return stdev(values) if len(values) > 1 else None


def source(rows: list[Row], unit: str) -> pl.DataFrame:
    time = pl.Datetime(unit, "UTC")  # type: ignore[arg-type]
    schema = {"key_a": pl.String, "b": pl.Int64, "time": time, "seen": time}
    return pl.DataFrame(
        [(r.a, r.b, r.event, r.known, r.x, r.row) for r in rows],
        schema={**schema, "x": pl.Float64, "row": pl.Int64},
        orient="row",
    )


def spine(rng: random.Random, n: int, unit: str) -> pl.DataFrame:
    asked = [
        (rng.choice(["p", "q", "r", None]), rng.choice([1, 2, 3]), at(rng.randrange(-3, 70)))
        for _ in range(n)
    ]
    schema = {"a": pl.Categorical, "b": pl.Int32, "t": pl.Datetime(unit, "Europe/Berlin")}
    return pl.DataFrame(asked, schema=schema, orient="row")  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", seeds(24))
def test_as_of_equals_brute_force(seed: int, make_view: MakeView) -> None:
    rng = random.Random(seed)
    rows = make_rows(rng, rng.choice([1, 30, 200]), repeat=False)
    asked = spine(rng, 40, rng.choice(["ms", "us", "ns"]))
    oldest = rng.choice([None, 1, 7])
    view = make_view(
        source(rows, rng.choice(["ms", "us", "ns"])),
        entities={"a": "key_a", "b": "b"},
        known_at="seen",
        time_to_live=f"{oldest}h" if oldest else None,
        features={
            "row": "integer",
            "double": {"type": "float", "sql": "x * 2"},
            "age_h": {
                "type": "float",
                "sql": "(extract(epoch from cutoff) - extract(epoch from time)) / 3600",
            },
        },
    )
    got = training_set(asked, [view], cutoff="t")
    for a, b, t, row, double, age in got.frame.rows():
        limit = HOUR * oldest if oldest else None
        want = newest(visible(rows, a, b, t), t, limit)
        assert row == (want.row if want else None)
        assert double == (want.x * 2 if want and want.x is not None else None)
        assert age == ((t - want.event) / HOUR if want else None)


@pytest.mark.parametrize("seed", seeds(24))
def test_windows_equal_brute_force(seed: int, make_view: MakeView) -> None:
    rng = random.Random(1000 + seed)
    rows = make_rows(rng, rng.choice([1, 30, 200, 900]), repeat=True)
    asked = spine(rng, 40, "us")
    view = make_view(
        source(rows, "us"),
        entities={"a": "key_a", "b": "b"},
        known_at="seen",
        time_to_live="1h",
        features=WINDOWS,
    )
    got = training_set(asked, [view], cutoff="t").frame
    for row in got.iter_rows(named=True):
        a, b, t = row["a"], row["b"], row["t"]
        known = visible(rows, a, b, t)
        for name in WINDOWS:
            want = None if a is None else aggregate(known, t, name)
            assert row[name] == (pytest.approx(want, abs=1e-9) if want is not None else None), name


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 30))
def test_perturbing_the_future_changes_nothing(
    seed: int, changes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = random.Random(seed)
    folder = tmp_path_factory.mktemp("future")
    rows = make_rows(rng, 60, repeat=False)
    asked = spine(rng, 20, "us").with_columns(pl.lit(at(30)).dt.cast_time_unit("us").alias("t"))
    view = FeatureView.model_validate(
        {
            "view": "a.b", "source": "rows.parquet", "entities": {"a": "key_a", "b": "b"},
            "event_time": "time", "known_at": "seen", "features": {**WINDOWS, "row": "integer"},
        }
    ).at(folder)  # fmt: skip
    source(rows, "us").write_parquet(folder / "rows.parquet")
    before = training_set(asked, [view], cutoff="t")
    past = [r for r in rows if r.known is not None and r.known <= at(30)]
    future = [
        Row(rng.choice("pq"), rng.choice([1, 2]), at(rng.uniform(0, 90)),
            at(30) + timedelta(microseconds=rng.choice([1, 10**6, 10**11]) + i),
            rng.uniform(-9e6, 9e6), -i)
        for i in range(changes)
    ]  # fmt: skip
    mixed = past + future
    rng.shuffle(mixed)
    source(mixed, "us").write_parquet(folder / "rows.parquet")
    after = training_set(asked, [view], cutoff="t")
    assert_frame_equal(before.frame, after.frame)


def test_equal_times_count_as_known_and_window_edges(make_view: MakeView) -> None:
    view = make_view(
        {"id": [1, 1], "time": [at(0), at(2)], "x": [10.0, 20.0]},
        features={"x": "float", "n": {"type": "integer", "aggregate": "count", "window": "2h"}},
    )
    asked = pl.DataFrame({"id": [1, 1, 1], "t": [at(0), at(2), at(4)]})
    got = training_set(asked, [view], cutoff="t").frame
    assert got["x"].to_list() == [10.0, 20.0, 20.0]
    assert got["n"].to_list() == [1, 1, 0]


def test_a_later_known_correction_wins_only_once_it_is_known(make_view: MakeView) -> None:
    view = make_view(
        {"id": [1, 1], "time": [at(0), at(0)], "seen": [at(5), at(1)], "x": ["new", "old"]},
        known_at="seen",
        features={"x": "string"},
    )
    asked = pl.DataFrame({"id": [1, 1, 1], "t": [at(0.5), at(4), at(5)]})
    assert training_set(asked, [view], cutoff="t").frame["x"].to_list() == [None, "old", "new"]


def test_known_after_a_delay(make_view: MakeView) -> None:
    view = make_view(
        {"id": [1], "time": [at(0)], "x": [1.5]}, known_at={"delay": "1h"}, features={"x": "float"}
    )
    asked = pl.DataFrame({"id": [1, 1], "t": [at(0.99), at(1)]})
    assert training_set(asked, [view], cutoff="t").frame["x"].to_list() == [None, 1.5]


def test_nanoseconds_never_see_the_future(make_view: MakeView) -> None:
    time = pl.Series("time", [1_000_000_000_001]).cast(pl.Datetime("ns", "UTC"))
    view = make_view(
        pl.DataFrame([pl.Series("id", [1]), time, pl.Series("x", [1.0])]), features={"x": "float"}
    )
    asked = pl.DataFrame({"id": [1, 1], "t": [1_000_000_000, 1_000_000_001]}).cast(
        {"t": pl.Datetime("us", "UTC")}
    )
    assert training_set(asked, [view], cutoff="t").frame["x"].to_list() == [None, 1.0]


def test_unknown_entities_and_null_keys(make_view: MakeView) -> None:
    features: Mapping[str, object] = {
        "n": {"type": "integer", "aggregate": "count", "window": "9h"},
        "total": {"type": "float", "aggregate": "sum", "of": "x", "window": "9h"},
        "x": "float",
    }
    view = make_view({"id": [1], "time": [at(0)], "x": [2.0]}, features=features)
    asked = pl.DataFrame({"id": [1, 7, None], "t": [at(1)] * 3})
    got = training_set(asked, [view], cutoff="t").frame
    assert got.select("n", "total", "x").rows() == [(1, 2.0, 2.0), (0, None, None), (None,) * 3]


def test_nan_is_a_missing_value_in_windows(make_view: MakeView) -> None:
    view = make_view(
        {"id": [1, 1, 1], "time": [at(0), at(1), at(2)], "x": [1.0, float("nan"), 3.0]},
        features={
            "mean": {"type": "float", "aggregate": "mean", "of": "x", "window": "9h"},
            "n": {"type": "integer", "aggregate": "count", "of": "x", "window": "9h"},
        },
    )
    got = training_set(pl.DataFrame({"id": [1], "t": [at(3)]}), [view], cutoff="t").frame
    assert got.select("mean", "n").row(0) == (2.0, 2)


def test_large_offsets_keep_their_digits(make_view: MakeView) -> None:
    n = 4000
    rng = random.Random(3)
    values = [1e9 + rng.random() for _ in range(n)]
    view = make_view(
        {"id": [1] * n, "time": [at(i / 10) for i in range(n)], "x": values},
        features={"spread": {"type": "float", "aggregate": "std", "of": "x", "window": "20h"}},
    )
    asked = pl.DataFrame({"id": [1], "t": [at(n / 10 - 0.1)]})
    got = training_set(asked, [view], cutoff="t").frame["spread"][0]
    assert got == pytest.approx(stdev(values[-200:]), rel=1e-6)


def test_the_spine_keeps_its_rows_columns_and_order(make_view: MakeView) -> None:
    view = make_view({"id": [1, 2], "time": [at(0)] * 2, "x": [1.0, 2.0]}, features={"x": "float"})
    asked = pl.DataFrame({"id": [2, 1, 2, 2], "t": [at(5), at(3), at(5), at(1)], "y": [0, 1, 0, 1]})
    got = training_set(asked, [view], label="y", cutoff="t")
    assert got.frame.drop("x").equals(asked)
    assert got.frame["x"].to_list() == [2.0, 1.0, 2.0, 2.0]
    assert (got.label, got.entities, got.cutoff, got.features) == ("y", ("id",), "t", ("x",))


def test_static_views_need_no_cutoff(make_view: MakeView) -> None:
    view = make_view({"id": [1, 2], "x": [1.0, None]}, event_time=None, features={"x": "float"})
    got = training_set(pl.DataFrame({"id": [2, 1, 3]}), [view])
    assert got.frame["x"].to_list() == [None, 1.0, None]
    early = pl.DataFrame({"id": [1], "t": [datetime(1901, 1, 1, tzinfo=at(0).tzinfo)]})
    assert training_set(early, [view], cutoff="t").frame["x"].to_list() == [1.0]


def test_requests_in_every_form(make_view: MakeView) -> None:
    view = make_view(
        {"id": [1], "time": [at(0)], "x": [1.0], "y": [2.0]}, features={"x": "float", "y": "float"}
    )
    catalog = Catalog((view,))
    asked = pl.DataFrame({"id": [1], "t": [at(1)], "own": [5], "late": [0]})
    roles = {"catalog": catalog, "cutoff": "t", "label": "late", "entities": ["id"]}

    def features(*wanted: object) -> tuple[str, ...]:
        return training_set(asked, wanted, **roles).features  # type: ignore[arg-type]

    assert features("shop.sales") == ("x", "y")
    assert features("shop.sales.y", "shop.sales.x", "shop.sales.y") == ("y", "x")
    assert features({"shop.sales": ["y"]}, "spine") == ("y", "own")
    assert features({"shop.sales": {"z": "y"}, "spine": {"mine": "own"}}) == ("z", "mine")
    assert features("spine.id", {"shop.sales": None}) == ("id", "x", "y")
    assert training_set(asked, "shop.sales.x", catalog=catalog, cutoff="t").features == ("x",)
    renamed = training_set(asked, [{"spine": {"mine": "own"}}]).frame
    assert renamed["mine"].to_list() == [5]


def test_origins_say_where_columns_come_from(make_view: MakeView, tmp_path: Path) -> None:
    view = make_view(
        {"id": [1], "time": [at(0)], "x": [1.0]},
        features={"m": {"type": "float", "aggregate": "mean", "of": "x", "window": "36h"}},
    )
    asked = pl.DataFrame({"id": [1], "t": [at(1)]})
    asked.write_parquet(tmp_path / "spine.parquet")
    first = training_set(tmp_path / "spine.parquet", [view], cutoff="t", root=tmp_path)
    mine, theirs = first.origins
    assert (mine.view, mine.source, mine.columns) == ("spine", "spine.parquet", ("id", "t"))
    assert (theirs.view, theirs.source, theirs.n_rows) == ("shop.sales", str(view.source), 1)
    assert theirs.query == "m: mean(x) over 1d12h"
    assert list(mine.types) == ["id", "t"]
    assert theirs.types["x"] == "Float64"
    assert mine.until == theirs.until == at(1).isoformat()
    assert training_set(asked, [view], cutoff="t").origins[0].source == "frame"
    make_view({"id": [1], "time": [at(0)], "x": [1.5]}, features={"m": "float"})
    second = training_set(tmp_path / "spine.parquet", [view], cutoff="t", root=tmp_path)
    assert second.origins[0].fingerprint == mine.fingerprint
    assert second.origins[1].fingerprint != theirs.fingerprint


def test_types_are_those_that_the_view_declares(make_view: MakeView) -> None:
    view = make_view(
        pl.DataFrame(
            {"id": [1], "time": [at(0)], "f": [3], "i": [4.0], "s": ["a"], "b": [True]}
        ).with_columns(
            pl.col("s").cast(pl.Categorical),
            pl.col("time").alias("w").dt.cast_time_unit("ms"),
            pl.col("time").dt.date().alias("d"),
            pl.lit(None).alias("none"),
        ),
        features={
            "f": "float", "i": "integer", "s": "string", "b": "boolean", "w": "time", "d": "date",
            "none": "float",
        },
    )  # fmt: skip
    got = training_set(pl.DataFrame({"id": [1], "t": [at(1)]}), [view], cutoff="t").frame
    assert got.schema["w"] == pl.Datetime("us", "UTC")
    kinds = [got.schema[n] for n in ("f", "i", "s", "b", "d", "none")]
    assert kinds == [pl.Float64, pl.Int64, pl.String, pl.Boolean, pl.Date, pl.Float64]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (pl.Int8, pl.Int64),
        (pl.UInt64, pl.Int32),
        (pl.Enum(["7", "8"]), pl.String),
        (pl.String, pl.Enum(["7"])),
        (pl.Categorical, pl.Categorical),
        (pl.Date, pl.Date),
        (pl.Boolean, pl.Boolean),
    ],
)
def test_keys_of_like_types_meet(
    make_view: MakeView, ours: pl.DataType, theirs: pl.DataType
) -> None:
    def keys(values: list[int], kind: pl.DataType) -> pl.Series:
        whole = pl.Series("id", values)
        text = kind in (pl.String, pl.Categorical) or isinstance(kind, pl.Enum)
        return (whole.cast(pl.String) if text else whole).cast(kind)

    known = 1 if ours == pl.Boolean else 7
    other = 0 if ours == pl.Boolean else 8
    rows = pl.DataFrame([keys([known], theirs), pl.Series("time", [at(0)])])
    view = make_view(
        rows, features={"n": {"type": "integer", "aggregate": "count", "window": "1d"}}
    )
    asked = keys([known, other], ours).to_frame().with_columns(t=pl.lit(at(1)))
    assert training_set(asked, [view], cutoff="t").frame["n"].to_list() == [1, 0]


def test_pandas_spines_are_read(make_view: MakeView) -> None:
    view = make_view({"id": [1], "time": [at(0)], "x": [1.0]}, features={"x": "float"})
    asked = pl.DataFrame({"id": [1], "t": [at(1)]}).to_pandas()
    assert training_set(asked, [view], cutoff="t").frame["x"].to_list() == [1.0]


GOOD = {"id": [1, 2], "time": [at(0), at(1)], "x": [1.0, 2.0], "s": ["a", "b"]}
ASKED = {"id": [1], "t": [at(1)], "y": [0]}


def over_a_day(kind: str, aggregate: str, **more: str) -> dict[str, object]:
    return {"h": {"type": kind, "aggregate": aggregate, "window": "1d", **more}}


SPINES: list[tuple[dict[str, list[object] | None], type[Exception], str]] = [
    ({"id": None}, ColumnMissingError, "'shop.sales' joins on 'id', the spine has no column"),
    ({"id": [], "t": [], "y": []}, DataError, "The spine has no rows"),
    ({"id": ["a"]}, DataError, "joins on 'id', which is String in the spine and Int64"),
    ({"id": [1.0]}, DataError, "joins on 'id', which is Float64 in the spine"),
    ({"t": [None]}, DataError, "cutoff 't' is null in 1 rows"),
    ({"t": [datetime(2024, 1, 1)]}, DataError, "spine: column 't' has no time zone"),
    ({"t": [5]}, DataError, "spine: column 't' is Int64, not a moment"),
    ({"x": [1.0]}, UsageError, "'x' of 'shop.sales' would be called 'x', but the spine"),
]
ROLES = [
    ({"cutoff": None}, UsageError, "has an event time, so the spine needs a cutoff"),
    ({"cutoff": "tt"}, ColumnMissingError, "no column 'tt'.\nHint: did you mean 't'"),
    ({"label": "late"}, ColumnMissingError, "spine has no column 'late'"),
    ({"entities": ["idd"]}, ColumnMissingError, "spine has no column 'idd'"),
]
VIEWS = [
    ({"entities": {"id": "key"}}, ColumnMissingError, "entity 'id' reads column 'key'"),
    ({"event_time": "tim"}, ColumnMissingError, "event_time reads column 'tim'"),
    ({"known_at": "seen"}, ColumnMissingError, "known_at reads column 'seen'"),
    (
        {"event_time": "x"},
        DataError,
        "'x' is Float64, not a moment.*\nHint: name a column",
    ),
]
FEATURES = [
    ({"z": "float"}, ColumnMissingError, "'z' reads column 'z', which shop.sales.parquet lacks"),
    (
        {"z": {"type": "float", "sql": "xx + 1"}},
        ColumnMissingError,
        "'z' reads column 'xx', which shop.sales.parquet lacks.\nHint: did you mean 'x'",
    ),
    ({"s": "float"}, DataError, "declares feature 's' as float, but shop.sales.parquet gives Str"),
    ({"x": "string"}, DataError, "declares feature 'x' as string"),
    ({"h": {"type": "integer", "sql": "x / 4"}}, DataError, "declares feature 'h' as integer"),
    ({"h": {"type": "float", "sql": "s + 1"}}, DataError, "'h' .s . 1. cannot be computed"),
    (over_a_day("float", "sum", of="s"), DataError, "feature 'h' aggregates String, not numbers"),
    (over_a_day("integer", "count", where="x"), DataError, "where 'x' is Float64, not yes or no"),
    (over_a_day("float", "sum", of="x / 0"), DataError, "aggregates infinite values"),
    (over_a_day("integer", "sum", of="x / 4"), DataError, "declares feature 'h' as integer"),
]


@pytest.mark.parametrize(("changes", "kind", "message"), SPINES)
def test_spines_that_cannot_be_used(
    make_view: MakeView,
    changes: dict[str, list[object] | None],
    kind: type[Exception],
    message: str,
) -> None:
    rows = {name: values for name, values in {**ASKED, **changes}.items() if values is not None}
    view = make_view(GOOD, features={"x": "float"})
    with pytest.raises(kind, match=message):
        training_set(pl.DataFrame(rows), [view], cutoff="t")


@pytest.mark.parametrize(("roles", "kind", "message"), ROLES)
def test_roles_that_cannot_be_filled(
    make_view: MakeView, roles: dict[str, object], kind: type[Exception], message: str
) -> None:
    view = make_view(GOOD, features={"x": "float"})
    with pytest.raises(kind, match=message):
        training_set(pl.DataFrame(ASKED), [view], **{"cutoff": "t", **roles})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [*VIEWS, *(({"features": f}, kind, message) for f, kind, message in FEATURES)],
)
def test_views_that_do_not_fit_their_source(
    make_view: MakeView, fields: dict[str, object], kind: type[Exception], message: str
) -> None:
    view = make_view(GOOD, **{"features": {"x": "float"}, **fields})
    with pytest.raises(kind, match=message):
        training_set(pl.DataFrame(ASKED), [view], cutoff="t")


def test_times_without_a_zone_are_refused_with_what_to_write(make_view: MakeView) -> None:
    naive = {**GOOD, "time": [at(0).replace(tzinfo=None), at(1).replace(tzinfo=None)]}
    with pytest.raises(DataError, match="'time' has no time zone") as caught:
        training_set(pl.DataFrame(ASKED), [make_view(naive, features={"x": "float"})], cutoff="t")
    hint = "say where its clocks stood: source: {path: shop.sales.parquet, time_zone: UTC}."
    assert caught.value.hint == hint


REQUESTS = [
    (["shop.sale"], UnknownNameError, "no view or feature 'shop.sale'.\nHint: did you mean 'shop"),
    ([{"shop.sale": ["x"]}], UnknownNameError, "no feature view 'shop.sale'"),
    ([{"shop.sales": ["xx"]}], UnknownNameError, "called 'xx'.\nHint: did you mean 'x'"),
    (["shop.sales.xx"], UnknownNameError, "called 'xx'"),
    (["spine.yy"], ColumnMissingError, "spine has no column 'yy'"),
    (["spine.y"], UsageError, "label 'y' is asked for as a feature"),
    ([{"shop.sales": "x"}], UsageError, "features of 'shop.sales' are one text"),
    ([5], UsageError, "A int is not a request"),
    (
        ["shop.sales", {"shop.sales": {"x": "s"}}],
        UsageError,
        "'s' of 'shop.sales' would be called 'x', but Feature 'x' of 'shop.sales' has it too."
        "\nHint: rename it: {shop.sales: {new_name: s}}",
    ),
]


@pytest.mark.parametrize(("wanted", "kind", "message"), REQUESTS)
def test_what_is_no_request_is_said(
    make_view: MakeView, wanted: list[object], kind: type[Exception], message: str
) -> None:
    catalog = Catalog((make_view(GOOD, features={"x": "float", "s": "string"}),))
    with pytest.raises(kind, match=message):
        training_set(pl.DataFrame(ASKED), wanted, catalog=catalog, cutoff="t", label="y")  # type: ignore[arg-type]


def test_two_views_of_one_name(make_view: MakeView) -> None:
    one = make_view(GOOD, features={"x": "float"})
    other = make_view(GOOD, features={"s": "string"})
    with pytest.raises(UsageError, match="Two different views are called"):
        training_set(pl.DataFrame(ASKED), [one, other], cutoff="t")


@pytest.mark.parametrize("static", [False, True])
def test_repeated_rows_are_refused(make_view: MakeView, static: bool) -> None:
    rows = {"id": [1, 2, 2, 3, 3], "time": [at(0), at(1), at(1), at(2), at(2)], "x": [1.0] * 5}
    view = make_view(rows, event_time=None if static else "time", features={"x": "float"})
    where = "" if static else " at 2024-03-01 01:00:00"
    asked = pl.DataFrame({"id": [1, 2, 3], "t": [at(5)] * 3})
    with pytest.raises(DuplicateKeyError, match=f"has two rows for id 2{where}.*and 1 more"):
        training_set(asked, [view], cutoff="t")
    assert training_set(asked[:1], [view], cutoff="t").frame["x"].to_list() == [1.0]
    early = asked[:2].with_columns(t=pl.lit(at(0.5)))
    if not static:
        assert training_set(early, [view], cutoff="t").frame["x"].to_list() == [1.0, None]


def test_repeated_rows_that_no_label_sees_are_no_harm(make_view: MakeView) -> None:
    rows = {"id": [1] * 4, "time": [at(0), at(0), at(1), at(8)], "x": [1.0, 2.0, 3.0, 4.0]}
    view = make_view(rows, time_to_live="2h", features={"x": "float"})
    asked = pl.DataFrame({"id": [1, 1], "t": [at(1), at(6)]})
    assert training_set(asked, [view], cutoff="t").frame["x"].to_list() == [3.0, None]


def test_repeated_rows_are_fine_in_windows(make_view: MakeView) -> None:
    view = make_view(
        {"id": [2, 2], "time": [at(1), at(1)]},
        features={"n": {"type": "integer", "aggregate": "count", "window": "1d"}},
    )
    got = training_set(pl.DataFrame({"id": [2], "t": [at(5)]}), [view], cutoff="t")
    assert got.frame["n"].to_list() == [2]


def test_rows_without_an_entity_are_no_repetition(make_view: MakeView) -> None:
    rows = {"id": [None, None, 1], "time": [at(1)] * 3, "x": [1.0, 2.0, 3.0]}
    view = make_view(rows, features={"x": "float"})
    got = training_set(pl.DataFrame({"id": [1, None], "t": [at(5)] * 2}), [view], cutoff="t")
    assert got.frame["x"].to_list() == [3.0, None]


@pytest.mark.parametrize("static", [False, True])
def test_a_source_without_rows_has_no_values(make_view: MakeView, static: bool) -> None:
    features: dict[str, object] = {
        "x": "float",
        "d": {"type": "float", "column": "x", "default": 7},
    }
    features |= {} if static else {"n": {"type": "integer", "aggregate": "count", "window": "1d"}}
    rows = pl.DataFrame({**GOOD, "x": [1.5] * len(GOOD["id"])}).clear()
    view = make_view(rows, event_time=None if static else "time", features=features)
    asked = pl.DataFrame(ASKED)
    got = training_set(asked, [view], cutoff="t")
    assert got.frame["x"].null_count() == asked.height
    assert got.frame["d"].to_list() == [7.0] * asked.height
    assert static or got.frame["n"].to_list() == [0] * asked.height
    assert got.origins[1].n_rows == 0
    assert got.rebuild().frame.equals(got.frame)
    late = asked.with_columns(y=pl.lit(value=True))
    with pytest.raises(DataError, match="has no rows, so there is nothing to learn from"):
        training_set(late, [view], cutoff="t", label="y")


def test_broken_sources(make_view: MakeView, tmp_path: Path) -> None:
    view = make_view(GOOD, features={"x": "float"})
    asked, file = pl.DataFrame(ASKED), tmp_path / str(view.source)
    file.write_bytes(b"PAR1 but not really")
    with pytest.raises(SourceError, match=r"is not a Parquet file, .*\nHint: write it again"):
        training_set(asked, [view], cutoff="t")
    file.write_bytes(b"")
    with pytest.raises(SourceError, match=r"View 'shop.sales': the file .* is empty"):
        training_set(asked, [view], cutoff="t")
    file.rename(tmp_path / "shop.sale.parquet")
    with pytest.raises(
        SourceError, match=r"there is no file .*\nHint: did you mean 'shop.sale.parq"
    ):
        training_set(asked, [view], cutoff="t")
    loose = FeatureView.model_validate(view.model_dump(mode="json"))
    with pytest.raises(SourceError, match=r"does not know where 'shop.sales.parquet' lies"):
        training_set(asked, [loose], cutoff="t")
    with pytest.raises(SourceError, match="The spine: there is no file"):
        training_set(tmp_path / "none.parquet", [])
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(SourceError, match=r"folder .*folder.parquet has no file in it"):
        training_set(tmp_path / "folder.parquet", [])


def test_keys_that_never_meet_are_refused_in_training(make_view: MakeView) -> None:
    rows = {"id": ["JFK", "LGA", None], "k": [1, 2, 3], "time": [at(0)] * 3, "x": [1.0, 2.0, 3.0]}
    view = make_view(rows, features={"x": "float"}, entities={"airport": "id", "k": "k"})
    asked = pl.DataFrame({"airport": ["jfk", None], "k": [1, 2], "t": [at(1)] * 2, "y": [0, 1]})
    with pytest.raises(DataError) as caught:
        training_set(asked, [view], cutoff="t", label="y")
    assert caught.value.message == (
        "View 'shop.sales' joins on 'airport', and no value of it in the spine is in 'id' of "
        "shop.sales.parquet."
    )
    assert caught.value.hint == (
        "compare spelling and case: the spine has 'jfk', the source 'JFK'."
    )
    assert training_set(asked, [view], cutoff="t").frame["x"].null_count() == 2
    some = asked.with_columns(pl.Series("airport", ["JFK", "x"]), k=pl.lit(2))
    assert training_set(some, [view], cutoff="t", label="y").frame["x"].null_count() == 2


def test_a_key_that_is_null_everywhere_is_refused_in_training(make_view: MakeView) -> None:
    asked = pl.DataFrame({"id": ["a", "b"], "t": [at(1)] * 2, "y": [0, 1]})
    rows = {"id": ["a", "b"], "time": [at(0)] * 2, "x": [1.0, 2.0]}
    nothing = pl.lit(None, pl.String)
    for spine, source, place in (
        (asked.with_columns(id=nothing), pl.DataFrame(rows), "the spine"),
        (asked, pl.DataFrame(rows).with_columns(id=nothing), "shop.sales.parquet"),
    ):
        view = make_view(source, features={"x": "float"})
        with pytest.raises(DataError, match=f"'id' is null in every row of {place}") as caught:
            training_set(spine, [view], cutoff="t", label="y")
        assert caught.value.hint.startswith("a row without a key is never joined")
        assert training_set(spine, [view], cutoff="t").frame["x"].null_count() == 2
