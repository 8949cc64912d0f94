"""Make ``golden/`` again: what ``feast init`` makes, two drivers of it, and what Feast answers.

Run it by the Python of an environment with feast 0.67, never with that of the tests:
``python make_golden.py FOLDER`` writes into FOLDER; ``--whole`` keeps every driver.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pandas as pd
from feast import FeatureStore

NAMES = ("conv_rate", "acc_rate", "avg_daily_trips")
ASKED = [f"driver_hourly_stats:{name}" for name in NAMES]


def main(folder: Path, *, whole: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    feast = Path(sys.executable).with_name("feast")
    subprocess.run([feast, "init", "made"], cwd=folder, check=True)
    repo = folder / "made" / "feature_repo"
    stats = repo / "data" / "driver_stats.parquet"
    if not whole:
        kept = pd.read_parquet(stats)
        kept[kept.driver_id.isin([1001, 1003])].to_parquet(stats)
    subprocess.run([feast, "apply"], cwd=repo, check=True)
    rows = pd.read_parquet(stats)
    last = rows.event_timestamp.max()  # hourly rows of fifteen days, and one of 2021
    moments = [last + timedelta(days=3, minutes=7) - i * timedelta(hours=9) for i in range(60)]
    moments += [rows.event_timestamp.min() + timedelta(hours=hours) for hours in (1, 23, 25)]
    keys = [*rows.driver_id.unique(), 9999]
    spine = pd.DataFrame(
        [(int(key), moment) for moment in moments for key in keys],
        columns=["driver_id", "event_timestamp"],
    )
    answers = FeatureStore(str(repo)).get_historical_features(spine, ASKED).to_df()
    answers.to_parquet(folder / "answers.parquet")
    if not whole:
        for file in (
            *repo.glob("*.yaml"),
            *repo.glob("feature_*.py"),
            *repo.glob("data/*.parquet"),
        ):
            name = f"{file.name}.txt" if file.suffix == ".py" else file.name
            shutil.copyfile(file, folder / name)
        shutil.rmtree(folder / "made")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), whole="--whole" in sys.argv)
