"""Materialized values are those of the join; written again in part they are those of the whole."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import DataError, SourceError, UsageError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.join import training_set
from proml_lab.marketplace.online import Online, open_store
from proml_lab.marketplace.source import Files
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import START, MakeView, at
from tests.soak import seeds

FEATURES: dict[str, object] = {
    "x": "float",
    "n": "integer",
    "word": {"type": "string", "column": "s", "default": "none"},
    "yes": "boolean",
    "day": "date",
    "seen": "time",
    "tags": "list[string]",
    "numbers": "list[integer]",
    "moments": "list[time]",
    "place": "vector[2]",
    "double": {"type": "float", "sql": "x * 2", "default": -1.0},
    "age_s": {"type": "float", "sql": "extract(epoch from cutoff) - extract(epoch from time)"},
    "n_9h": {"type": "integer", "aggregate": "count", "window": "9h"},
    "sum_9h": {"type": "float", "aggregate": "sum", "of": "x", "window": "9h"},
    "mean_30h": {"type": "float", "aggregate": "mean", "of": "x", "window": "30h"},
    "std_all": {"type": "float", "aggregate": "std", "of": "x", "window": "all"},
    "min_9h": {"type": "float", "aggregate": "min", "of": "x", "window": "9h", "default": 0.5},
    "n_colours": {"type": "integer", "aggregate": "distinct", "of": "s", "window": "30h"},
    "middle": {"type": "float", "aggregate": "quantile", "of": "x", "q": 0.5, "window": "30h"},
    "first_tags": {"type": "list[string]", "aggregate": "first", "of": "tags", "window": "9h"},
    "last_s": {"type": "string", "aggregate": "last", "of": "s", "window": "all"},
    "daily": {"type": "float", "aggregate": "sum", "of": "x", "window": "30h", "slide": "1d"},
    "slow": {"type": "integer", "aggregate": "count", "window": "9h", "slide": "6h"},
    "newest_2": {"type": "float", "aggregate": "mean", "of": "x", "window": "30h", "limit": 2},
    "n_big": {"type": "integer", "aggregate": "count", "where": "x > 0", "window": "30h"},
}  # fmt: skip
SCHEMA = {
    "a": pl.String, "b": pl.Int32, "time": pl.Datetime("us", "UTC"),
    "known": pl.Datetime("ns", "UTC"), "x": pl.Float64, "n": pl.Int16, "s": pl.Categorical,
    "yes": pl.Boolean, "day": pl.Date, "seen": pl.Datetime("ms", "UTC"), "tags": pl.List(pl.String),
    "numbers": pl.List(pl.Int64), "moments": pl.List(pl.Datetime("us", "UTC")),
    "place": pl.Array(pl.Float64, 2),
}  # fmt: skip


def rows(rng: random.Random, n: int, begin: int = 0) -> list[dict[str, object]]:
    """Rows with nulls, late arrivals and keys of two parts."""

    def maybe(value: object) -> object:
        return None if rng.random() < 0.15 else value

    made = []
    for i in range(n):
        event = at(rng.randrange(60))
        made.append(
            {
                "a": maybe(rng.choice(["x", "y", "zü"])),
                "b": maybe(rng.randrange(3)),
                "time": maybe(event),
                "known": event + timedelta(hours=rng.choice([0, 0, 1, 20]), microseconds=begin + i),
                "x": maybe(rng.choice([rng.gauss(0, 3), float("nan"), 0.0])),
                "n": maybe(rng.randrange(-5, 5)),
                "s": maybe(rng.choice(["red", "", "grün"])),
                "yes": maybe(rng.random() < 0.5),
                "day": maybe(event.date()),
                "seen": maybe(event),
                "tags": maybe([maybe("a"), "", "bé"][: rng.randrange(4)]),
                "numbers": maybe([maybe(7), -1][: rng.randrange(3)]),
                "moments": maybe([event, maybe(event)][: rng.randrange(3)]),
                "place": maybe([1.5, maybe(2.5)]),
            }
        )
    return made


def write(folder: Path, made: list[dict[str, object]]) -> None:
    pl.DataFrame(made, schema=SCHEMA).write_parquet(folder / "shop.sales.parquet")


def bind(make_view: MakeView, made: list[dict[str, object]], **fields: object) -> FeatureView:
    fields = {"time_to_live": "20h", "features": FEATURES, "known_at": "known", **fields}
    return make_view(pl.DataFrame(made, schema=SCHEMA), entities=["a", "b"], **fields)


ENTITIES = [{"a": a, "b": b} for a in ("x", "y", "zü", "new", None) for b in (0, 1, 2, None)]


def joined(view: FeatureView, catalog: Catalog, moment: datetime) -> dict[str, list[object]]:
    spine = pl.DataFrame(ENTITIES, schema={"a": pl.String, "b": pl.Int32})
    spine = spine.with_columns(cutoff=pl.lit(moment).cast(pl.Datetime("us", "UTC")))
    names = {f"f_{name}": name for name in view.features}
    found = training_set(spine, {view.view: names}, catalog=catalog, cutoff="cutoff").frame
    return {name: found[new].to_list() for new, name in names.items()}


def same(one: object, other: object) -> bool:
    """Bit for bit, NaN too."""
    return repr(one) == repr(other).replace("zoneinfo.ZoneInfo(key='UTC')", "datetime.timezone.utc")


@pytest.mark.parametrize("seed", seeds(6))
def test_a_look_up_is_the_join_at_the_moment(
    seed: int, make_view: MakeView, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    view = bind(make_view, rows(rng, 80))
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    moment = at(rng.randrange(10, 70))
    online.materialize(until=moment)
    found = online.lookup(ENTITIES, view.view, at=moment)
    for name, want in joined(view, online.catalog, moment).items():
        assert same(found[name], want), name


@pytest.mark.parametrize("seed", seeds(6))
def test_rows_expire_and_ages_grow_at_look_up(
    seed: int, make_view: MakeView, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    made = [{**row, "known": at(i / 1000)} for i, row in enumerate(rows(rng, 30)) if row["time"]]
    view = bind(make_view, made)
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    online.materialize(until=at(60))
    later = at(60 + rng.randrange(40))
    found = online.lookup(ENTITIES, view.view, at=later)
    want = joined(view, online.catalog, later)
    for name in view.features:
        if not view.features[name].aggregate:
            assert same(found[name], want[name]), name


@pytest.mark.parametrize("seed", seeds(10))
def test_what_is_written_in_part_is_what_is_written_whole(
    seed: int, make_view: MakeView, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    made = rows(rng, 60)
    view = bind(make_view, made)
    catalog = Catalog((view,))
    online = Online(catalog, open_store(tmp_path / "online"))
    hour = 20
    for step in range(4):
        moment = at(hour)
        done = online.materialize(until=moment).frame()
        whole = Online(catalog, open_store(tmp_path / f"whole{step}"))
        all_of_it = whole.materialize(until=moment).frame()
        assert done.select("entities", "bytes").equals(all_of_it.select("entities", "bytes"))
        mine, theirs = (one.lookup(ENTITIES, view.view, at=moment) for one in (online, whole))
        assert same(mine.values, theirs.values)
        assert same(mine.ages(), theirs.ages())
        hour += rng.choice([0, 1, 5, 30])
        match rng.randrange(4):
            case 0:  # rows that come late, some of them of long ago
                made = made + rows(rng, 5, begin=100 * (step + 1))
            case 1:
                made = [row for row in made if row["a"] != "x"]
            case 2:
                made = [{**row, "x": 1.0} if rng.random() < 0.1 else row for row in made]
        write(tmp_path, made)


def test_only_entities_with_news_are_written(make_view: MakeView, tmp_path: Path) -> None:
    hours = [1, 2, 3, 30]
    rows = {"id": ["a", "b", "c", "b"], "time": [at(h) for h in hours], "x": [1.0, 2.0, 3.0, 4.0]}
    features = {"x": "float", "n": {"type": "integer", "aggregate": "count", "window": "24h"}}
    view = make_view(rows, features=features)
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))

    def done(hour: float) -> tuple[int, int, int]:
        frame = online.materialize(until=at(hour)).frame()
        return frame.select("entities", "written", "removed").row(0)

    assert done(2) == (2, 2, 0)
    assert done(2) == (2, 0, 0)
    assert done(4) == (3, 1, 0)
    assert done(25) == (3, 1, 0)  # the row of a leaves the window
    assert done(26) == (3, 1, 0)
    assert done(29) == (3, 1, 0)
    assert done(30) == (3, 1, 0)
    pl.DataFrame({name: values[1:] for name, values in rows.items()}).write_parquet(
        tmp_path / "shop.sales.parquet"
    )
    assert done(31) == (2, 0, 1)
    assert online.lookup({"id": ["a", "b"]}, view.view)["n"] == [0, 1]
    assert online.materialize(until=at(30), full=True).frame()["written"].to_list() == [2]


def test_a_source_is_read_once(
    make_view: MakeView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written is of the rows that told what has news."""
    features = {"x": "float", "n": {"type": "integer", "aggregate": "count", "window": "24h"}}
    view = make_view({"id": ["a"], "time": [START], "x": [1.0]}, features=features)
    reads: list[str] = []

    def counted(self: Files) -> pl.LazyFrame:
        reads.append(self.name)
        return scan(self)

    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    scan = Files.scan
    monkeypatch.setattr(Files, "scan", counted)
    monkeypatch.setattr(Files, "schema", lambda self: scan(self).collect_schema())
    online.materialize(until=at(2))
    assert len(reads) == 1
    monkeypatch.undo()
    found = online.lookup({"id": ["a"]}, view.view)
    assert (found["x"], found["n"]) == ([1.0], [1])


