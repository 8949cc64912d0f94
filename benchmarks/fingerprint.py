"""Content fingerprints: GB a second of a table in memory, on one core and on all.

Ten columns as tables have them: numbers, times, whole numbers small and large, truth values, text
and categories, some with nulls. The yardstick of one core is a copy of the same bytes, in the same
run. Polars' own row hashes stand beside, though they have 64 bits and change with its versions.
Bar: 1 GB/s a core.

Run: python benchmarks/fingerprint.py [rows] [repeats]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import numpy as np
import polars as pl

from proml_lab.fingerprint import fingerprint

BAR = 1.0


def main(n_rows: int, repeats: int) -> None:
    frame = table(n_rows)
    size = frame.estimated_size() / 1e9
    fingerprint(frame.head(10))  # warm: kernels are compiled, or read from disk
    print(f"{n_rows:,} rows, {frame.width} columns, {size:.2f} GB in memory")
    cases: list[tuple[str, pl.DataFrame, int]] = [
        ("all columns, one core", frame, 1),
        (f"all columns, {os.cpu_count()} cores", frame, os.cpu_count() or 1),
        ("all of ten columns of float64, one core", numbers(n_rows), 1),
        *(
            (f"{name} {kind}, one core", frame.select(name), 1)
            for name, kind in frame.schema.items()
        ),
    ]
    print(f"{'what':44}{'wall s':>8}{'CPU s':>8}{'GB/s':>8}{'GB/CPU s':>10}{'M values/CPU s':>16}")
    for what, part, threads in cases:
        took = best(lambda f=part, t=threads: fingerprint(f, threads=t), repeats)
        say(what, part.estimated_size() / 1e9, part.height * part.width, took)
    block = np.ones(n_rows * 10)
    say("a copy of ten float64 columns", block.nbytes / 1e9, block.size, best(block.copy, repeats))
    say("a sum of ten float64 columns", block.nbytes / 1e9, block.size, best(block.sum, repeats))
    say("hash_rows of Polars, 64 bits", size, frame.height * 10, best(frame.hash_rows, repeats))


def say(what: str, gb: float, n_values: int, took: tuple[float, float]) -> None:
    wall, cpu = took
    rates = f"{gb / wall:8.2f}{gb / cpu:10.2f}{n_values / cpu / 1e6:16.0f}"
    print(
        f"{what:44}{wall:8.3f}{cpu:8.3f}{rates}"
        + ("  under the bar" if "all" in what and gb / cpu < BAR else ""),
        flush=True,
    )


def table(n: int) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    words = pl.Series([f"item {i:07d}" for i in range(50_000)])
    return pl.DataFrame(
        {
            "at": pl.Series(rng.integers(0, 10**15, n)).cast(pl.Datetime("us", "UTC")),
            "id": rng.integers(0, 2**62, n),
            "shop": rng.integers(0, 5000, n, dtype=np.int32),
            "price": rng.normal(size=n),
            "rate": rng.random(n),
            "score": pl.Series(rng.normal(size=n)).set(pl.Series(rng.random(n) < 0.1), None),
            "size": rng.random(n, dtype=np.float32),
            "sold": rng.random(n) < 0.3,
            "item": words.gather(rng.integers(0, len(words), n)),
            "kind": pl.Series(["a", "b", "c", None])
            .gather(rng.integers(0, 4, n))
            .cast(pl.Categorical),
        }
    )


def numbers(n: int) -> pl.DataFrame:
    rng = np.random.default_rng(7)
    return pl.DataFrame({f"x{i}": rng.random(n) for i in range(10)})


def best(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """(wall, CPU) seconds, each the least of `repeats` calls; on a busy machine CPU says more."""
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*(given + [10_000_000, 3][len(given) :]))
