"""Content fingerprints: GB a second of a table in memory, on one core and on all.

Ten columns as tables have them: numbers, times, whole numbers small and large, truth values, text
and categories, some with nulls. The yardstick of one core is a copy of the same bytes, in the same
run. Polars' own row hashes stand beside, though they have 64 bits and change with its versions.
Bar: 1 GB/s a core: GB in memory over seconds of CPU, the best of all repeats, each case in each
turn. Ends with 1 if it is missed.

Run: python benchmarks/fingerprint.py [rows] [repeats]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from proml_lab.fingerprint import fingerprint

BAR = 1.0


def main(n_rows: int, repeats: int) -> int:
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
    took = in_turns(
        [lambda f=part, t=threads: fingerprint(f, threads=t) for _, part, threads in cases], repeats
    )
    print(f"{'what':44}{'wall s':>8}{'CPU s':>8}{'GB/s':>8}{'GB/CPU s':>10}{'M values/CPU s':>16}")
    missed = False
    for (what, part, _), spent in zip(cases, took, strict=True):
        judged = what.startswith("all")
        gb, n_values = part.estimated_size() / 1e9, part.height * part.width
        missed |= say(what, gb, n_values, spent, judged=judged)
    block = np.ones(n_rows * 10)
    peers = in_turns([block.copy, block.sum, frame.hash_rows], repeats)
    say("a copy of ten float64 columns", block.nbytes / 1e9, block.size, peers[0])
    say("a sum of ten float64 columns", block.nbytes / 1e9, block.size, peers[1])
    say("hash_rows of Polars, 64 bits", size, frame.height * 10, peers[2])
    return int(missed)


def say(
    what: str, gb: float, n_values: int, took: tuple[float, float], *, judged: bool = False
) -> bool:
    """Print a line; whether the bar is missed, if it is `judged` at all."""
    wall, cpu = took
    ratio = gb / cpu / BAR
    rates = f"{gb / wall:8.2f}{gb / cpu:10.2f}{n_values / cpu / 1e6:16.0f}"
    verdict = f"  {ratio:.2f} x the bar: {'passed' if ratio >= 1 else 'MISSED'}" if judged else ""
    print(f"{what:44}{wall:8.3f}{cpu:8.3f}{rates}{verdict}", flush=True)
    return judged and ratio < 1


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


def in_turns(works: Sequence[Callable[[], object]], repeats: int) -> list[tuple[float, float]]:
    """(wall, CPU) seconds of each, each the least of `repeats` turns in which all are called."""
    walls: list[list[float]] = [[] for _ in works]
    cpus: list[list[float]] = [[] for _ in works]
    for turn in range(repeats):
        for i in [*range(len(works))][:: -1 if turn % 2 else 1]:
            wall, cpu = time.perf_counter(), time.process_time()
            works[i]()
            walls[i].append(time.perf_counter() - wall)
            cpus[i].append(time.process_time() - cpu)
    return [(min(wall), min(cpu)) for wall, cpu in zip(walls, cpus, strict=True)]


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    sys.exit(main(*(given + [10_000_000, 3][len(given) :])))
