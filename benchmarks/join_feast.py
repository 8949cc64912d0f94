"""Training rows by Feast's `get_historical_features` against ours, from the same Parquet files.

Three views of one entity, four features each. Every entity has 100 rows, and about as many labels
as any other: Feast's stores put each label beside all rows of its entity, so skewed ones would take
its memory. Feast runs in an environment of its own, which is made here unless the interpreter of
one is named, by both of its stores that need no server; its repository is applied before the clock
starts. Each way is a process of its own with two threads, and the results must be equal.

Bar: at 100,000 labels, 50 times as fast as Feast with its default store, which is that of Dask.

Run: python benchmarks/join_feast.py [labels [rows [python]]]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BAR = 50
FEAST = "feast[duckdb]==0.67.0"
THREADS = 2
VIEWS = 3
FEATURES = 4
ROWS = 100
START = 1_700_000_000_000_000
PERIOD = 365 * 86_400 * 10**6


def main(n_labels: int, n_rows: int, python: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make(folder, n_labels, n_rows)
        python = python or environment(folder / "environment")
        print(f"{n_labels:,} labels x {VIEWS} views x {n_rows:,} rows, {THREADS} threads")
        print(f"{'way':14}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}{'x ours':>9}")
        seconds = []
        for name in WAYS:
            told = alone(sys.executable if name == "ours" else python, name, folder)
            seconds.append(told["seconds"])
            print(
                f"{name:14}{told['seconds']:9.2f}{told['cpu']:9.2f}{told['peak']:9,.0f}"
                f"{told['seconds'] / seconds[0]:9.1f}",
                flush=True,
            )
            check(folder, name)
        print(f"{seconds[1] / seconds[0]:.0f} times as fast as Feast by default (bar {BAR})")


def make(folder: Path, n_labels: int, n_rows: int) -> None:
    """Write ``labels.parquet`` and ``view_0.parquet`` … into `folder`."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(7)
    n_entities = max(1, n_rows // ROWS)

    def frame(times: np.ndarray, **more: np.ndarray) -> pl.DataFrame:
        ids = rng.permutation(np.arange(times.size) % n_entities)
        moments = pl.Series(START + times).cast(pl.Datetime("us", "UTC"))
        return pl.DataFrame({"id": ids, "t": moments, **more})

    labels = frame(rng.integers(PERIOD // 4, PERIOD, n_labels), label=np.arange(n_labels))
    labels.write_parquet(folder / "labels.parquet")
    for view in range(VIEWS):
        values = {f"v{view}_{i}": rng.normal(size=n_rows) for i in range(FEATURES)}
        times = np.cumsum(rng.integers(1, 2 * PERIOD // n_rows, n_rows))
        frame(times, **values).write_parquet(folder / f"view_{view}.parquet")


def environment(folder: Path) -> str:
    """The interpreter of a new environment with Feast."""
    print(f"Installing {FEAST} into an environment of its own.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-compile", FEAST], check=True)
    return python


def alone(python: str, name: str, folder: Path) -> dict[str, float]:
    """Run one way in a process of its own: its seconds and megabytes."""
    limits = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "DASK_NUM_WORKERS")
    done = subprocess.run(
        [python, __file__, "--way", name, str(folder)],
        env={**os.environ, **dict.fromkeys(limits, str(THREADS))},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def run(name: str, folder: Path) -> None:
    work = WAYS[name](folder)
    start, cpu = time.perf_counter(), time.process_time()
    found = work()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak}))
    path = str(folder / f"found_{name}.parquet")
    found.write_parquet(path) if name == "ours" else found.to_parquet(path)


def check(folder: Path, name: str) -> None:
    """Stop where a way differs from ours: the time of a wrong answer says nothing."""
    import polars as pl

    ours, theirs = (
        pl.read_parquet(folder / f"found_{way}.parquet").sort("label") for way in ("ours", name)
    )
    for column in ours.columns:
        if column.startswith("v") and not ours[column].equals(theirs[column].fill_nan(None)):
            sys.exit(f"{column} differs between ours and {name}")


def ours(folder: Path) -> Callable[[], Any]:
    from proml_lab.marketplace.join import training_set
    from proml_lab.marketplace.view import FeatureView

    def views(place: Path) -> list[FeatureView]:
        return [
            FeatureView.model_validate(
                {
                    "view": f"a.view_{view}",
                    "source": f"view_{view}.parquet",
                    "entities": ["id"],
                    "event_time": "t",
                    "features": {f"v{view}_{i}": "float" for i in range(FEATURES)},
                }
            ).at(place)
            for view in range(VIEWS)
        ]

    with tempfile.TemporaryDirectory() as place:  # kernels are compiled, or read from disk
        make(Path(place), 10, 100)
        training_set(Path(place) / "labels.parquet", views(Path(place)), cutoff="t")
    return lambda: training_set(folder / "labels.parquet", views(folder), cutoff="t").frame


def feast(store: str) -> Callable[[Path], Callable[[], Any]]:
    """`get_historical_features` by one of Feast's offline stores."""

    def way(folder: Path) -> Callable[[], Any]:
        from datetime import timedelta

        import pandas as pd
        from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
        from feast.types import Float64
        from feast.value_type import ValueType

        config = RepoConfig(
            project="bench",
            provider="local",
            registry=str(folder / f"{store}.registry"),
            online_store={"type": "sqlite", "path": str(folder / f"{store}.online")},
            offline_store={"type": store},
            entity_key_serialization_version=3,
        )
        entity = Entity(name="one", join_keys=["id"], value_type=ValueType.INT64)
        views = [
            FeatureView(
                name=f"view_{view}",
                entities=[entity],
                ttl=timedelta(days=3650),
                schema=[Field(name=f"v{view}_{i}", dtype=Float64) for i in range(FEATURES)],
                source=FileSource(path=str(folder / f"view_{view}.parquet"), timestamp_field="t"),
            )
            for view in range(VIEWS)
        ]
        known = FeatureStore(config=config)
        known.apply([entity, *views])
        wanted = [f"view_{view}:v{view}_{i}" for view in range(VIEWS) for i in range(FEATURES)]

        def work() -> Any:
            labels = pd.read_parquet(folder / "labels.parquet")
            labels = labels.rename(columns={"t": "event_timestamp"})
            return known.get_historical_features(labels, wanted).to_df()

        return work

    return way


WAYS: dict[str, Callable[[Path], Callable[[], Any]]] = {
    "ours": ours,
    "feast-dask": feast("dask"),
    "feast-duckdb": feast("duckdb"),
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        run(sys.argv[2], Path(sys.argv[3]))
    else:
        sizes = [int(float(size)) for size in sys.argv[1:3]]
        main(*(sizes + [100_000, 1_000_000][len(sizes) :]), (sys.argv[3:] or [""])[0])
