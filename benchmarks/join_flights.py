"""Point-in-time joins of the flights against DuckDB and Polars, the same results checked.

Each case joins one view to all 327,346 labels, Parquet files read by each way itself; ours takes
their fingerprints too. The peers' ways are the best that we found: ASOF and `join_asof` where
one clock is enough; labels put among the events and windows by range where rows are known at
once; else an inequality join, by the hour in SQL. The last line joins every view, reading
included. Bar: under 5 s.

Run: python benchmarks/join_flights.py [repeats]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from proml_lab.marketplace.example import make_flights
from proml_lab.marketplace.workspace import Workspace, open_workspace

BAR_S = 5.0
HOUR = pl.duration(hours=1)
LABELS = ["flight_id", "carrier", "tailnum", "origin", "dest", "cutoff"]
Peer = Callable[[], pl.DataFrame]
Case = tuple[str, list[str], Peer, Peer]


def main(repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(make_flights(Path(folder) / "flights"))
        everything(workspace)  # warm: kernels are compiled, or read from disk
        print(
            f"{'view':22}{'ours s':>9}{'DuckDB s':>10}{'Polars s':>10}{'/DuckDB':>9}{'/Polars':>9}"
        )
        for view, names, by_duckdb, by_polars in cases(workspace):
            wanted = [{view: names}]

            def ours(wanted: list[dict[str, list[str]]] = wanted) -> pl.DataFrame:
                return workspace.training_set("flights", wanted, cutoff="cutoff").frame

            mine, mine_s = best(ours, repeats)
            line = f"{view:20}{mine_s:9.3f}"
            ratios = ""
            for peer in (by_duckdb, by_polars):
                theirs, theirs_s = best(peer, repeats)
                check(view, names, mine, theirs)
                line += f"{theirs_s:10.3f}"
                ratios += f"{mine_s / theirs_s:9.2f}"
            print(line + ratios, flush=True)
        joined, all_s = best(lambda: everything(workspace), repeats)
        views = len(workspace.catalog.views)
        print(
            f"{views} views, {joined.width} columns, read from Parquet: {all_s:.2f} s (bar {BAR_S})"
        )


def everything(workspace: Workspace) -> pl.DataFrame:
    views = [view.view for view in workspace.catalog.views]
    return workspace.training_set("flights", views, label="late", cutoff="cutoff").frame


def best(work: Callable[[], pl.DataFrame], repeats: int) -> tuple[pl.DataFrame, float]:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - start)
    return found, min(seconds)


def check(view: str, names: list[str], ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    """Stop where two ways differ: the time of a wrong answer says nothing."""
    theirs = theirs.sort("flight_id")
    ours = ours.sort("flight_id")
    for name in names:
        a, b = (t[name].cast(pl.Float64).to_numpy() for t in (ours, theirs))
        if not np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True):
            rows = np.flatnonzero(~np.isclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True))
            sys.exit(f"{view}.{name} differs in {rows.size} rows: {a[rows[:3]]}, {b[rows[:3]]}")


def cases(workspace: Workspace) -> list[Case]:
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    for name in ("flights", "weather", "landings", "departures"):
        con.execute(f"create view {name} as from '{workspace.root}/sources/{name}.parquet'")
    con.execute(f"create view labels as select {', '.join(LABELS)} from flights")

    def sql(query: str) -> Peer:
        return lambda: pl.DataFrame(con.sql(query).to_arrow_table())

    def polars(join: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame], source: str) -> Peer:
        folder = workspace.root / "sources"
        return lambda: join(
            pl.read_parquet(folder / "flights.parquet", columns=LABELS),
            pl.read_parquet(folder / f"{source}.parquet"),
        )

    return [
        (
            "weather.at_origin",
            ["temp", "wind_speed", "visib"],
            sql(AS_OF),
            polars(as_of, "weather"),
        ),
        (
            "plane.previous_leg",
            ["prev_arr_delay", "prev_dep_delay"],
            sql(TWO_CLOCKS),
            polars(two_clocks, "landings"),
        ),
        (
            "carrier.history",
            ["carrier_arr_delay_3h", "carrier_arr_delay_1d", "carrier_arr_delay_7d"],
            sql(WINDOWS),
            polars(windows, "landings"),
        ),
        (
            "origin.departures",
            ["origin_dep_delay_1h", "origin_dep_delay_3h", "origin_n_departed_3h"],
            sql(LATE_WINDOWS),
            polars(late_windows, "departures"),
        ),
    ]


AS_OF = """
select flight_id, if(late, null, temp) temp, if(late, null, wind_speed) wind_speed,
       if(late, null, visib) visib
from (select l.flight_id, w.hour <= l.cutoff - interval 6 hour late, w.*
      from labels l asof left join weather w
      on l.origin = w.origin and l.cutoff >= w.hour + interval 1 hour)
"""
TWO_CLOCKS = """
with seen as (
    select l.flight_id, max_by(g, g.departed_at) g
    from labels l join landings g
    on l.tailnum = g.tailnum and g.landed_at <= l.cutoff
       and g.departed_at > l.cutoff - interval 7 day
    group by l.flight_id)
