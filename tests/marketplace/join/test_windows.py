"""Every kind of window feature against a reading of the definition, row by row."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import stdev
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from proml_lab.errors import DataError, DuplicateKeyError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.join import sliding
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import MakeView, at
from tests.marketplace.join.ways import training_set
from tests.soak import seeds

MICROSECOND = timedelta(microseconds=1)
BERLIN = pl.Datetime("us", "Europe/Berlin")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TYPES = {
    "x": ("float", pl.Float64),
    "n": ("integer", pl.Int32),
    "s": ("string", pl.String),
    "w": ("time", pl.Datetime("us", "UTC")),
    "d": ("date", pl.Date),
    "b": ("boolean", pl.Boolean),
    "l": ("list[float]", pl.List(pl.Float64)),
    "v": ("vector[2]", pl.Array(pl.Float64, 2)),
}
KINDS = ("count", "distinct", "sum", "mean", "min", "max", "std", "quantile", "first", "last")
LENGTHS = {"1s": 1, "2h": 7200, "9h": 32400, "1d6h": 108000, "all": None}
SLIDES = {None: None, "1h": 3600, "7h": 25200, "1d": 86400}
Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A window feature, as the document says it and as the definition reads it."""

    kind: str
    of: str | None
    window: str
    slide: str | None
    limit: int | None
    where: bool
    q: float | None

    @property
    def document(self) -> dict[str, object]:
        if self.kind in ("count", "distinct"):
            type_ = "integer"
        elif self.kind in ("first", "last"):
            type_ = TYPES[self.of or ""][0]
        else:
            type_ = "float"
        said = {
            "type": type_, "aggregate": self.kind, "of": self.of, "window": self.window,
            "slide": self.slide, "limit": self.limit, "q": self.q,
            "where": "pass" if self.where else None,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}

    def inside(self, rows: list[Row], id_: object, cutoff: datetime) -> list[Row]:
        """Rows of the window, before a limit, in their order."""
        slide, length = SLIDES[self.slide], LENGTHS[self.window]
        end = cutoff
        if slide:
            end = EPOCH + (cutoff - EPOCH) // timedelta(seconds=slide) * timedelta(seconds=slide)
        inside = [
            row
            for row in rows
            if (row["pass"] or not self.where)
            and id_ is not None
            and row["id"] == id_
            and row["time"] is not None
            and row["seen"] is not None
            and row["time"] <= end
            and row["seen"] <= end
            and (length is None or row["time"] > end - timedelta(seconds=length))
        ]
        return sorted(inside, key=clocks)

    def undecided(self, rows: list[Row], id_: object, cutoff: datetime) -> bool:
        """Whether another order of rows with the same clocks could give another value."""
        inside = self.inside(rows, id_, cutoff)
        if self.of is None or not inside:
            return False
        values = [row[self.of] for row in inside]
        if self.kind == "count":
            values = [value is not None for value in values]
        times = [clocks(row) for row in inside]
        cut = len(inside) - (self.limit or len(inside))
        if cut > 0 and times[cut - 1] == times[cut]:
            tied = [v for v, time in zip(values, times, strict=True) if time == times[cut]]
            if any(value != tied[0] for value in tied):
                return True
        if self.kind not in ("first", "last"):
            return False
        kept = [
            (v, time) for v, time in list(zip(values, times, strict=True))[max(cut, 0) :]
            if v is not None
        ]  # fmt: skip
        ends = [time for _, time in kept][: 1 if self.kind == "first" else None][-1:]
        tied = [v for v, time in kept if time in ends]
        return any(value != tied[0] for value in tied)

    def value(self, rows: list[Row], id_: object, cutoff: datetime) -> object:
        """The definition."""
        if id_ is None:
            return None
        inside = self.inside(rows, id_, cutoff)
        inside = inside[-self.limit :] if self.limit else inside
        if self.of is None:
            return len(inside)
        return self.aggregate([row[self.of] for row in inside if row[self.of] is not None])

    def aggregate(self, values: list[Any]) -> object:
        match self.kind:
            case "count":
                return len(values)
            case "distinct":
                return len({tuple(v) if isinstance(v, list) else v for v in values})
            case "std":
                return stdev(values) if len(values) > 1 else None
        if not values:
            return None
        match self.kind:
            case "sum":
                return math.fsum(values)
            case "mean":
                return math.fsum(values) / len(values)
            case "quantile":
                return float(np.quantile(np.array(values, float), self.q))
            case "first":
                return values[0]
            case "last":
                return values[-1]
        return float(min(values) if self.kind == "min" else max(values))


