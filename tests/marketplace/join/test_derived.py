"""Features computed from those of other views, for the label's entity or another."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError, DataError, UsageError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import at
from tests.marketplace.join.ways import training_set
from tests.soak import seeds


@dataclass(frozen=True)
class Fact:
    """What was said of someone: when it was so, when it was known, and the value."""

    who: str
    event: datetime
    known: datetime
    value: str | float | None


def newest(facts: list[Fact], who: str | None, cutoff: datetime) -> str | float | None:
    seen = [f for f in facts if f.who == who and f.event <= cutoff and f.known <= cutoff]
    found = max(seen, key=lambda f: (f.event, f.known), default=None)
    return found.value if found else None


def make_facts(rng: random.Random, who: str, values: list[str | float | None]) -> list[Fact]:
    found: dict[tuple[str, datetime, datetime], Fact] = {}
    for _ in range(25):
        event = at(rng.randrange(30))
        fact = Fact(rng.choice(who), event, event + timedelta(hours=rng.randrange(6)), None)
        fact = Fact(fact.who, fact.event, fact.known, rng.choice(values))
        found[fact.who, fact.event, fact.known] = fact
    return list(found.values())


def written(folder: Path, name: str, key: str, facts: list[Fact], kind: pl.DataType) -> FeatureView:
    rows = [(f.who, f.event, f.known, f.value) for f in facts]
    time = pl.Datetime("us", "UTC")
    schema = {key: pl.String(), "time": time, "seen": time, "x": kind}
    pl.DataFrame(rows, schema=schema, orient="row").write_parquet(folder / f"{name}.parquet")
    feature = {"type": "string" if kind == pl.String else "float"}
    return FeatureView.model_validate(
        {
            "view": f"g.{name}", "source": f"{name}.parquet", "entities": [key],
            "event_time": "time", "known_at": "seen", "features": {"x": feature},
        }
    ).at(folder)  # fmt: skip


def derived(**features: object) -> FeatureView:
    return FeatureView.model_validate(
        {
            "view": "g.derived",
            "inputs": {
                "home": "g.user.x",
                "here": {"feature": "g.city.x", "keys": {"city": "city"}},
                "at_home": {"feature": "g.city.x", "keys": {"city": "home"}},
                "of_friend": {"feature": "g.user.x", "keys": {"user": "friend"}},
                "at_friends": {"feature": "g.city.x", "keys": {"city": "of_friend"}},
            },
            "features": features,
        }
    )


FEATURES = {
    "home": {"type": "string"},
    "difference": {"type": "float", "sql": "here - at_home"},
    "at_home": {"type": "float", "default": -1.0},
    "at_friends": {"type": "float"},
    "any": {"type": "float", "sql": "coalesce(at_home, at_friends, 0)"},
    "hour": {"type": "integer", "sql": "extract(hour from cutoff)"},
}


@pytest.mark.parametrize("seed", seeds(8))
def test_derived_features_equal_a_reading_row_by_row(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    users = make_facts(rng, "abc", ["p", "q", "r", None])
    cities = make_facts(rng, "pqr", [1.0, 2.0, 3.0, None])
    views = (
        derived(**FEATURES),
        written(tmp_path, "user", "user", users, pl.String()),
        written(tmp_path, "city", "city", cities, pl.Float64()),
    )
    asked = [
        (
            rng.choice(["a", "b", "z", None]),
            rng.choice("abc"),
            rng.choice("pqx"),
            at(rng.random() * 40),
        )
        for _ in range(60)
    ]
    spine = pl.DataFrame(asked, schema=["user", "friend", "city", "t"], orient="row")
    got = training_set(spine, ["g.derived"], catalog=Catalog(views), cutoff="t").frame

    want = []
    for user, friend, city, cutoff in asked:
        home, of_friend = newest(users, user, cutoff), newest(users, friend, cutoff)
        here, at_home, at_friends = (newest(cities, c, cutoff) for c in (city, home, of_friend))
        want.append(
            {
                "home": home,
                "difference": None if None in (here, at_home) else here - at_home,
                "at_home": -1.0 if at_home is None else at_home,
                "at_friends": at_friends,
                "any": next((v for v in (at_home, at_friends) if v is not None), 0.0),
                "hour": cutoff.hour,
            }
        )
    assert got.select(*FEATURES).to_dicts() == want


def test_derived_of_derived_and_only_what_is_needed_is_read(tmp_path: Path) -> None:
    facts = [Fact("a", at(0), at(0), 2.0)]
    base = written(tmp_path, "base", "k", facts, pl.Float64())
    gone = written(tmp_path, "gone", "k", facts, pl.Float64())
    (tmp_path / "gone.parquet").unlink()
    one = FeatureView.model_validate(
        {
            "view": "g.one", "inputs": {"x": "g.base.x", "lost": "g.gone.x"},
            "features": {"twice": {"type": "float", "sql": "2 * x"},
                         "lost": {"type": "float"}},
        }
    )  # fmt: skip
    two = FeatureView.model_validate(
        {
            "view": "g.two", "inputs": {"twice": {"feature": "g.one.twice", "keys": {"k": "id"}}},
            "features": {"more": {"type": "float", "sql": "twice + 1"}},
        }
    )  # fmt: skip
    catalog = Catalog((two, one, base, gone))
    spine = pl.DataFrame({"id": ["a", "b"], "t": [at(1), at(1)]})
    made = training_set(spine, ["g.two"], catalog=catalog, cutoff="t")
    assert made.frame["more"].to_list() == [5.0, None]
    assert made.entities == ("id",)
    origins = {origin.view: origin for origin in made.origins}
    assert list(origins) == ["spine", "g.two", "g.base"]
    assert origins["g.two"].columns == ("more",)
    assert origins["g.two"].query == "more: twice + 1"
    assert origins["g.base"].columns == ()
    assert origins["g.base"].source == "base.parquet"


def test_a_change_of_an_input_changes_the_fingerprint(tmp_path: Path) -> None:
    spine = pl.DataFrame({"k": ["a"], "t": [at(1)]})
    prints = []
    for value in (1.0, 1.0, 2.0):
        base = written(tmp_path, "base", "k", [Fact("a", at(0), at(0), value)], pl.Float64())
        one = FeatureView.model_validate(
            {
                "view": "g.one",
                "inputs": {"x": "g.base.x"},
                "features": {"y": {"type": "float", "sql": "x"}},
            }
        )
        made = training_set(spine, ["g.one"], catalog=Catalog((one, base)), cutoff="t")
        prints.append(made.origins[1].fingerprint)
    assert prints[0] == prints[1] != prints[2]


def test_what_a_derived_view_needs_is_told(tmp_path: Path) -> None:
    users = written(tmp_path, "user", "user", [Fact("a", at(0), at(0), "p")], pl.String())
    cities = written(tmp_path, "city", "city", [Fact("p", at(0), at(0), 1.0)], pl.Float64())
    view = derived(home={"type": "float"})
    catalog = Catalog((view, users, cities))
    spine = pl.DataFrame({"user": ["a"], "friend": ["a"], "city": ["p"], "t": [at(1)]})
    with pytest.raises(
        UsageError, match=r"'g.derived' is derived .*\nHint: ask for it by its name"
    ):
        training_set(spine, [view], cutoff="t")
    with pytest.raises(UsageError, match=r"View 'g.derived' has an event time, so the spine needs"):
        training_set(spine, ["g.derived"], catalog=catalog)
    with pytest.raises(
        ColumnMissingError, match=r"'g.derived' joins on 'friend', the spine has no"
    ):
        training_set(spine.drop("friend"), ["g.derived"], catalog=catalog, cutoff="t")
    with pytest.raises(
        DataError, match="declares feature 'home' as float, but its inputs give Str"
    ):
        training_set(spine, ["g.derived"], catalog=catalog, cutoff="t")


def test_errors_of_keys_say_what_gives_them(tmp_path: Path) -> None:
    """The spine, or the input of a derived view."""
    users = written(tmp_path, "user", "user", [Fact("a", at(0), at(0), "p")], pl.String())
    odd = written(tmp_path, "user", "user", [Fact("a", at(0), at(0), 1.0)], pl.Float64())
    cities = written(tmp_path, "city", "city", [Fact("q", at(0), at(0), 1.0)], pl.Float64())
    view = derived(at_home={"type": "float"})
    spine = pl.DataFrame({"user": ["a"], "friend": ["a"], "city": ["q"], "t": [at(1)], "y": [0]})
    with pytest.raises(DataError) as caught:
        training_set(spine, ["g.derived"], catalog=Catalog((view, odd, cities)), cutoff="t")
    assert caught.value.message == (
        "View 'g.city' joins on 'city', which is Float64 in the input 'home' of view 'g.derived' "
        "and String in city.parquet."
    )
    written(tmp_path, "user", "user", [Fact("a", at(0), at(0), "p")], pl.String())
    catalog = Catalog((view, users, cities))
    with pytest.raises(DataError) as caught:
        training_set(spine, ["g.derived"], catalog=catalog, cutoff="t", label="y")
    assert caught.value.message == (
        "View 'g.city' joins on 'city', and no value of it in the input 'home' of view "
        "'g.derived' is in 'city' of city.parquet."
    )
    assert "the input 'home' of view 'g.derived' has 'p', the source 'q'" in caught.value.hint
    written(tmp_path, "user", "user", [Fact("a", at(0), at(0), None)], pl.String())
    with pytest.raises(DataError, match=r"null in every row of the input 'home' of view 'g.d"):
        training_set(spine, ["g.derived"], catalog=catalog, cutoff="t", label="y")
