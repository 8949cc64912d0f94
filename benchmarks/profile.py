"""Profiles: nanoseconds a value, against Polars and DuckDB, in one run on the same table.

Twenty columns as features are: numbers, some with nulls, whole numbers, truth values, times, text
of few and of many values. Ours tells by month: rows, nulls, infinite values, different values, low,
high, mean, spread, quantiles and a histogram or the most frequent values, all of it in a form that
can be put together with that of other files. Polars and DuckDB tell the same of the whole table,
without months: nulls, different values (approximate), low, high, mean, spread and three
(Polars) quantiles; DuckDB's is SUMMARIZE. What all three tell must be equal. Two threads each.
Bar: 10 ns a value, the best of all repeats, in turns. Ends with 1 if it is missed.

Run: python benchmarks/profile.py [rows] [repeats]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

os.environ.setdefault("POLARS_MAX_THREADS", "2")

import numpy as np
import polars as pl

from proml_lab.marketplace.know.parts import by_period
from proml_lab.marketplace.know.summary import Summary, merge

BAR = 10.0


def main(n_rows: int, repeats: int) -> int:
    import duckdb

    frame = table(n_rows)
    link = duckdb.connect(config={"threads": 2})
    link.register("made", frame.drop("time").to_arrow())
    by_period(dict(zip(frame.columns, frame.head(1000), strict=True)), None, unit=None)  # warm
    ways: dict[str, Callable[[], object]] = {
        "ours, by month": lambda: ours(frame),
        "Polars, a query like describe": lambda: polars(frame),
        "DuckDB SUMMARIZE": lambda: link.sql("summarize made").pl(),
    }
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    found: dict[str, object] = {}
    for _ in range(repeats):
        for name, way in ways.items():
            start, busy = time.perf_counter(), time.process_time()
            found[name] = way()
            took[name].append((time.perf_counter() - start, time.process_time() - busy))
    check(found["ours, by month"], frame)  # type: ignore[arg-type]
    n_values = n_rows * (frame.width - 1)
    print(f"{n_rows:,} rows, {frame.width - 1} columns, 2 threads")
    print(f"{'what':32}{'wall s':>8}{'ns a value':>12}{'CPU ns':>8}{'times ours':>12}")
    best = {
        name: (min(t for t, _ in times), min(t for _, t in times)) for name, times in took.items()
    }
    own = best["ours, by month"][0]
    for name, (wall, cpu) in best.items():
        each, busy = wall / n_values * 1e9, cpu / n_values * 1e9
        print(f"{name:32}{wall:8.2f}{each:12.1f}{busy:8.1f}{wall / own:12.1f}")
    return int(own / n_values * 1e9 > BAR)


def table(n: int) -> pl.DataFrame:
    """(n, 21) twenty features and their times, in order, over a year."""
    rng = np.random.default_rng(7)
    start = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1e6)
    year = 365 * 86_400_000_000
    times = pl.Series(np.sort(rng.integers(start, start + year, n))).cast(pl.Datetime("us", "UTC"))
    columns: dict[str, pl.Series] = {"time": times}
    for i in range(8):
        columns[f"normal_{i}"] = pl.Series(rng.normal(i, 1 + i, n))
    for i in range(3):
        there = rng.random(n) > 0.1
        values = pl.Series(rng.lognormal(i, 1, n))
        columns[f"nulls_{i}"] = values.set(pl.Series(~there), None)
    columns["small"] = pl.Series(rng.integers(0, 50, n))
    columns["count"] = pl.Series(rng.poisson(300, n))
    columns["large"] = pl.Series(rng.integers(0, 10**9, n))
    columns["yes"] = pl.Series(rng.random(n) < 0.3)
    columns["no"] = pl.Series(rng.random(n) < 0.01)
    columns["when"] = pl.Series(rng.integers(start, start + year, n)).cast(pl.Datetime("us", "UTC"))
    codes = np.array([f"code{i}" for i in range(40)])
    columns["code"] = pl.Series(codes[rng.integers(0, 40, n)])
    columns["town"] = pl.Series(
        np.array([f"town {i}" for i in range(3000)])[rng.integers(0, 3000, n)]
    )
    columns["key"] = pl.Series(rng.integers(0, 10**6, n)).cast(pl.String)
    return pl.DataFrame([s.alias(name) for name, s in columns.items()])


def ours(frame: pl.DataFrame) -> Mapping[str, Summary]:
    """The summary of every column, put together from its months."""
    names = [name for name in frame.columns if name != "time"]
    found = by_period({name: frame[name] for name in names}, frame["time"], unit="month")
    parts: dict[str, list[Summary]] = {name: [] for name in names}
    for (name, _), one in found.items():
        parts[name].append(one)
    return {name: merge(some) for name, some in parts.items()}


def polars(frame: pl.DataFrame) -> pl.DataFrame:
    """What `describe` tells, and different values, in one query."""
    numbers = [n for n, kind in frame.schema.items() if kind.is_numeric() or kind == pl.Boolean]
    asked = [pl.col(name) for name in frame.columns if name != "time"]
    query = [
        *(one.null_count().name.suffix(" nulls") for one in asked),
        *(one.approx_n_unique().name.suffix(" distinct") for one in asked),
        *(one.min().name.suffix(" min") for one in asked),
        *(one.max().name.suffix(" max") for one in asked),
        *(pl.col(name).mean().name.suffix(" mean") for name in numbers),
        *(pl.col(name).cast(pl.Float64).std().name.suffix(" std") for name in numbers),
        *(
            pl.col(name).cast(pl.Float64).quantile(q).name.suffix(f" {q}")
            for name in numbers
            for q in (0.25, 0.5, 0.75)
        ),
    ]
    return frame.lazy().select(query).collect()


def check(found: Mapping[str, Summary], frame: pl.DataFrame) -> None:
    """Raise where ours is wrong; quantiles may be two thousandths of a share off."""
    for name, one in found.items():
        column = frame[name]
        assert (one.n, one.nulls) == (column.len(), column.null_count()), name
        exact = column.n_unique() - bool(column.null_count())
        assert abs(one.n_distinct - exact) <= 0.06 * exact, (name, one.n_distinct, exact)
        if one.texts is not None:
            continue
        values = column.drop_nulls().to_physical().cast(pl.Float64)
        assert (one.low, one.high) == (values.min(), values.max()), name
        assert np.isclose(one.mean, values.mean()), name  # type: ignore[arg-type]
        assert np.isclose(one.std, values.std()), name  # type: ignore[arg-type]
        for share in (0.01, 0.25, 0.5, 0.75, 0.99):
            (got,) = one.quantiles([share])
            below, upto = (values < got).mean(), (values <= got).mean()
            assert below - 0.004 <= share <= upto + 0.004, (name, share, below, upto)  # type: ignore[operator]


if __name__ == "__main__":
    given = [int(word.replace("_", "")) for word in sys.argv[1:]]
    sys.exit(main(*(given + [5_000_000, 3][len(given) :])))
