"""Look-ups of 20 features for 1, 10 and 100 of 100,000 entities, in microseconds.

Ours, embedded and in Redis, against what one would write by hand: a table of SQLite with a column
a feature, and a hash of Redis an entity with a field a feature. All read the same values, which is
checked first. Each way answers in turn, so that what else the machine does meets all alike.
Beside them, ours with 20 formulas that read the moment of the look-up, which Polars computes.
Bar: 50 µs for one entity, embedded, in the middle. Ends with 1 if it is missed.

Run: python benchmarks/online.py
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import redis

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.online import Online, open_store
from proml_lab.marketplace.view import FeatureView

N_ENTITIES, N_FEATURES, N_CALLS = 100_000, 20, 1_000
BAR_US = 50
NAMES = [f"x{j}" for j in range(N_FEATURES)]
Way = Callable[[list[str]], list[list[float]]]
"""Keys to a list of values for each feature."""


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = start_redis(folder)
        try:
            return compare(ways(folder))
        finally:
            server.terminate()
            server.wait()


def start_redis(folder: Path) -> subprocess.Popen[bytes]:
    program = shutil.which("redis-server")
    if program is None:
        sys.exit("redis-server is needed: make redis")
    socket = folder / "redis.sock"
    command = [program, "--port", "0", "--unixsocket", str(socket), "--save", ""]
    server = subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.DEVNULL)
    while not socket.exists():
        time.sleep(0.05)
    return server


def ways(folder: Path) -> dict[str, Way]:
    """Each way to look up, its store filled with the same values."""
    frame = make(folder)
    formula = "{} + 0 * extract(hour from cutoff)"
    fresh = {name: {"type": "float", "sql": formula.format(name)} for name in NAMES}
    catalog = Catalog(
        tuple(
            FeatureView.model_validate(
                {
                    "view": name, "source": "sales.parquet", "entities": ["id"],
                    "event_time": "time", "time_to_live": "all", "features": features,
                }
            ).at(folder)
            for name, features in (
                ("shop.sales", dict.fromkeys(NAMES, "float")), ("shop.fresh", fresh),
            )
        )
    )  # fmt: skip
    address = f"unix://{folder / 'redis.sock'}"
    found: dict[str, Way] = {}
    for name, store in (("ours, embedded", folder / "online"), ("ours, Redis", address)):
        online = Online(catalog, open_store(store))
        begin = time.perf_counter()
        online.materialize()
        print(f"{name}: materialized in {time.perf_counter() - begin:.1f} s")
        found[name] = ours(online, "shop.sales")
        if "formulas" not in found:
            found["formulas"] = ours(online, "shop.fresh")
    found["SQLite"] = sqlite(folder, frame)
    found["Redis by hand"] = by_hand(address, frame)
    return found


def make(folder: Path) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    columns = {name: rng.normal(size=N_ENTITIES) for name in NAMES}
    ids = [f"entity-{i}" for i in range(N_ENTITIES)]
    frame = pl.DataFrame({"id": ids, **columns})
    times = pl.lit(datetime(2024, 1, 1, tzinfo=UTC)).alias("time")
    frame.with_columns(times).write_parquet(folder / "sales.parquet")
    return frame


def ours(online: Online, view: str) -> Way:
    return lambda keys: list(online.lookup({"id": keys}, view).values.values())


def sqlite(folder: Path, frame: pl.DataFrame) -> Way:
    base = sqlite3.connect(folder / "online.db")
    base.execute(f"create table sales (id text primary key, {', '.join(NAMES)}) without rowid")
    marks = ", ".join("?" * (N_FEATURES + 1))
    base.executemany(f"insert into sales values ({marks})", frame.rows())
    base.commit()

    def look_up(keys: list[str]) -> list[list[float]]:
        asked = ", ".join("?" * len(keys))
        rows = base.execute(f"select * from sales where id in ({asked})", keys).fetchall()
        by_key = {row[0]: row for row in rows}
        return [[by_key[key][j] for key in keys] for j in range(1, N_FEATURES + 1)]

    return look_up


def by_hand(address: str, frame: pl.DataFrame) -> Way:
    client = redis.Redis.from_url(address, db=1)
    for piece in frame.iter_slices(5_000):
        with client.pipeline(transaction=False) as together:
            for key, *values in piece.iter_rows():
                together.hset(key, mapping=dict(zip(NAMES, map(repr, values), strict=True)))
            together.execute()

    def look_up(keys: list[str]) -> list[list[float]]:
        with client.pipeline(transaction=False) as together:
            for key in keys:
                together.hmget(key, NAMES)
            rows = together.execute()
        return [[float(row[j]) for row in rows] for j in range(N_FEATURES)]

    return look_up


def compare(found: dict[str, Way]) -> int:
    rng = np.random.default_rng(8)
    middle = {}
    for size in (1, 10, 100):
        times: dict[str, list[int]] = {name: [] for name in found}
        for turn in range(N_CALLS // (1 if size < 100 else 5)):
            keys = [f"entity-{i}" for i in rng.choice(N_ENTITIES, size, replace=False)]
            answers = []
            for name, way in found.items():
                begin = time.perf_counter_ns()
                answer = way(keys)
                times[name].append(time.perf_counter_ns() - begin)
                answers.append(answer)
            if turn < 20:
                assert all(answer == answers[0] for answer in answers), "values differ"
        print(f"\n{size} {'entity' if size == 1 else 'entities'}, {N_FEATURES} features")
        first = middle[size] = float(np.median(times["ours, embedded"]))
        for name, taken in times.items():
            p50, p99 = np.percentile(taken, [50, 99]) / 1e3
            print(f"  {name:<15} p50 {p50:8.1f} µs  p99 {p99:8.1f} µs  {p50 * 1e3 / first:5.1f} ×")
    missed = middle[1] > BAR_US * 1e3
    print(f"\nbar of {BAR_US} µs for one entity: {'missed' if missed else 'met'}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
