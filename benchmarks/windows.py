"""Twenty aggregates over 7, 30 and 90 days against DuckDB's range join, equal results checked.

Rows are spread over two years and 20,000 entities, the first of which has 4 % of all; one in five
becomes known up to two days late. Labels ask for entities in the same way. Both ways read the
same two Parquet files and use two threads; ours was compiled on a small table before. DuckDB's
time grows with labels times rows in a window: it is given a hundredth of the labels, a tenth, all,
as long as the next is not expected to take more than the second argument says; what all would
take is reckoned.

Run: python benchmarks/windows.py [share of 1M labels and 10M rows, 0.1] [minutes for DuckDB, 10]
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "2"

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from proml_lab.marketplace.join import training_set
from proml_lab.marketplace.view import FeatureView

START = int(datetime(2022, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
DAY = 86_400_000_000
SPAN = 730
DAYS = (7, 30, 90)
ASKED = [
    *(("sum", "x", days) for days in DAYS),
    *(("mean", "x", days) for days in DAYS),
    *(("count", "y", days) for days in DAYS),
    *(("std", "x", days) for days in DAYS[1:]),
    *(("min", "x", days) for days in DAYS[1:]),
    *(("max", "y", days) for days in DAYS[1:]),
    *(("distinct", "z", days) for days in DAYS[1:]),
    *(("quantile", "y", days) for days in DAYS),
]
SQL = {
    "count": "count({})", "distinct": "count(distinct {})", "std": "stddev_samp({})",
    "mean": "avg({})", "quantile": "quantile_cont({}, 0.9)",
}  # fmt: skip


def main(share: float, minutes: float) -> None:
    assert len(ASKED) == 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "small", 2_000, 20_000)
        join(folder / "small")  # kernels are compiled, or read from disk
        n_labels, n_rows = int(1e6 * share), int(1e7 * share)
        make(folder / "all", n_labels, n_rows)
        mine, mine_s = timed(lambda: join(folder / "all"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{n_labels:,} labels, {n_rows:,} rows, {len(ASKED)} aggregates, reading included")
        print(f"ours    {mine_s:9.2f} s, at most {peak:.1f} GiB", flush=True)
        n, theirs_s = n_labels // 100, 0.0
        while True:
            theirs, theirs_s = timed(lambda: range_join(folder / "all", n))  # noqa: B023
            check(mine, theirs)
            said = "" if n == n_labels else f" for {n:,} labels"
            print(f"DuckDB  {theirs_s:9.2f} s{said}, equal", flush=True)
            more = min(n_labels, 10 * n)
            if n == n_labels or theirs_s * more / n > 60 * minutes:
                break
            n = more
        whole = theirs_s * n_labels / n
        reckoned = "" if n == n_labels else f", reckoned: {whole:,.0f} s"
        print(f"DuckDB / ours: {whole / mine_s:.0f} (bar 10){reckoned}")


def make(folder: Path, n_labels: int, n_rows: int) -> None:
    """Two files: labels in no order, rows in the order in which they became known."""
    folder.mkdir()
    rng = np.random.default_rng(7)

    def entities(n: int) -> np.ndarray:
        return (20_000 * rng.random(n) ** 3).astype(np.int64)

    def at(moments: np.ndarray) -> pl.Series:
        return pl.Series(moments).cast(pl.Datetime("us", "UTC"))

    event = START + (rng.random(n_rows) * SPAN * DAY).astype(np.int64)
    late = (rng.random(n_rows) < 0.2) * (rng.random(n_rows) * 2 * DAY).astype(np.int64)
    rows = pl.DataFrame(
        {
            "entity": entities(n_rows),
            "event": at(event),
            "known": at(event + late),
            "x": rng.normal(100, 15, n_rows),
            "y": rng.gamma(2.0, 10.0, n_rows).round(2),
            "z": rng.integers(0, 500, n_rows),
        }
    ).sort("known")
    gaps = pl.Series(rng.random(n_rows) < 0.05)
    rows.with_columns(y=rows["y"].set(gaps, None)).write_parquet(folder / "rows.parquet")
    cutoff = START + ((0.1 + 0.9 * rng.random(n_labels)) * SPAN * DAY).astype(np.int64)
    labels = pl.DataFrame({"entity": entities(n_labels), "cutoff": at(cutoff)})
    labels.with_row_index("label").write_parquet(folder / "labels.parquet")


def join(folder: Path) -> pl.DataFrame:
    features = {}
    for kind, of, days in ASKED:
        said = {"aggregate": kind, "of": of, "window": f"{days}d"}
        said["type"] = "integer" if kind in ("count", "distinct") else "float"
        features[f"{kind}_{of}_{days}"] = {**said, "q": 0.9} if kind == "quantile" else said
    fields = {
        "view": "a.b", "source": "rows.parquet", "entities": ["entity"], "event_time": "event",
        "known_at": "known", "features": features,
    }  # fmt: skip
    view = FeatureView.model_validate(fields).at(folder)
    return training_set(folder / "labels.parquet", [view], cutoff="cutoff").frame


def range_join(folder: Path, n: int) -> pl.DataFrame:
    """The first n labels: a join by range once, the shorter windows as filters of the longest."""
    con = duckdb.connect()
    con.execute("set threads = 2; set timezone = 'UTC'")
    chosen = [
        f"{SQL.get(kind, kind + '({})').format(of)} "
        f"filter (event > cutoff - interval {days} day) {kind}_{of}_{days}"
        for kind, of, days in ASKED
    ]
    query = f"""
        with labels as (from '{folder}/labels.parquet' where label < {n}),
        found as (
            select label, {", ".join(chosen)}
            from labels l join '{folder}/rows.parquet' r
            on l.entity = r.entity and r.event <= l.cutoff and r.known <= l.cutoff
               and r.event > l.cutoff - interval {max(DAYS)} day
            group by label)
        select label, found.* exclude (label) from labels left join found using (label)
        order by label
    """
    return pl.DataFrame(con.sql(query).to_arrow_table())


def check(ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    """Stop where two ways differ: the time of a wrong answer says nothing."""
    for kind, of, days in ASKED:
        name = f"{kind}_{of}_{days}"
        empty = 0 if kind in ("count", "distinct") else None
        a = ours[name].head(theirs.height).cast(pl.Float64).to_numpy()
        b = theirs[name].fill_null(empty) if empty is not None else theirs[name]
        near = np.isclose(a, b.cast(pl.Float64).to_numpy(), rtol=1e-9, atol=1e-9, equal_nan=True)
        if not near.all():
            rows = np.flatnonzero(~near)[:3]
            sys.exit(f"{name} differs: {a[rows]}, {b.to_numpy()[rows]}")


def timed(work: object) -> tuple[pl.DataFrame, float]:
    start = time.perf_counter()
    found = work()  # type: ignore[operator]
    return found, time.perf_counter() - start


if __name__ == "__main__":
    main(*(float(text) for text in (sys.argv[1:] + ["0.1", "10"][len(sys.argv) - 1 :])))
