"""Joins of one view that is larger than the memory they may take: a folder of ten Parquet files.

The data are those of `join.py`. The newest rows need memory for the labels only; windows need every
row that a label may see, and the setting `memory` has them worked out in parts of the entities,
the source read again for each: the less memory, the longer. Afterwards every value of every label
is held against what another finds, of a part of the entities at a time: the newest rows against
Polars, windows against NumPy.

Bar of the full case, 1000000 100000000: under 4 GB each.

Run: python benchmarks/join_huge.py [labels [rows [memory in MB [way …]]]]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from join import PERIOD, Way, alone, make, ours, run

BAR_MB = 4096
MEMORY_MB = "JOIN_HUGE_MEMORY_MB"
N_FILES = 10
N_PARTS = 10
"""So many parts of the entities are checked one after the other."""
DAYS = 30
NEWEST = {"v0_0": "float", "v0_1": "float", "v0_2": "float", "v0_3": "float"}
WINDOWS = {
    "n": {"type": "integer", "aggregate": "count", "window": f"{DAYS}d"},
    "total": {"type": "float", "aggregate": "sum", "of": "v0_0", "window": f"{DAYS}d"},
    "most": {"type": "float", "aggregate": "max", "of": "v0_1", "window": f"{DAYS}d"},
}


def main(n_labels: int, n_rows: int, memory_mb: int, names: list[str]) -> None:
    os.environ[MEMORY_MB] = str(memory_mb)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make(folder, n_labels, 1, n_rows, n_files=N_FILES)
        size = sum(file.stat().st_size for file in folder.rglob("*.parquet")) / 1e9
        print(f"{n_labels:,} labels x {n_rows:,} rows in {N_FILES} files of {size:.1f} GB in all")
        print(f"{'way':10}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}  bar {BAR_MB:,} MB")
        for name in names:
            told = alone(folder, name, script=__file__)
            print(
                f"{name:10}{told['seconds']:9.2f}{told['cpu']:9.2f}{told['peak']:9,.0f}", flush=True
            )
        check(folder, names)


def check(folder: Path, ways: list[str]) -> None:
    """Stop where a value of any label is not what Polars, or NumPy, finds."""
    labels = pl.read_parquet(folder / "labels.parquet")
    rows = pl.scan_parquet(folder / "view_0.parquet")
    edges = np.linspace(0, int(labels["id"].max()) + 1, N_PARTS + 1).astype(int).tolist()
    n_labels = n_rows = 0
    for low, high in pairwise(edges):
        mine = pl.col("id").is_between(low, high, closed="left")
        asked, known = labels.filter(mine), rows.filter(mine).collect(engine="streaming")
        for name in ways:
            features, answers = (NEWEST, newest) if name == "newest" else (WINDOWS, windows)
            theirs = answers(asked, known)
            ours = pl.scan_ipc(folder / f"{name}.arrow").filter(mine).sort("label").collect()
            for feature in features:
                a, b = (frame[feature].cast(pl.Float64).to_numpy() for frame in (ours, theirs))
                if not np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True):
                    sys.exit(f"{name}: {feature} differs for an entity from {low} to {high}")
        n_labels, n_rows = n_labels + asked.height, n_rows + known.height
    print(f"all {n_labels:,} labels are as found another way, in {n_rows:,} rows of their entities")


def newest(asked: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The newest row of each label, by Polars; ascending by label, as they come."""
    found = asked.sort("t").join_asof(known.sort("t"), on="t", by="id", check_sortedness=False)
    return found.sort("label")


def windows(asked: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Windows by NumPy: binary searches, sums before each row, and greatest values of powers of 2.

    The greatest of n rows is that of the first 2^k and of the last 2^k of them, 2^k <= n < 2^(k+1).
    """
    first, start = known["id"].min(), known["t"].min()
    span = int((asked["t"].max() - start) / timedelta(microseconds=1)) + PERIOD

    def moments(frame: pl.DataFrame, back: timedelta = timedelta()) -> np.ndarray:
        since = (pl.col("t") - start - back).dt.total_microseconds()
        return frame.select((pl.col("id") - first) * 2 * span + since + span).to_series().to_numpy()

    times = moments(known)
    order = np.argsort(times)
    times, values = times[order], known["v0_0"].to_numpy()[order]
    begin = np.searchsorted(times, moments(asked, timedelta(days=DAYS)), side="right")
    end = np.searchsorted(times, moments(asked), side="right")
    n = end - begin
    sums = np.append(np.longdouble(0), np.cumsum(values, dtype=np.longdouble))
    total = np.where(n > 0, sums[end] - sums[begin], np.nan).astype(float)
    greatest, most, width = known["v0_1"].to_numpy()[order], np.full(n.size, np.nan), 1
    while width <= n.max():
        mine = np.flatnonzero((n >= width) & (n < 2 * width))
        most[mine] = np.maximum(greatest[begin[mine]], greatest[end[mine] - width])
        greatest = np.maximum(greatest[:-width], greatest[width:])
        width *= 2
    return asked.with_columns(n=n, total=total, most=most).sort("label")


def way(features: dict[str, object]) -> Way:
    def prepared(folder: Path) -> Callable[[], pl.DataFrame]:
        memory = int(os.environ[MEMORY_MB]) << 20
        return ours(folder, features=features, memory=memory)

    return prepared


WAYS: dict[str, Way] = {"newest": way({**NEWEST}), "windows": way({**WINDOWS})}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        run(WAYS, sys.argv[2], Path(sys.argv[3]))
    else:
        sizes = [int(float(size)) for size in sys.argv[1:4]]
        main(*(sizes + [100_000, 10_000_000, 4096][len(sizes) :]), sys.argv[4:] or [*WAYS])
