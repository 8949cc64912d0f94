"""Which tables SQL reads, and what it gives over frames and sources."""

from __future__ import annotations

import random

import polars as pl
import pytest

from proml_lab.errors import SourceError
from proml_lab.marketplace.publish.query import selected, tables
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.publish.conftest import rain


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select a from x", "x"),
        ("SELECT a FROM x AS y, z, \"Odd 1\" q WHERE b IN (select c from w)", "x z Odd_1 w"),
        ("with t as (select * from base), u as (select 1 from t) select * from t join u", "base"),
        ("select * from t left join (select * from deep) d using (k)", "t deep"),
        ("select * from (x join y on x.a = f(y.a, 2)), z", "x y z"),
        ("select extract(year from ts), trim(both ' ' from s), substring(a from 2) from t", "t"),
        ("select a is distinct from b, a is not distinct from c from t", "t"),
        ("select 'from lies, more' /* from old */ from x -- from never", "x"),
        ("select a, b from x union all select c, d from y order by a, b", "x y"),
        ("from x select a, b", "x"),
        ("select * from x cross join y where exists (select 1 from z where z.a = x.a)", "x y z"),
        ("select * from read_parquet('a'), unnest(y) as u, t", "t"),
        ("select a, from_here from größe group by a, b having count(b, c) > 1", "größe"),
        ("select 1", ""),
        ("", ""),
        (")) from ((", ""),
        ("select a from", ""),
    ],
)  # fmt: skip
def test_tables_of_a_query(sql: str, found: str) -> None:
    assert [*tables(sql)] == [name.replace("_1", " 1") for name in found.split()]


@pytest.mark.parametrize("seed", range(30))
def test_just_these_tables_are_needed_to_run_it(seed: int) -> None:
    """With them it runs, without any of them it does not."""
    rng = random.Random(seed)

    def query(depth: int) -> str:
        parts = [rng.choice("pqrs") for _ in range(rng.choice([1, 1, 2]))]
        froms = [f"(select k from ({query(depth - 1)}) i) t{n}" if depth and rng.random() < 0.4
                 else f"{name} t{n}" for n, name in enumerate(parts)]  # fmt: skip
        text = f"select t0.k as k from {froms[0]}"
        text += "".join(f" join {one} on t0.k = t{n}.k" for n, one in enumerate(froms[1:], 1))
        return text if rng.random() < 0.7 else f"with c{depth} as ({text}) select k from c{depth}"

    sql = query(2)
    needed = tables(sql)
    frame = pl.DataFrame({"k": [1, 2]})
    frames = dict.fromkeys(needed, frame)
    assert pl.SQLContext(frames).execute(sql, eager=True).columns == ["k"]
    for name in needed:
        some = {other: frame for other in needed if other != name}
        with pytest.raises(pl.exceptions.PolarsError, match=name):
            pl.SQLContext(some).execute(sql, eager=True)


def test_frames_come_before_sources(place: Workspace) -> None:
    rain(5).write_parquet(place.root / "sources" / "hours.parquet")
    (place.root / "sources" / "broken.parquet").write_text("not read, as it is not named")
    sql = "select count(*) as n from hours"
    assert selected(sql, place, {})["n"].item() == 5
    assert selected(sql, place, {"hours": rain(7), "other": rain(1)})["n"].item() == 7
    with pytest.raises(SourceError, match=r"The SQL cannot be run: .*nosuch"):
        selected("select * from nosuch", place, {"hours": rain(7)})
