"""Look-ups: derived features, defaults, ages, definitions that change, and what is refused."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError, DataError, StoreError, UnknownNameError, UsageError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.join import training_set
from proml_lab.marketplace.online import Online, materialize, open_store
from proml_lab.marketplace.online.store import Store
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import START, MakeView, at
from tests.marketplace.online.conftest import Start
from tests.soak import seeds


def user_and_city(folder: Path, rng: random.Random) -> Catalog:
    """Users with a home and a friend, cities with a number; a view that is made of both."""

    def write(name: str, key: str, values: Callable[[], object], kind: type[pl.DataType]) -> None:
        rows = [
            {key: rng.choice("abc"), "time": at(rng.randrange(40)), "x": values(), "n": float(i)}
            for i in range(30)
        ]
        frame = pl.DataFrame(rows, schema_overrides={"x": kind})
        frame.unique([key, "time"]).write_parquet(folder / f"{name}.parquet")

    write("user", "user", lambda: rng.choice(["a", "b", "z", None]), pl.String)
    write("city", "city", lambda: rng.choice([1.5, -2.0, None]), pl.Float64)
    sales = {"type": "float", "aggregate": "sum", "of": "n", "window": "9h"}
    home = {"type": "string", "default": "c"}
    said = [
        {"view": "g.user", "source": "user.parquet", "entities": ["user"], "event_time": "time",
         "time_to_live": "30h", "features": {"x": home, "sales": sales}},
        {"view": "g.city", "source": "city.parquet", "entities": ["city"], "event_time": "time",
         "features": {"x": "float", "sales": sales}},
        {"view": "g.all",
         "inputs": {
             "home": "g.user.x",
             "here": {"feature": "g.city.x", "keys": {"city": "place"}},
             "at_home": {"feature": "g.city.x", "keys": {"city": "home"}},
             "of_friend": {"feature": "g.user.x", "keys": {"user": "home"}},
             "at_friends": {"feature": "g.city.sales", "keys": {"city": "of_friend"}},
             "sales": "g.user.sales"},
         "features": {
             "home": "string",
             "gap": {"type": "float", "sql": "here - at_home", "default": 0.0},
             "at_friends": "float",
             "twice": {"type": "float", "sql": "sales * 2"},
             "hour": {"type": "integer", "sql": "extract(hour from cutoff)"},
             "seven": {"type": "integer", "sql": "7"}}},
        {"view": "g.more", "inputs": {"gap": "g.all.gap"},
         "features": {"gap_2": {"type": "float", "sql": "gap * gap"}}},
    ]  # fmt: skip
    return Catalog(tuple(FeatureView.model_validate(one).at(folder) for one in said))


@pytest.fixture(params=["embedded", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path, start_redis: Start) -> Store:
    return open_store(tmp_path / "online" if request.param == "embedded" else start_redis())


@pytest.mark.parametrize("seed", seeds(4))
def test_derived_features_are_those_of_the_join(seed: int, store: Store, tmp_path: Path) -> None:
    rng = random.Random(seed)
    online = Online(user_and_city(tmp_path, rng), store)
    moment = at(rng.randrange(20, 40))
    online.materialize(["g.more"], until=moment)
    spine = pl.DataFrame(
        {"user": ["a", "b", "c", "new", None] * 2, "place": ["a"] * 5 + ["b", "c", "z", None, "a"]}
    )
    with_cutoff = spine.with_columns(cutoff=pl.lit(moment))
    views = ["g.all", "g.more"]
    want = training_set(with_cutoff, views, catalog=online.catalog, cutoff="cutoff").frame
    found = online.lookup(spine, views, at=moment).frame()
    names = [name for name in found.columns if name != "age_s"]
    assert found.select(names).equals(want.select(names))
    verdict = online.check(["g.user", "g.more"], sample=20)
    assert (verdict.verdict, bool(verdict)) == ("pass", True)


def simple(make_view: MakeView, **fields: object) -> FeatureView:
    rows = {"id": ["a", "b"], "time": [at(0), at(5)], "x": [1.0, None]}
    hours = "(extract(epoch from cutoff) - extract(epoch from time)) / 3600"
    features = {
        "x": {"type": "float", "default": 9.0},
        "n": {"type": "integer", "aggregate": "count", "window": "1d"},
        "hours": {"type": "float", "sql": hours},
    }
    return make_view(rows, **{"features": features, "time_to_live": "10h", **fields})


def test_values_ages_and_the_moment(make_view: MakeView, tmp_path: Path) -> None:
    view = simple(make_view)
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    online.materialize(until=at(6))
    found = online.lookup({"id": ["a", "b", "c", None]}, view.view, at=at(10))
    assert len(found) == 4
    assert found.at == at(10)
    assert found["x"] == [9.0, 9.0, 9.0, 9.0]  # a is past its time to live at 10 h
    assert found["n"] == [1, 1, 0, None]
    assert found["hours"] == [None, 5.0, None, None]
    assert found.ages() == {
        "x": [10 * 3600.0, 5 * 3600.0, None, None],
        "n": [4 * 3600.0, 4 * 3600.0, None, None],
        "hours": [10 * 3600.0, 5 * 3600.0, None, None],
    }
    assert found.row(1) == {"x": 9.0, "n": 1, "hours": 5.0}
    plain = found._repr_mimebundle_()["text/plain"].splitlines()
    assert plain[0] == "3 features of 4 entities"
    assert plain[3].split() == ["a", "n", "1", "4.0", "h"]
    assert online.lookup({"id": "a"}, view.view, at="2024-03-01T09:59Z")["x"] == [1.0]


def test_the_moment_is_now_or_that_of_the_values(make_view: MakeView, tmp_path: Path) -> None:
    view = simple(make_view, time_to_live="all")
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    online.materialize(until=at(6))
    before = datetime.now(UTC)
    assert before <= online.lookup({"id": "a"}, "shop.sales.x").at <= datetime.now(UTC)
    late = datetime.now(UTC) + timedelta(days=1)
    online.materialize(until=late)
    assert online.lookup({"id": "a"}, "shop.sales.x").at == late


def test_entities_in_every_form(make_view: MakeView, tmp_path: Path) -> None:
    view = simple(make_view)
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    online.materialize(until=at(6))

    def x(entities: object) -> list[object]:
        return online.lookup(entities, [{view.view: ["x"]}], at=at(6))["x"]  # type: ignore[arg-type]

    both = [1.0, 9.0]
    assert x({"id": "a"}) == [1.0]
    assert x({"id": ["a", "b"], "more": 1}) == both
    assert x([{"id": "a"}, {"id": "b"}]) == both
    assert x(pl.DataFrame({"id": pl.Series(["a", "b"], dtype=pl.Categorical)})) == both
    assert x({"id": pl.Series(["a", "b"])}) == both
    assert x({"id": []}) == x([]) == []
    renamed = online.lookup({"id": "a"}, {view.view: {"mine": "n"}})
    assert renamed.values == {"mine": [1]}


KEYS = [
    (pl.Int8, 7, "7"),
    (pl.UInt64, 2**63, str(2**63)),
    (pl.Boolean, True, "true"),
    (pl.Date, date(1969, 12, 31), "1969-12-31"),
    (pl.Datetime("ms", "UTC"), at(1), "2024-03-01T01:00Z"),
    (pl.Datetime("ns"), datetime(2024, 3, 1, 1), "2024-03-01T01:00"),
    (pl.String, "é" * 300, "é" * 300),
    (pl.Categorical, "", ""),
]


@pytest.mark.parametrize(("kind", "value", "text"), KEYS, ids=lambda case: str(case)[:12])
def test_keys_of_every_kind(
    kind: type[pl.DataType], value: object, text: str, make_view: MakeView, tmp_path: Path
) -> None:
    frame = pl.DataFrame({"id": pl.Series([value], dtype=kind), "b": [3], "x": [1.0]})
    for entities in (["id"], ["id", "b"]):
        view = make_view(frame, entities=entities, event_time=None, features={"x": "float"})
        online = Online(Catalog((view,)), open_store(tmp_path / f"online{len(entities)}"))
        online.materialize()
        typed = online.entity(dict(zip(entities, (text, "3"), strict=False)), view.view)
        assert online.lookup(typed, view.view)["x"] == [1.0]
        assert online.lookup({"id": value, "b": 3}, view.view)["x"] == [1.0]
        assert online.lookup({"id": None, "b": 3}, view.view)["x"] == [None]
        assert online.check().verdict == "pass"


def test_old_and_new_definitions_never_mix(make_view: MakeView, tmp_path: Path) -> None:
    store = open_store(tmp_path / "online")
    old = simple(make_view)
    new = simple(make_view, time_to_live="2h")
    newest = simple(make_view, time_to_live="3h")
    mine, theirs, last = (Online(Catalog((view,)), store) for view in (old, new, newest))
    mine.materialize(until=at(6))
    with pytest.raises(
        StoreError, match=r"has changed since it was put online, as of 2024-03-01T06"
    ):
        theirs.lookup({"id": "a"}, "shop.sales.x")
    assert theirs.holdings().frame()["status"].to_list() == ["changed"]
    theirs.materialize(until=at(7))
    assert mine.lookup({"id": "a"}, "shop.sales.x", at=at(7))["x"] == [1.0]
    assert theirs.lookup({"id": "a"}, "shop.sales.x", at=at(7))["x"] == [9.0]
    assert theirs.holdings().frame()["status"].to_list() == ["current", "changed"]
    last.materialize(until=at(8))
    with pytest.raises(StoreError, match="has changed"):
        mine.lookup({"id": "a"}, "shop.sales.x")
    assert theirs.lookup({"id": "a"}, "shop.sales.x")["x"] == [9.0]
    assert Online(Catalog(()), store).holdings().frame()["status"].unique().to_list() == ["gone"]


def test_a_text_for_people_changes_nothing(make_view: MakeView, tmp_path: Path) -> None:
    store = open_store(tmp_path / "online")
    Online(Catalog((simple(make_view),)), store).materialize(until=at(6))
    said = Online(Catalog((simple(make_view, description="Sales.", owner="us"),)), store)
    assert said.lookup({"id": "a"}, "shop.sales.n")["n"] == [1]
    assert said.materialize(until=at(6)).frame()["written"].to_list() == [0]


def test_records_of_another_form_are_written_whole(make_view: MakeView, tmp_path: Path) -> None:
    view = make_view({"id": [1], "x": [1.0]}, event_time=None, features={"x": "float"})
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    online.materialize()
    pl.DataFrame({"id": ["1"], "x": [2.0]}).write_parquet(tmp_path / "shop.sales.parquet")
    online.materialize()
    assert online.lookup({"id": "1"}, view.view)["x"] == [2.0]
    with pytest.raises(DataError, match=r"key 'id' of view 'shop.sales' is text, found 1\."):
        online.lookup({"id": 1}, view.view)


def test_readers_go_on_while_it_is_written(
    make_view: MakeView, tmp_path: Path, store: Store
) -> None:
    """Two views whose values are always of one moment: no look-up may see two."""
    n = 10
    rows = {"id": ["a"] * n, "time": [at(i) for i in range(n)], "x": [float(i) for i in range(n)]}
    views = [
        make_view(rows, view=f"g.{name}", features={f"x_{name}": {"type": "float", "column": "x"}})
        for name in "pq"
    ]
    catalog = Catalog(tuple(views))
    writer, reader = Online(catalog, store), Online(catalog, store)
    writer.materialize(until=at(0))
    wrong: list[object] = []

    def write() -> None:
        for i in range(1, 10):
            writer.materialize(until=at(i))

    thread = threading.Thread(target=write)
    thread.start()
    n_seen = 0
    while thread.is_alive() or not n_seen:
        found = reader.lookup({"id": "a"}, ["g.p", "g.q"])
        n_seen += 1
        if found["x_p"] != found["x_q"]:
            wrong.append(found.values)
    thread.join()
    assert not wrong
    assert reader.lookup({"id": "a"}, ["g.p", "g.q"]).row() == {"x_p": 9.0, "x_q": 9.0}


@pytest.mark.parametrize("until", [at(5), None])
def test_two_materializations_at_once(
    make_view: MakeView, store: Store, until: datetime | None
) -> None:
    n = 300
    rows = {
        "id": [f"{i % 30}" for i in range(n)],
        "time": [START + timedelta(minutes=i) for i in range(n)],
        "x": [float(i) for i in range(n)],
    }
    views = [make_view(rows, view=f"g.{name}", features={"x": "float"}) for name in "pq"]
    failed: list[Exception] = []

    def write(view: FeatureView) -> None:
        try:
            materialize([view], open_store_again(store), until=until)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(view,)) for view in [*views, *views]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    online = Online(Catalog(tuple(views)), store)
    assert online.holdings().frame()["entities"].to_list() == [30, 30]
    assert online.check().verdict == "pass"


def open_store_again(store: Store) -> Store:
    return open_store(getattr(store, "address", None) or store.folder)  # type: ignore[attr-defined]


def test_what_cannot_be_looked_up(make_view: MakeView, tmp_path: Path) -> None:
    view = simple(make_view)
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    with pytest.raises(StoreError, match=r"not online: The online store .* has no records of it"):
        online.lookup({"id": "a"}, view.view)
    online.materialize(until=at(6))
    with pytest.raises(ColumnMissingError, match="needs the key 'id', which is not given"):
        online.lookup({"idd": "a"}, view.view)
    with pytest.raises(ColumnMissingError, match="needs the key 'id'"):
        online.lookup(pl.DataFrame({"other": [1]}), view.view)
    with pytest.raises(DataError, match=r"'id' of view 'shop\.sales' is text, found 7"):
        online.lookup({"id": ["a", 7]}, view.view)
    with pytest.raises(UnknownNameError, match="shop"):
        online.lookup({"id": "a"}, "shop.nothing")
    with pytest.raises(UsageError, match="No feature was asked for"):
        online.lookup({"id": "a"}, [])
    with pytest.raises(UsageError, match="'soon' is no moment"):
        online.lookup({"id": "a"}, view.view, at="soon")
    with pytest.raises(UsageError, match="have no key 'ib'"):
        online.entity({"ib": "a"}, view.view)
    pair = make_view(
        {"a": [1], "b": [True], "x": [1.0]}, view="g.pair", entities=["a", "b"], event_time=None,
        features={"x": "integer"},
    )  # fmt: skip
    online = Online(Catalog((pair,)), online.store)
    online.materialize()
    with pytest.raises(DataError, match="a, b have different numbers of values"):
        online.lookup({"a": [1, 2], "b": True}, "g.pair")
    with pytest.raises(UsageError, match="'a' is whole numbers, found 'x'"):
        online.entity({"a": "x"}, "g.pair")
    with pytest.raises(DataError, match="is true or false, found 1"):
        online.lookup({"a": 1, "b": 1}, "g.pair")
    with pytest.raises(DataError, match="is whole numbers, found True"):
        online.lookup({"a": True, "b": True}, "g.pair")


def test_a_formula_that_does_not_fit_is_named(make_view: MakeView, tmp_path: Path) -> None:
    view = simple(make_view)
    made = FeatureView.model_validate(
        {"view": "g.d", "inputs": {"x": "shop.sales.x"},
         "features": {"fine": {"type": "float", "sql": "x + 1"},
                      "wrong": {"type": "float", "sql": "extract(hour from x)"}}}
    )  # fmt: skip
    online = Online(Catalog((view, made)), open_store(tmp_path / "online"))
    online.materialize(until=at(6))
    assert online.lookup({"id": "a"}, "g.d.fine", at=at(6))["fine"] == [2.0]
    with pytest.raises(DataError, match=r"View 'g\.d': feature 'wrong' .* cannot be computed"):
        online.lookup({"id": "a"}, "g.d", at=at(6))


def test_a_derived_view_needs_its_catalogue_and_its_types(
    make_view: MakeView, tmp_path: Path
) -> None:
    view = simple(make_view)
    made = FeatureView.model_validate(
        {"view": "g.d", "inputs": {"x": "shop.sales.x"},
         "features": {"y": {"type": "integer", "sql": "x / 3"}}}
    )  # fmt: skip
    store = open_store(tmp_path / "online")
    with pytest.raises(UsageError, match="no catalogue says what they are"):
        materialize([made], store)
    online = Online(Catalog((view, made)), store)
    online.materialize(until=at(6))
    with pytest.raises(DataError, match="declares feature 'y' as integer, but it gives Float64"):
        online.lookup({"id": "a"}, "g.d", at=at(6))
