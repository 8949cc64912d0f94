"""Rows to try a model with: evenly chosen, in its types, and as JSON."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import numpy as np
import polars as pl

from proml_lab import learners
from proml_lab.model import Model
from proml_lab.promote import example
from proml_lab.spec import ModelSpec
from tests.learners.conftest import make_rows
from tests.promote.conftest import Promoted

SPEC = "{name: demo, label: late, spine: {source: made}, split: {by: random}, learner: linear}"


def fitted() -> Model:
    return learners.fit(ModelSpec.parse(SPEC), make_rows())


def test_rows_are_spread_over_the_held_out_ones(tmp_path: Path) -> None:
    model = fitted()
    assert model.test is not None
    n = len(model.test)
    example.keep(model, tmp_path)
    rows = pl.read_parquet(tmp_path / "example" / "rows.parquet")
    chosen = [int(i * (n - 1) / 99) for i in range(100)]
    assert rows.equals(model.test.frame[chosen].select(*model.inputs))
    assert dict(rows.schema) == dict(model.inputs)
    scores = pl.read_parquet(tmp_path / "example" / "scores.parquet")["score"].to_numpy()
    assert scores.tobytes() == model.predict(rows).tobytes()


def test_few_rows_are_all_kept_and_none_leaves_nothing(tmp_path: Path) -> None:
    model = fitted()
    assert model.test is not None
    few = replace(model, test=replace(model.test, frame=model.test.frame.head(3)))
    example.keep(few, tmp_path)
    assert pl.read_parquet(tmp_path / "example" / "rows.parquet").height == 3
    example.keep(replace(model, test=None), tmp_path)
    assert list((tmp_path / "example").iterdir()) == []
    example.store(tmp_path, tmp_path)
    assert not (tmp_path / "input_example.json").exists()


def test_values_are_written_as_json_has_them(tmp_path: Path) -> None:
    at = datetime(2013, 1, 1, 12, tzinfo=UTC)
    rows = pl.DataFrame(
        {
            "x": [1.5, float("inf"), float("nan"), None],
            "at": [at] * 4,
            "day": [date(2013, 1, 2)] * 4,
            "hour": [time(1, 2, 3)] * 4,
            "who": ["ä", "b", "c", None],
            "n": [1, 2, 3, None],
            "yes": [True, True, False, None],
        }
    )
    (tmp_path / "outputs" / "example").mkdir(parents=True)
    (tmp_path / "model").mkdir()
    rows.write_parquet(tmp_path / "outputs" / "example" / "rows.parquet")
    (tmp_path / "outputs" / "example" / "scores.parquet").touch()
    example.store(tmp_path / "outputs", tmp_path / "model")
    said = json.loads((tmp_path / "model" / "input_example.json").read_text(encoding="utf-8"))
    moments = ["2013-01-01T12:00:00+00:00", "2013-01-02", "01:02:03"]
    assert said["columns"] == rows.columns
    assert said["data"] == [
        [1.5, *moments, "ä", 1, True],
        [None, *moments, "c", 3, False],
        [None, *moments, None, None, None],
    ]
    serving = json.loads((tmp_path / "model" / "serving_input_example.json").read_text())
    assert serving == {"dataframe_split": said}


def test_a_span_of_time_cannot_be_shown_as_json(tmp_path: Path) -> None:
    (tmp_path / "example").mkdir()
    (tmp_path / "model").mkdir()
    rows = pl.DataFrame({"x": pl.Series([5], dtype=pl.Duration("us"))})
    rows.write_parquet(tmp_path / "example" / "rows.parquet")
    (tmp_path / "example" / "scores.parquet").touch()
    example.store(tmp_path, tmp_path / "model")
    assert (tmp_path / "model" / "example" / "rows.parquet").is_file()
    assert json.loads((tmp_path / "model" / "input_example.json").read_text())["data"] == []


def test_mlflow_reads_the_example_and_the_model_says_of_it_what_is_kept(
    promoted: Promoted,
) -> None:
    folder = promoted.artifacts[2].path / "model"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what MLflow's own imports warn of
        from mlflow import pyfunc

        loaded = pyfunc.load_model(str(folder))
        said = loaded.predict(loaded.input_example)
        every = loaded.predict(pl.read_parquet(folder / "example" / "rows.parquet").to_pandas())
    kept = pl.read_parquet(folder / "example" / "scores.parquet")["score"].to_numpy()
    assert every.tobytes() == kept.tobytes()
    assert np.array_equal(said, kept[:5])
