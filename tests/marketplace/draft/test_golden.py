"""A repository that ``feast init`` made, and what Feast answers; `make_golden` makes both."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import DuplicateKeyError
from proml_lab.marketplace.draft import draft_views
from proml_lab.marketplace.workspace import open_workspace

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("conv_rate", "acc_rate", "avg_daily_trips")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "feature_repo"
    (folder / "data").mkdir(parents=True)
    for file in GOLDEN.iterdir():
        place = folder / "data" if file.suffix == ".parquet" else folder
        shutil.copyfile(file, place / file.name.removesuffix(".txt"))
    return folder


def answered(repo: Path, answers: pl.DataFrame) -> pl.DataFrame:
    """What the drafted workspace answers to the questions of `answers`, in their types.

    Feast keeps one of several rows with a key and time, and so does who is told.
    """
    drafted = draft_views(repo)
    workspace = open_workspace(repo)
    assert workspace.catalog.check().passed
    asked = answers.select("driver_id", pl.col("event_timestamp").alias("at"))
    (view,) = [one for one in drafted.views if one.endswith(".driver_hourly_stats")]
    stats = repo / "data" / "driver_stats.parquet"
    rows = pl.read_parquet(stats)
    keys = ["driver_id", "event_timestamp"]
    twice = rows.filter(pl.struct(keys).is_duplicated())
    if twice.height:
        said = drafted.frame().filter(pl.col("why").str.contains("too many"))
        assert f"rows.unique({keys!r}, keep='last')" in said["why"][0]
        with pytest.raises(DuplicateKeyError):
            workspace.training_set(twice.select("driver_id", at=keys[1]), [view], cutoff="at")
        rows.unique(keys, keep="last").write_parquet(stats)
    ours = workspace.training_set(asked, [view], cutoff="at").frame
    return ours.select(pl.col(name).cast(answers.schema[name]) for name in NAMES)


def test_it_answers_as_feast_does(repo: Path) -> None:
    answers = pl.read_parquet(GOLDEN / "answers.parquet")
    assert 0 < answers["conv_rate"].null_count() < answers.height
    assert answered(repo, answers).equals(answers.select(NAMES))


def test_what_is_taken_and_what_is_not(repo: Path) -> None:
    drafted = draft_views(repo)
    assert drafted.origin == "a Feast repository"
    assert drafted.views == (
        *("made.driver_hourly_stats", "made.driver_hourly_stats_fresh"),
        "made.driver_quality_labels",
    )
    catalog = open_workspace(repo).catalog
    assert catalog.entities[0].keys == {"driver_id": "integer"}
    view = catalog.view("made.driver_hourly_stats")
    assert (view.status, view.owner) == ("draft", "driver_performance")
    assert view.feature("avg_daily_trips").description == "Average daily trips"
    assert view.time_to_live is not None
    assert view.time_to_live.days == 1
    assert view.known_at is None
    left = drafted.frame().filter(pl.col("what") == "left out")
    told = [name.partition(" (")[0] for name in left["name"]]
    assert told[:6] == [
        "RequestSource vals_to_add",
        "on_demand_feature_view transformed_conv_rate",
        "FeatureService driver_activity_v1",
        "FeatureService driver_activity_v2",
        "on_demand_feature_view transformed_conv_rate_fresh",
        "FeatureService driver_activity_v3",
    ]
    assert "driver_config is Json, which no feature can be" in left["why"].to_list()
    notes = drafted.frame().filter(pl.col("what") == "note")["why"]
    assert notes[0].startswith("created is no known_at: all are later than the last event_time")


def test_nothing_of_the_repository_is_run_or_changed(repo: Path) -> None:
    code = repo / "feature_definitions.py"
    code.write_text(code.read_text() + "\nraise SystemExit('run')\n")
    before = {file: file.read_bytes() for file in repo.rglob("*") if file.is_file()}
    draft_views(repo)
    assert {file: file.read_bytes() for file in before} == before
