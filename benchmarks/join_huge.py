"""Joins of one view that is larger than the memory they may take: a folder of ten Parquet files.

The data are those of `join.py`. The newest rows need memory for the labels only; windows need every
row that a label may see, and the setting `memory` has them worked out in parts of the entities,
the source read again for each: the less memory, the longer. The results of some entities are held
against Polars: it joins their rows, which are few, by itself.

Bar of the full case, 1000000 100000000: under 4 GB each.

Run: python benchmarks/join_huge.py [labels [rows [memory in MB [way …]]]]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from join import Way, alone, make, ours, run

BAR_MB = 4096
MEMORY_MB = "JOIN_HUGE_MEMORY_MB"
N_FILES = 10
N_CHECKED = 500
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
    """Stop where the values of some entities are not those that Polars finds."""
    labels = pl.read_parquet(folder / "labels.parquet")
    rare = labels.group_by("id", maintain_order=True).len().filter(pl.col("len").is_between(2, 9))
    some = rare["id"][:N_CHECKED].to_list()  # the others have too many rows for a plain join
    asked = labels.filter(pl.col("id").is_in(some)).sort("t")
    rows = pl.scan_parquet(folder / "view_0.parquet").filter(pl.col("id").is_in(some))
    known = rows.collect(engine="streaming").sort("t")
    newest = asked.join_asof(known, on="t", by="id", check_sortedness=False)
    old = pl.col("t") - pl.duration(days=DAYS)
    windows = asked.select("label", "id", "t", since=old).join_where(
        known.rename({"id": "of", "t": "at"}),
        pl.col("id") == pl.col("of"),
        pl.col("at") > pl.col("since"),
        pl.col("at") <= pl.col("t"),
    )
    counted = windows.group_by("label").agg(
        pl.len().alias("n"),
        pl.col("v0_0").sum().alias("total"),
        pl.col("v0_1").max().alias("most"),
    )
    windows = asked.join(counted, on="label", how="left").with_columns(pl.col("n").fill_null(0))
    found = {"newest": (NEWEST, newest), "windows": (WINDOWS, windows)}
    for way in ways:
        names, theirs = found[way]
        mine = pl.read_ipc(folder / f"{way}.arrow").filter(
            pl.col("label").is_in(asked["label"].implode())
        )
        mine, theirs = mine.sort("label"), theirs.sort("label")
        for name in names:
            a, b = (frame[name].cast(pl.Float64).to_numpy() for frame in (mine, theirs))
            if not np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True):
                sys.exit(f"{way}: {name} differs from that of Polars")
    print(f"{asked.height:,} labels of {len(some)} entities are as Polars has them")


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