def test_going_back_is_refused(make_view: MakeView, tmp_path: Path) -> None:
    view = make_view({"id": ["a"], "time": [START], "x": [1.0]}, features={"x": "float"})
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    online.materialize(until=at(5))
    with pytest.raises(UsageError, match=r"online as of 2024-03-01T05.*later than 2024-03-01T04"):
        online.materialize(until=at(4))
    with pytest.raises(UsageError, match="has no time zone"):
        online.materialize(until=datetime(2024, 3, 1))
    with pytest.raises(UsageError, match="before the moment of the values"):
        online.lookup({"id": "a"}, view.view, at=at(4))


def test_sources_that_cannot_be_kept(make_view: MakeView, tmp_path: Path) -> None:
    store = open_store(tmp_path / "online")
    price = pl.Series("price", ["1.50"]).cast(pl.Decimal(10, 2))
    frame = pl.DataFrame({"id": ["a"], "time": [START]}).with_columns(price)
    reads = {"type": "float", "sql": "price * extract(hour from cutoff)"}
    view = make_view(frame, features={"p": reads})
    with pytest.raises(DataError, match=r"reads the cutoff and column 'price', which is Decimal"):
        Online(Catalog((view,)), store).materialize()
    view = make_view(
        {"id": [1.5], "time": [START], "x": [1.0]}, view="b.c", features={"x": "float"}
    )
    with pytest.raises(DataError, match="the key 'id' is Float64"):
        Online(Catalog((view,)), store).materialize()
    (tmp_path / "b.c.parquet").unlink()
    with pytest.raises(SourceError, match=r"b\.c"):
        Online(Catalog((view,)), store).materialize()
    assert not store.state().tables