def clocks(row: Row) -> tuple[datetime, datetime]:
    return row["time"], row["seen"]


def make_rows(rng: random.Random, n: int, *, unique: bool) -> list[Row]:
    """Rows with late arrivals and nulls; where `unique`, no two with the same key and clocks."""
    rows, seen, span = [], set(), rng.choice([30, 300])
    late = rng.choice([[0], [0, 0, 0, 1, 2, 5, 20], [0, 400, -3], [6]])
    for _ in range(n):
        event = at(rng.randrange(span)) + rng.choice([0, 0, 1, -1]) * MICROSECOND
        known = event + timedelta(hours=rng.choice(late))
        id_ = rng.choice(["p", "p", "p", "q", None])
        if unique and (id_, event, known) in seen:
            continue
        seen.add((id_, event, known))
        number = rng.choice([0.1, -0.0, 0.0, 1e9, 1e-9, 3.0, 7.0, rng.uniform(-5, 5)])
        values = {
            "x": number, "n": rng.randrange(-4, 5), "s": rng.choice(["", "a", "ä", "long text"]),
            "w": at(rng.randrange(3)), "d": date(2024, 1, rng.randrange(1, 4)),
            "b": rng.random() < 0.5, "l": [number, 1.0][: rng.randrange(3)], "v": [number, 2.0],
        }  # fmt: skip
        rows.append(
            {
                "id": id_,
                "time": event if rng.random() > 0.03 else None,
                "seen": known if rng.random() > 0.03 else None,
                "pass": rng.random() < 0.6,
                **{name: v if rng.random() > 0.15 else None for name, v in values.items()},
            }
        )
    return rows


def make_features(rng: random.Random, n: int) -> list[Asked]:
    made = []
    for _ in range(n):
        kind = rng.choice(KINDS)
        of = rng.choice("xn" if kind in KINDS[2:8] else "xnswdblv")
        made.append(
            Asked(
                kind,
                None if kind == "count" and rng.random() < 0.5 else of,
                rng.choice([*LENGTHS]),
                rng.choice([*SLIDES]),
                rng.choice([None, None, 1, 2, 7, 40]),
                rng.random() < 0.4,
                rng.choice([0.0, 0.25, 0.5, 0.9, 1.0]) if kind == "quantile" else None,
            )
        )
    return made


def source(rows: list[Row]) -> pl.DataFrame:
    time = pl.Datetime("us", "UTC")
    schema = {"id": pl.String, "time": time, "seen": time, "pass": pl.Boolean}
    return pl.DataFrame(rows, schema={**schema, **{name: t for name, (_, t) in TYPES.items()}})


def make_spine(rng: random.Random, n: int) -> pl.DataFrame:
    """Cutoffs on the local clocks of Berlin, also where they are put back and forward."""
    asked = [
        (
            rng.choice(["p", "p", "q", "r", None]),
            at(rng.randrange(-30, 760)) + rng.choice([0, 0, 1, -1]) * MICROSECOND,
        )
        for _ in range(n)
    ]
    schema = {"id": pl.String, "t": BERLIN}
    return pl.DataFrame(asked, schema=schema, orient="row")


