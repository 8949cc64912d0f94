"""What is known of features when one searches: from what was kept, judged at this moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proml_lab.errors import UnknownNameError
from proml_lab.marketplace.find.knowledge import knowledge, pictures
from proml_lab.marketplace.know import kept
from proml_lab.marketplace.know.kept import Looked
from proml_lab.marketplace.know.reasons import micros
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.workspace import Workspace, open_workspace

NOW = datetime(2024, 5, 1, tzinfo=UTC)
DAY = micros(timedelta(days=1))
VIEW = """view: shop.sales
source: s.parquet
entities: [id]
event_time: t
features:
  fresh: float
  stale: float
  quiet: float
  ahead: float
  static: float
  empty: float
  old: {type: float, status: deprecated}
  new: {type: float, status: draft}
  unseen: float
"""


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    (tmp_path / "proml.toml").touch()
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "sales.yaml").write_text(VIEW)
    return open_workspace(tmp_path)


def look(shop: Workspace) -> None:
    """As if all but `unseen` had been looked at."""
    meaning = shop.catalog.view("shop.sales").meaning
    now = micros(NOW)

    def row(name: str, **told: object) -> Looked:
        return Looked("shop.sales", name, meaning, nulls=0.25, **told)  # type: ignore[arg-type]

    kept.keep(
        shop.profiles,
        [
            row("fresh", newest=now - 3 * DAY, longest=4 * DAY, bars="[1, 2]", low="a", high="b"),
            row("stale", newest=now - 3 * DAY, longest=2 * DAY),
            row("quiet", newest=now - 3 * DAY, quiet=2 * DAY),
            row("ahead", newest=now - 3 * DAY, last=now + DAY),
            row("static"),
            row("empty", codes="FH003 FH011"),
            row("old", newest=now - DAY),
            row("new", newest=now - DAY),
        ],
    )


def told(shop: Workspace, now: datetime = NOW) -> dict[str, tuple[object, ...]]:
    index = shop.index
    rows = knowledge(shop.profiles, index, now=now).rows
    names = index.names["feature"].to_list()
    return dict(zip(names, rows.select("usage", "health", "freshness").rows(), strict=True))


def test_nothing_is_known_where_nobody_looked(shop: Workspace) -> None:
    assert set(told(shop).values()) == {(None, None, None)}
    assert shop.search().ages(0, 50) == [None] * 9


def test_marks_and_freshness_are_judged_now(shop: Workspace) -> None:
    look(shop)
    assert told(shop) == {
        "fresh": (None, 1.0, "fresh"),
        "stale": (None, 0.7, "stale"),
        "quiet": (None, 0.7, "stale"),
        "ahead": (None, 0.7, "fresh"),
        "static": (None, 1.0, "static"),
        "empty": (None, 0.0, "static"),
        "old": (None, 1.0, "fresh"),
        "new": (None, 1.0, "fresh"),
        "unseen": (None, None, None),
    }
    assert told(shop, NOW + timedelta(days=2))["fresh"] == (None, 0.7, "stale")


def test_what_is_muted_does_not_count(shop: Workspace) -> None:
    meaning, now = shop.catalog.view("shop.sales").meaning, micros(NOW)
    rows = {
        "stale": {"newest": now - 3 * DAY, "longest": 2 * DAY, "mutes": "FH020"},
        "quiet": {"newest": now - 3 * DAY, "quiet": 2 * DAY, "mutes": "FH020"},
        "ahead": {"newest": now - DAY, "last": now + DAY, "mutes": "FH021 FH022"},
        "empty": {"codes": "FH003 FH011", "mutes": "FH011 FH003"},
        "static": {"codes": "FH003 FH011", "mutes": "FH003"},
    }
    told_of = {"meaning": meaning, "nulls": 0.5}
    kept.keep(
        shop.profiles,
        [Looked("shop.sales", name, **told_of, **row) for name, row in rows.items()],  # type: ignore[arg-type]
    )
    found = told(shop)
    assert found["stale"] == (None, 1.0, "stale")
    assert found["quiet"] == (None, 0.7, "stale")
    assert found["ahead"][1] == found["empty"][1] == 1.0
    assert found["static"][1] == 0.7


def test_who_uses_it_counts(shop: Workspace) -> None:
    look(shop)
    uses = [
        Use("shop.sales", "fresh", "spec", "b.proml.yaml", model="b"),
        Use("shop.sales", "fresh", "notebook", "a.ipynb"),
        Use("shop.sales", "old", "notebook", "a.ipynb"),
        Use("shop.sales", "new", "artifact", "m@1", model="m", aliases=("champion",)),
        Use("shop.gone", "x", "notebook", "a.ipynb"),
    ]
    kept.keep_uses(shop.profiles, uses, "now")
    found = told(shop)
    assert found["fresh"] == (2.0, 1.0, "fresh")
    assert found["static"] == (0.0, 1.0, "static")
    assert found["old"][1] == found["new"][1] == 0.7
    counts = shop.facets()
    assert counts.used_by == {"a.ipynb": 2, "b": 1, "m": 1}
    assert shop.search(used_by="b").frame()["feature"].to_list() == ["fresh"]
    kept.keep_uses(shop.profiles, uses[:3], "later")
    assert told(shop)["new"] == (0.0, 1.0, "fresh")


def test_what_was_seen_of_another_meaning_does_not_count(shop: Workspace) -> None:
    look(shop)
    file = shop.root / "features" / "sales.yaml"
    file.write_text(VIEW.replace("source:", "description: Of a shop.\nsource:"))
    assert told(shop)["fresh"][1] == 1.0
    assert pictures(shop.profiles, shop.index, shop.search("fresh").rows)[0] is not None
    file.write_text(
        VIEW.replace("t.parquet", "s.parquet").replace("event_time: t", "event_time: u")
    )
    assert told(shop)["fresh"] == (None, None, None)
    assert pictures(shop.profiles, shop.index, shop.search("fresh").rows) == [None]


def test_it_is_read_once_while_nothing_is_kept_anew(shop: Workspace) -> None:
    look(shop)
    index = shop.index
    first = knowledge(shop.profiles, index, now=NOW)
    assert knowledge(shop.profiles, index, now=NOW + timedelta(seconds=30)) is first
    assert knowledge(shop.profiles, index, now=NOW + timedelta(minutes=2)) is not first
    look(shop)
    kept.keep_uses(shop.profiles, [], "other")
    assert knowledge(shop.profiles, index, now=NOW) is not first


def test_orders(shop: Workspace) -> None:
    look(shop)
    kept.keep_uses(shop.profiles, [Use("shop.sales", "quiet", "notebook", "a.ipynb")], "now")

    def names(sort: str) -> list[str]:
        return shop.search(sort=sort).frame()["feature"].to_list()  # type: ignore[arg-type]

    every = names("relevance")
    assert names("name") == sorted(every)
    assert names("usage") == ["quiet", *(name for name in every if name != "quiet")]
    marks = [row["health"] for row in shop.search(sort="health").frame().iter_rows(named=True)]
    known = [mark for mark in marks if mark is not None]
    assert marks == [*sorted(known, reverse=True), None]
    frame = shop.search(sort="freshness").frame()
    words = frame["freshness"].to_list()
    order = ["fresh", "static", "stale", None]
    assert words == sorted(words, key=order.index)
    ages = [age for age in shop.search(sort="freshness").ages(0, 50) if age is not None]
    assert ages == sorted(ages)
    with pytest.raises(UnknownNameError, match=r"order of features 'nmae'.\nHint: did you mean"):
        names("nmae")
    plain = shop.catalog.search(sort="usage").frame()["feature"].to_list()
    assert plain == every
    assert shop.catalog.search(sort="name").frame()["feature"].to_list() == sorted(every)


def test_the_table_shows_what_is_known(shop: Workspace) -> None:
    look(shop)
    kept.keep_uses(shop.profiles, [Use("shop.sales", "fresh", "notebook", "a.ipynb")], "now")
    bundle = shop.search()._repr_mimebundle_()
    assert "shop.sales.empty (✗ bad)" in bundle["text/plain"]
    for head in ("used", "health", "freshness"):
        assert f">{head}<" in bundle["text/html"]
    assert "✓ good" in bundle["text/html"]
