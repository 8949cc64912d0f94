"""Joins from Parquet of many labels to many views of many rows, against the known ways.

Labels and rows are of the same entities, in skewed numbers (Zipf); each view has one key, an event
time and four features, its file in order of time. Every way runs in a process of its own with two
threads and reads the files itself; ours takes the fingerprints of the sources too, and refuses two
rows of one time, which the others do not ask about. ``cold`` reads, ``first`` makes the layouts as
a first use does, ``warm`` joins from them. The results must be equal. Memory is the greatest that
the process held, and that over what it held before it began; of ``warm`` most is of the files that
it maps, which the system lets go when it wants. CPU seconds are those of all its threads: they say
more than seconds where the machine does something else too.

Bars of the full case, 1000000 10 10000000: cold no slower than the better of DuckDB and Polars, in
under half of the memory of pandas; warm ten times as fast as DuckDB.

Beside it: `windows.py` for aggregates, `join_huge.py` for a view larger than memory,
`join_feast.py` for Feast, `join_growth.py` for the growth of the cost, `join_flights.py` for real
data and two clocks.

Run: python benchmarks/join.py [labels [views [rows [way …]]]]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from proml_lab.marketplace.layout.layouts import Layouts

THREADS = 2
FEATURES = 4
SKEW = 1.1
START = 1_700_000_000_000_000
PERIOD = 365 * 86_400 * 10**6
BARS = [
    ("cold", ("duckdb", "polars"), "seconds", 1),
    ("cold", ("pandas",), "peak", 0.5),
    ("warm", ("duckdb",), "seconds", 0.1),
]
"""(way, its peers, what is compared with the least of theirs, no more than this share of it)."""
Way = Callable[[Path], Callable[[], pl.DataFrame]]
"""Prepares a join of the files in a folder, which is then run by the clock."""


def main(n_labels: int, n_views: int, n_rows: int, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make(folder, n_labels, n_views, n_rows)
        print(f"{n_labels:,} labels x {n_views} views x {n_rows:,} rows, {THREADS} threads")
        print(f"{'way':10}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}{'over MB':>9}")
        told = {}
        for name in names:
            told[name] = one = alone(folder, name)
            print(
                f"{name:10}{one['seconds']:9.2f}{one['cpu']:9.2f}{one['peak']:9,.0f}"
                f"{one['peak'] - one['before']:9,.0f}",
                flush=True,
            )
            if name != names[0]:
                check(folder, names[0], name)
        bars(told)


def bars(told: dict[str, dict[str, float]]) -> None:
    """Print what the ways say of the bars, where all of them ran."""
    for one, peers, what, bar in BARS:
        if {one, *peers} <= set(told):
            least = min(told[peer][what] for peer in peers)
            ratio = told[one][what] / least
            print(f"{one}: {ratio:.3f} times the {what} of {' and '.join(peers)} (bar {bar})")


def make(folder: Path, n_labels: int, n_views: int, n_rows: int, *, n_files: int = 1) -> None:
    """Write ``labels.parquet`` and ``view_0.parquet`` … into `folder`.

    Where a view is of several files it is a folder of them, one after the other in time.
    """
    rng = np.random.default_rng(7)
    n_entities = max(10, n_rows // 100)
    entities = rng.permutation(n_entities)

    def keys(n: int) -> np.ndarray:
        weights = np.cumsum(np.arange(1, n_entities + 1) ** -SKEW)
        return entities[np.searchsorted(weights, rng.random(n) * weights[-1])]

    def moments(times: np.ndarray) -> pl.Series:
        return pl.Series("t", times).cast(pl.Datetime("us", "UTC"))

    asked = START + rng.integers(PERIOD // 4, PERIOD, n_labels)
    labels = pl.DataFrame({"id": keys(n_labels), "t": moments(asked)}).with_row_index("label")
    labels.write_parquet(folder / "labels.parquet")
    for view in range(n_views):
        file, last = folder / f"view_{view}.parquet", START
        for part in range(n_files):
            n = n_rows // n_files
            times = last + np.cumsum(rng.integers(1, 2 * PERIOD // n_rows, n))
            last = int(times[-1])
            rows = {"id": keys(n), "t": moments(times)}
            values = {f"v{view}_{i}": rng.normal(size=n) for i in range(FEATURES)}
            place = file if n_files == 1 else file / f"part_{part:03}.parquet"
            place.parent.mkdir(exist_ok=True)
            pl.DataFrame(rows | values).write_parquet(place)


def alone(folder: Path, name: str, *, script: str = __file__) -> dict[str, float]:
    """Run one way of a script in a process of its own: its seconds and megabytes."""
    done = subprocess.run(
        [sys.executable, script, "--way", name, str(folder)],
        env=limits(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def limits() -> dict[str, str]:
    """The environment of a process that may use as many threads as the others."""
    return {**os.environ, "POLARS_MAX_THREADS": str(THREADS), "OMP_NUM_THREADS": str(THREADS)}


def run(ways: dict[str, Way], name: str, folder: Path) -> None:
    """Tell seconds and megabytes of one way; its result lies beside the data afterwards."""
    work = ways[name](folder)
    before = peak()
    start, cpu = time.perf_counter(), time.process_time()
    found = work()
    told = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    print(json.dumps({**told, "before": before, "peak": peak()}))
    found.write_ipc(folder / f"{name}.arrow")


def peak() -> float:
    """Greatest memory of this process so far, in MB (Linux; getrusage would count its parent's)."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1]) / 1024


def check(folder: Path, one: str, other: str) -> None:
    """Stop where two ways differ: the time of a wrong answer says nothing."""
    names = pl.scan_ipc(folder / f"{one}.arrow").collect_schema().names()
    for name in names:
        if name.startswith("v"):
            a, b = (
                pl.scan_ipc(folder / f"{way}.arrow").select("label", name).collect().sort("label")
                for way in (one, other)
            )
            equal = a[name].fill_nan(None).equals(b[name].fill_nan(None))
            if not equal:
                sys.exit(f"{name} differs between {one} and {other}")


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("view_*.parquet"))