@pytest.mark.parametrize("seed", seeds(30))
def test_windows_equal_brute_force(
    seed: int, make_view: MakeView, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    if seed % 2:  # several threads
        monkeypatch.setattr(sliding, "_SMALL", 1)
    rows = make_rows(rng, rng.choice([1, 40, 300]), unique=rng.random() < 0.7)
    spine = make_spine(rng, 30)
    asked = {f"f{i}": feature for i, feature in enumerate(make_features(rng, 12))}
    view = make_view(
        source(rows),
        known_at="seen",
        time_to_live="1h",  # that of rows as they are: windows have their own length
        features={name: feature.document for name, feature in asked.items()},
    )
    labels = [(row["id"], row["t"]) for row in spine.iter_rows(named=True)]
    decided = {
        name: feature
        for name, feature in asked.items()
        if not any(feature.undecided(rows, *label) for label in labels)
    }
    for name in asked.keys() - decided.keys():
        with pytest.raises(DuplicateKeyError, match=f"feature '{name}' goes by the order of rows"):
            training_set(spine, [f"shop.sales.{name}"], catalog=Catalog((view,)), cutoff="t")
    wanted = {"shop.sales": [*decided]}
    got = training_set(spine, [wanted], catalog=Catalog((view,)), cutoff="t").frame
    for row in got.iter_rows(named=True):
        for name, feature in decided.items():
            want = feature.value(rows, row["id"], row["t"])
            if feature.kind == "std" and want is not None:
                want = pytest.approx(want, rel=1e-12, abs=0)
            assert row[name] == want, (feature, row["id"], row["t"])


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_perturbing_the_future_changes_nothing(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Rows that become known later, and later labels, move no value of any kind."""
    rng = random.Random(seed)
    folder, now = tmp_path_factory.mktemp("future"), at(150)
    local = pl.lit(now).dt.convert_time_zone("Europe/Berlin")
    rows = make_rows(rng, 80, unique=True)
    spine = make_spine(rng, 20).with_columns(pl.col("t").clip(upper_bound=local))
    asked = {f"f{i}": feature for i, feature in enumerate(make_features(rng, 16))}
    fields = {
        "view": "a.b", "source": "rows.parquet", "entities": ["id"], "event_time": "time",
        "known_at": "seen", "features": {name: f.document for name, f in asked.items()},
    }  # fmt: skip
    view = FeatureView.model_validate(fields).at(folder)
    source(rows).write_parquet(folder / "rows.parquet")
    before = training_set(spine, [view], cutoff="t").frame
    past = [row for row in rows if row["seen"] is not None and row["seen"] <= now]
    future = make_rows(rng, 40, unique=True)
    for i, row in enumerate(future):
        row["seen"] = now + MICROSECOND * (1 + i) * rng.choice([1, 10**6, 10**10])
    mixed = past + future
    rng.shuffle(mixed)
    source(mixed).write_parquet(folder / "rows.parquet")
    later = make_spine(rng, 20).with_columns(pl.col("t").clip(lower_bound=local))
    after = training_set(pl.concat([later, spine]), [view], cutoff="t").frame[later.height :]
    assert_frame_equal(before, after)


def window(kind: str, of: str | None = "x", length: str = "9h", **more: object) -> Row:
    type_ = "integer" if kind in ("count", "distinct") else "float"
    said = {"type": type_, "aggregate": kind, "window": length, **more}
    return said if of is None else {**said, "of": of}


def test_a_slide_looks_from_the_last_whole_multiple(make_view: MakeView) -> None:
    rows = {
        "id": [1, 1, 1], "time": [at(0), at(1), at(23)], "seen": [at(0), at(30), at(23)],
        "x": [1.0, 2.0, 4.0],
    }  # fmt: skip
    view = make_view(
        rows,
        known_at="seen",
        features={"day": window("sum", length="1d", slide="1d"), "now": window("sum", length="1d")},
    )
    cutoffs = [at(0), at(0) - MICROSECOND, at(23.5), at(24) - MICROSECOND, at(24), at(31), at(48)]
    asked = pl.DataFrame({"id": [1] * 7, "t": cutoffs})
    got = training_set(asked, [view], cutoff="t").frame
    assert got["day"].to_list() == [1.0, None, 1.0, 1.0, 4.0, 4.0, None]
    assert got["now"].to_list() == [1.0, None, 5.0, 5.0, 4.0, 4.0, None]


def test_a_slide_goes_down_before_1970(make_view: MakeView) -> None:
    early = [datetime(1969, 12, 30, 12, tzinfo=UTC), datetime(1969, 12, 31, 12, tzinfo=UTC)]
    features = {"n": window("count", None, "all", slide="1d")}
    view = make_view({"id": [1, 1], "time": early}, features=features)
    asked = [early[0], early[1], datetime(1969, 12, 31, 23, tzinfo=UTC), EPOCH]
    got = training_set(pl.DataFrame({"id": [1] * 4, "t": asked}), [view], cutoff="t").frame
    assert got["n"].to_list() == [0, 1, 1, 2]


def test_all_is_all_time(make_view: MakeView) -> None:
    old = [datetime(1700, 1, 1, tzinfo=UTC), datetime(1950, 1, 1, tzinfo=UTC)]
    features = {"all": window("count", None, "all"), "most": window("count", None, "36524d")}
    view = make_view({"id": [1, 1], "time": old}, features=features)
    got = training_set(pl.DataFrame({"id": [1], "t": [at(0)]}), [view], cutoff="t").frame
    assert got.select("all", "most").row(0) == (2, 1)


def test_a_limit_counts_rows_that_pass_not_values(make_view: MakeView) -> None:
    rows = {
        "id": [1] * 5, "time": [at(i) for i in range(5)],
        "x": [10.0, 20.0, None, 40.0, 80.0], "ok": [True, True, True, True, False],
    }  # fmt: skip
    few = {"limit": 3, "where": "ok"}
    view = make_view(
        rows,
        features={
            "rows": window("count", None, **few),
            "values": window("count", **few),
            "mean": window("mean", **few),
            "oldest": window("first", **few),
            "of_values": window("mean", limit=3, where="ok and x is not null"),
            "short": window("count", None, "2h", limit=3),
        },
    )
    got = training_set(pl.DataFrame({"id": [1], "t": [at(4)]}), [view], cutoff="t").frame
    assert got.select("rows", "values", "mean", "oldest").row(0) == (3, 2, 30.0, 20.0)
    assert got.select("of_values", "short").row(0) == (70.0 / 3, 2)


def test_rows_with_the_same_clocks_need_the_same_value_where_order_counts(
    make_view: MakeView,
) -> None:
    rows = {
        "id": [1, 1, 1, 2], "time": [at(0), at(1), at(1), at(1)],
        "x": [1.0, 2.0, 2.0, 5.0], "y": [1.0, 2.0, 3.0, 5.0], "z": [None, None, 3.0, 5.0],
    }  # fmt: skip
    features = {
        "x": window("last"), "n": window("count", None, limit=1), "z": window("last", "z"),
        "y": window("last", "y", where="y <> 3"), "all_y": window("last", "y"),
        "some_z": window("count", "z", limit=1), "sum_y": window("sum", "y"),
    }  # fmt: skip
    view = make_view(rows, features=features)
    asked = pl.DataFrame({"id": [1], "t": [at(2)]})

    def got(name: str) -> object:
        wanted = [f"shop.sales.{name}"]
        return training_set(asked, wanted, catalog=Catalog((view,)), cutoff="t").frame[name][0]

    assert [got(name) for name in ("x", "n", "z", "y", "sum_y")] == [2.0, 1, 3.0, 2.0, 6.0]
    for name in ("all_y", "some_z"):
        with pytest.raises(DuplicateKeyError) as caught:
            got(name)
        assert caught.value.message == (
            f"View 'shop.sales' (shop.sales.parquet): feature '{name}' goes by the order of rows, "
            f"and two rows for id 1 at 2024-03-01 01:00:00+00:00 differ in '{name[-1]}'."
        )
        assert "say by known_at or by ties" in caught.value.hint
    early = pl.DataFrame({"id": [1, 2], "t": [at(0), at(2)]})
    got_early = training_set(early, ["shop.sales.all_y"], catalog=Catalog((view,)), cutoff="t")
    assert got_early.frame["all_y"].to_list() == [1.0, 5.0]


def test_floats_that_are_equal_are_one_value(make_view: MakeView) -> None:
    rows = {"id": [1] * 5, "time": [at(0)] * 5, "x": [0.0, -0.0, float("nan"), None, 2.0]}
    features = {"n": window("distinct"), "least": window("min"), "half": window("quantile", q=0.5)}
    view = make_view(rows, features=features)
    got = training_set(pl.DataFrame({"id": [1], "t": [at(0)]}), [view], cutoff="t").frame
    assert got.select("n", "half").row(0) == (2, 0.0)
    assert math.copysign(1.0, got["least"][0]) == 1.0


def test_distinct_of_whole_numbers_of_any_width(make_view: MakeView) -> None:
    big = [2**64 - 1, 2**64 - 1, 2**63, 1, None]
    frame = pl.DataFrame({"id": [1] * 5, "time": [at(0)] * 5}).with_columns(
        u=pl.Series(big, dtype=pl.UInt64), i=pl.Series(big, dtype=pl.Int128)
    )
    view = make_view(frame, features={"u": window("distinct", "u"), "i": window("distinct", "i")})
    got = training_set(pl.DataFrame({"id": [1], "t": [at(0)]}), [view], cutoff="t").frame
    assert got.select("u", "i").row(0) == (3, 3)


@pytest.mark.parametrize("large", [1e6, -1e12, 1e30, 1e200, 1e307])
def test_an_outlier_leaves_no_trace(large: float, make_view: MakeView) -> None:
    """Sums in float64 would have lost the small values to the large one."""
    n = 500
    values = [large if i % 230 == 5 else 0.1 * (i % 7) for i in range(n)]
    view = make_view(
        {"id": [1] * n, "time": [at(i) for i in range(n)], "x": values},
        features={name: window(name, length="4d") for name in ("sum", "mean", "std")},
    )
    asked = pl.DataFrame({"id": [1] * n, "t": [at(i) for i in range(n)]})
    got = training_set(asked, [view], cutoff="t").frame
    for i in range(1, n):
        inside = values[max(0, i - 95) : i + 1]
        assert got["sum"][i] == math.fsum(inside)
        assert got["mean"][i] == math.fsum(inside) / len(inside)
        assert got["std"][i] == pytest.approx(stdev(inside), rel=1e-9)


def test_values_near_the_ends_of_float64(make_view: MakeView) -> None:
    values = [1.5e308, -1.5e308, 1.5e308]
    kinds = {name: window(name) for name in ("sum", "mean", "std", "max", "last")}
    view = make_view(
        {"id": [1] * 3, "time": [at(0), at(1), at(2)], "x": values},
        features={**kinds, "half": window("quantile", q=0.5)},
    )
    got = training_set(pl.DataFrame({"id": [1], "t": [at(2)]}), [view], cutoff="t").frame
    assert got.select("sum", "max", "last", "half").row(0) == (1.5e308,) * 4
    assert got["mean"][0] == pytest.approx(0.5e308)
    assert got["std"][0] == pytest.approx(1.5e308 * (2 / math.sqrt(3)))


def test_equal_values_have_no_spread(make_view: MakeView) -> None:
    n = 300
    view = make_view(
        {"id": [1] * n, "time": [at(i) for i in range(n)], "x": [0.1] * n},
        features={"std": window("std", length="9d")},
    )
    asked = pl.DataFrame({"id": [1] * n, "t": [at(i) for i in range(n)]})
    got = training_set(asked, [view], cutoff="t").frame["std"]
    assert got.to_list() == [None] + [0.0] * (n - 1)


def test_many_windows_over_few_rows_are_forgotten_and_made_again(make_view: MakeView) -> None:
    """More conditions than are kept at once, each asked twice."""
    n = 40
    view = make_view(
        {"id": [1] * n, "time": [at(0)] * n, "x": [float(i) for i in range(n)]},
        features={
            f"{kind}_{i}": window(kind, where=f"x >= {i}")
            for kind in ("sum", "max")
            for i in range(n)
        },
    )
    got = training_set(pl.DataFrame({"id": [1], "t": [at(0)]}), [view], cutoff="t").frame
    for i in range(n):
        assert (got[f"sum_{i}"][0], got[f"max_{i}"][0]) == (sum(range(i, n)), n - 1)


def test_what_cannot_be_aggregated(make_view: MakeView) -> None:
    rows = {"id": [1], "time": [at(0)], "x": ["text"], "y": [float("inf")]}
    features = {
        "n": window("distinct"), "text": window("quantile", q=0.5), "most": window("last", "y"),
        "infinite": window("sum", "y"), "which": window("last", "y", where="y"),
    }  # fmt: skip
    catalog = Catalog((make_view(rows, features=features),))
    asked = pl.DataFrame({"id": [1], "t": [at(0)]})
    said = {
        "text": "feature 'text' aggregates String, not numbers",
        "infinite": "feature 'infinite' aggregates infinite values",
        "which": "feature 'which': where 'y' is Float64, not yes or no",
    }
    for name, message in said.items():
        wanted = {"shop.sales": ["n", "most", name]}
        with pytest.raises(DataError, match=message):
            training_set(asked, [wanted], catalog=catalog, cutoff="t")
    wanted = {"shop.sales": ["n", "most"]}
    got = training_set(asked, [wanted], catalog=catalog, cutoff="t").frame
    assert got.select("n", "most").row(0) == (1, float("inf"))