select l.flight_id, g.arr_delay prev_arr_delay, g.dep_delay prev_dep_delay
from labels l left join seen using (flight_id)
"""
WINDOWS = """
with mixed as (
    select carrier, landed_at t, arr_delay x, null id from landings
    union all select carrier, cutoff, null, flight_id from labels),
found as (
    select id flight_id,
           avg(x) filter (id is null) over h3 carrier_arr_delay_3h,
           avg(x) filter (id is null) over d1 carrier_arr_delay_1d,
           avg(x) filter (id is null) over d7 carrier_arr_delay_7d
    from mixed window
    h3 as (partition by carrier order by t range interval '10799999999 microseconds' preceding),
    d1 as (partition by carrier order by t range interval '86399999999 microseconds' preceding),
    d7 as (partition by carrier order by t range interval '604799999999 microseconds' preceding))
select * from found where flight_id is not null
"""
LATE_WINDOWS = """
with asked as (
    select flight_id, origin, cutoff, unnest([0, 1, 2, 3]) back from labels),
seen as (
    select l.flight_id, avg(x.dep_delay) m3, count(x.dep_delay) n3,
           avg(x.dep_delay) filter (x.sched_dep > l.cutoff - interval 1 hour) m1
    from asked l join departures x
    on l.origin = x.origin
       and date_trunc('hour', l.cutoff) - to_hours(back) = date_trunc('hour', x.sched_dep)
       and x.sched_dep <= l.cutoff and x.sched_dep > l.cutoff - interval 3 hour
       and x.known_at <= l.cutoff
    group by l.flight_id)
select l.flight_id, m1 origin_dep_delay_1h, m3 origin_dep_delay_3h,
       coalesce(n3, 0) origin_n_departed_3h
from labels l left join seen using (flight_id)
"""
"""Labels and flights meet by the hour: without it the inequality join takes minutes."""


def as_of(labels: pl.DataFrame, weather: pl.DataFrame) -> pl.DataFrame:
    known = weather.with_columns((pl.col("hour") + HOUR).alias("known")).sort("known")
    joined = labels.sort("cutoff").join_asof(
        known, left_on="cutoff", right_on="known", by="origin", check_sortedness=False
    )
    young = pl.col("hour") > pl.col("cutoff") - 6 * HOUR
    return joined.select("flight_id", pl.when(young).then(pl.col("temp", "wind_speed", "visib")))


def two_clocks(labels: pl.DataFrame, landings: pl.DataFrame) -> pl.DataFrame:
    legs = landings.select("tailnum", "departed_at", "landed_at", "arr_delay", "dep_delay")
    seen = (
        labels.lazy()
        .join(legs.lazy(), on="tailnum")
        .filter(
            pl.col("landed_at") <= pl.col("cutoff"),
            pl.col("departed_at") > pl.col("cutoff") - pl.duration(days=7),
        )
        .group_by("flight_id")
        .agg(pl.col("arr_delay", "dep_delay").sort_by("departed_at").last().name.prefix("prev_"))
    )
    return labels.lazy().select("flight_id").join(seen, on="flight_id", how="left").collect()


def windows(labels: pl.DataFrame, landings: pl.DataFrame) -> pl.DataFrame:
    events = landings.select(
        "carrier", pl.col("landed_at").alias("t"), pl.col("arr_delay").alias("x")
    )
    asked = labels.select("carrier", "flight_id", t="cutoff")
    mixed = pl.concat([events, asked], how="diagonal").sort("t")
    means = [
        pl.col("x").rolling_mean_by("t", size).over("carrier").alias(f"carrier_arr_delay_{size}")
        for size in ("3h", "1d", "7d")
    ]
    return mixed.with_columns(means).filter(pl.col("flight_id").is_not_null())


def late_windows(labels: pl.DataFrame, departures: pl.DataFrame) -> pl.DataFrame:
    asked = labels.select(
        "flight_id", "origin", "cutoff", (pl.col("cutoff") - 3 * HOUR).alias("from")
    )
    due = departures.select(pl.col("origin").alias("at"), "sched_dep", "known_at", "dep_delay")
    parts = []
    for (origin,), some in asked.group_by("origin"):
        pairs = some.lazy().join_where(
            due.lazy().filter(pl.col("at") == origin),
            pl.col("sched_dep") <= pl.col("cutoff"),
            pl.col("sched_dep") > pl.col("from"),
            pl.col("known_at") <= pl.col("cutoff"),
        )
        recent = pl.col("sched_dep") > pl.col("cutoff") - HOUR
        parts.append(
            pairs.group_by("flight_id").agg(
                pl.col("dep_delay").filter(recent).mean().alias("origin_dep_delay_1h"),
                pl.col("dep_delay").mean().alias("origin_dep_delay_3h"),
                pl.col("dep_delay").count().alias("origin_n_departed_3h"),
            )
        )
    seen = pl.concat(parts)
    joined = labels.lazy().select("flight_id").join(seen, on="flight_id", how="left")
    return joined.with_columns(pl.col("origin_n_departed_3h").fill_null(0)).collect()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