def test_raw_columns_keep_their_types(make_view: MakeView, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"id": ["a"], "small": [100], "span": [timedelta(hours=2)], "part": [0.1], "time": [START]}
    ).with_columns(
        pl.col("small").cast(pl.Int8),
        pl.col("part").cast(pl.Float32),
        pl.col("time").cast(pl.Datetime("ns", "UTC")),
    )
    features = {
        "wraps": {"type": "integer", "sql": "small + small + 0 * extract(hour from cutoff)"},
        "late": {"type": "boolean", "sql": "cutoff - time > span"},
        "part": {"type": "float", "sql": "part + 0 * extract(hour from cutoff)"},
    }
    view = make_view(frame, features=features)
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    online.materialize(until=at(3))
    spine = pl.DataFrame({"id": ["a"], "cutoff": [at(3)]})
    want = training_set(spine, [view], cutoff="cutoff").frame.select(*features).row(0, named=True)
    assert online.lookup({"id": "a"}, view.view, at=at(3)).row() == want


def test_repeated_rows_are_fine_in_windows_alone(make_view: MakeView, tmp_path: Path) -> None:
    rows = {"id": ["a", "a"], "time": [START, START], "x": [1.0, 1.0]}
    features = {"n": {"type": "integer", "aggregate": "count", "window": "1d"}}
    view = make_view(rows, features=features)
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    online.materialize(until=at(1))
    found = online.lookup({"id": "a"}, view.view, at=at(3))
    assert (found["n"], found.ages()) == ([2], {"n": [7200.0]})