def ours(
    folder: Path, *, laid: bool = False, features: object = None, **options: object
) -> Callable[[], pl.DataFrame]:
    """The join by `training_set`, of which `options` are; `features` are those of every view."""
    from proml_lab.marketplace.join import training_set
    from proml_lab.marketplace.view import FeatureView

    def view(file: Path) -> FeatureView:
        names = [f"v{file.stem.removeprefix('view_')}_{i}" for i in range(FEATURES)]
        said = {
            "view": f"a.{file.stem}",
            "source": file.name,
            "entities": ["id"],
            "event_time": "t",
            "features": features or dict.fromkeys(names, "float"),
        }
        return FeatureView.model_validate(said).at(file.parent)

    def work(folder: Path) -> pl.DataFrame:
        views = [view(file) for file in files(folder)]
        more = {"layouts": layouts(folder)} if laid else {}
        return training_set(folder / "labels.parquet", views, cutoff="t", **options, **more).frame

    with tempfile.TemporaryDirectory() as place:  # kernels are compiled, or read from disk
        make(Path(place), 10, 1, 10)
        for _ in range(1 + laid):
            work(Path(place))
    return lambda: work(folder)


def first(folder: Path) -> Callable[[], pl.DataFrame]:
    """The same, which makes the layouts."""
    return ours(folder, laid=True)


def warm(folder: Path) -> Callable[[], pl.DataFrame]:
    """The same on layouts that another process has made."""
    if not (folder / "layouts").exists():
        alone(folder, "first")
    return ours(folder, laid=True)


def layouts(folder: Path) -> Layouts:
    """All that a join may want, in a folder beside the data."""
    from proml_lab.marketplace.layout.layouts import Layouts

    return Layouts(folder / "layouts", limit=1 << 40, memory=4 << 30, smallest=0)


def duckdb(folder: Path) -> Callable[[], pl.DataFrame]:
    import duckdb as engine

    con = engine.connect(config={"threads": THREADS})
    con.execute(f"set temp_directory = '{folder}/spilled'")
    joins = "\n".join(
        f"asof left join '{file}' as {file.stem} on l.id = {file.stem}.id and l.t >= {file.stem}.t"
        for file in files(folder)
    )
    columns = ", ".join(f"{file.stem}.* exclude (id, t)" for file in files(folder))
    query = f"select l.label, {columns} from '{folder}/labels.parquet' as l {joins}"
    return lambda: pl.DataFrame(con.sql(query).to_arrow_table())


def polars(folder: Path) -> Callable[[], pl.DataFrame]:
    def work() -> pl.DataFrame:
        labels = pl.scan_parquet(folder / "labels.parquet").sort("t")
        for file in files(folder):
            rows = pl.scan_parquet(file)
            labels = labels.join_asof(rows, on="t", by="id", check_sortedness=False)
        return labels.collect()

    return work


def pandas(folder: Path) -> Callable[[], pl.DataFrame]:
    import pandas as pd

    def work() -> pl.DataFrame:
        labels = pd.read_parquet(folder / "labels.parquet").sort_values("t")
        for file in files(folder):
            labels = pd.merge_asof(labels, pd.read_parquet(file), on="t", by="id")
        return pl.from_pandas(labels)

    return work


WAYS: dict[str, Way] = {
    "cold": ours,
    "first": first,
    "warm": warm,
    "duckdb": duckdb,
    "polars": polars,
    "pandas": pandas,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        run(WAYS, sys.argv[2], Path(sys.argv[3]))
    else:
        sizes = [int(float(size)) for size in sys.argv[1:4]]
        main(*(sizes + [100_000, 3, 1_000_000][len(sizes) :]), sys.argv[4:] or [*WAYS])
