"""Weights, offsets, what learners read beside features, and fits that are interrupted."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset, Stopped
from proml_lab.errors import ColumnMissingError, DataError
from proml_lab.learners import registry
from proml_lab.learners.baseline import Baseline, BaselineLearner
from tests.learners.conftest import make_rows

LABELS = {"binary": "late", "regression": "delay", "count": "n_calls"}
ALL = {"by": "random", "test": 0.01}


def _rows(**columns: pl.Series | pl.Expr) -> Dataset:
    rows = make_rows()
    return replace(rows, frame=rows.frame.with_columns(**columns))


@pytest.mark.parametrize("task", LABELS)
@pytest.mark.parametrize("learner", ["baseline", {"linear": {"min_count": 1, "l2": 1e-6}}])
def test_a_row_of_weight_two_counts_as_two_rows(task: str, learner: object, spec) -> None:
    rows = make_rows()
    times = np.random.default_rng(1).integers(0, 4, len(rows))
    weighted = _rows(w=pl.Series(times))
    label = {"column": LABELS[task], "task": task}
    how = {"split": {"test_from": "2013-01-25"}}
    twice = replace(rows, frame=rows.frame[np.repeat(np.arange(len(rows)), times)])
    found = learners.fit(spec(learner, label={**label, "weight": "w"}, **how), weighted)
    wanted = learners.fit(spec(learner, label=label, **how), twice)
    assert math.isclose(found.baseline, wanted.baseline, rel_tol=1e-12)
    # the ridge is next to nothing: numbers are standardised by rows, with or without their weights
    assert np.allclose(found.raw(rows.frame), wanted.raw(rows.frame), atol=1e-5)


@pytest.mark.parametrize("task", LABELS)
@pytest.mark.parametrize("learner", ["baseline", "linear", {"trees": {"n_trees": 5}}])
def test_the_offset_is_part_of_the_score(task: str, learner: object, spec) -> None:
    label = {"column": LABELS[task], "task": task, "offset": "o"}
    rows = _rows(o=pl.Series(np.random.default_rng(2).normal(size=600)))
    model = learners.fit(spec(learner, label=label, split=ALL), rows)
    assert "o" in model.inputs
    assert "o" not in model.features
    up = rows.frame.with_columns(o=pl.col("o") + 1.5)
    assert np.allclose(model.raw(up) - model.raw(rows.frame), 1.5)
    why = model.contributions(up.head(5))
    assert why.features == (*model.features, "o")
    assert np.allclose(why.base + why.values.sum(axis=1), model.raw(up.head(5)))
    assert np.allclose(why.values[:, -1], up["o"].head(5))


@pytest.mark.parametrize("task", LABELS)
def test_a_constant_offset_moves_the_intercept_only(task: str, spec) -> None:
    label = {"column": LABELS[task], "task": task}
    rows = _rows(o=pl.lit(0.75))
    plain = learners.fit(spec("linear", label=label), rows)
    moved = learners.fit(spec("linear", label={**label, "offset": "o"}), rows)
    assert np.allclose(plain.raw(rows.frame), moved.raw(rows.frame), atol=1e-6)


def test_the_baseline_over_an_offset_has_the_labels_mean(spec) -> None:
    rows = _rows(o=pl.Series(np.random.default_rng(3).normal(size=600)))
    label = {"column": "late", "offset": "o"}
    model = learners.fit(spec("baseline", label=label, split=ALL), rows)
    train = rows.frame.join(model.test.frame, on="at", how="anti")
    assert math.isclose(model.predict(train).mean(), train["late"].mean(), rel_tol=1e-9)


def test_weights_and_offsets_reach_the_trees(spec) -> None:
    import lightgbm

    w, o = np.random.default_rng(4).random((2, 600))
    rows = _rows(w=pl.Series(w), o=pl.Series(o))
    rows = replace(rows, features=("x", "seats"))
    options = {"n_trees": 8, "validation": 0.0, "num_leaves": 7}
    label = {"column": "late", "weight": "w", "offset": "o"}
    model = learners.fit(spec({"trees": options}, label=label, split={"test": 0.2}), rows)
    x = rows.frame.select("x", "seats").cast(pl.Float64).to_numpy()
    train = lightgbm.Dataset(
        x[:480], rows.frame["late"].cast(float).to_numpy()[:480], weight=w[:480], init_score=o[:480]
    )
    told = {"objective": "binary", "num_leaves": 7, "verbosity": -1, "seed": 7}
    told |= {"deterministic": True, "force_row_wise": True, "min_data_per_group": 100}
    booster = lightgbm.train(told, train, num_boost_round=8)
    assert np.allclose(model.raw(rows.frame), booster.predict(x, raw_score=True) + o, atol=1e-12)


@pytest.mark.parametrize(
    ("role", "column", "message"),
    [
        ("weight", pl.lit("a"), "The weight 'c' is String, not a number"),
        ("weight", pl.lit(-1.0), "The weight 'c' is -1.0 in 600 of 600 rows; it must be a finite"),
        ("weight", pl.lit(float("nan")), "The weight 'c' is nan in 600 of 600 rows"),
        ("weight", pl.lit(0), "The weight 'c' is 0 in all 600 rows"),
        ("offset", pl.lit(None, pl.Float64), "The offset 'c' is None in 600 of 600 rows"),
        ("offset", pl.lit(float("inf")), "The offset 'c' is inf in 600 of 600 rows"),
    ],
)
def test_weights_and_offsets_are_numbers(role: str, column: pl.Expr, message: str, spec) -> None:
    with pytest.raises(DataError) as error:
        learners.fit(spec("linear", label={"column": "late", role: "c"}), _rows(c=column))
    assert error.value.message.startswith(message)
    assert error.value.hint


def test_weights_and_offsets_are_columns(spec) -> None:
    with pytest.raises(ColumnMissingError, match="The data has no weight column 'seat'"):
        learners.fit(spec("linear", label={"column": "late", "weight": "seat"}), make_rows())


def test_rows_without_weight_do_not_make_a_label_vary(spec) -> None:
    rows = _rows(w=pl.col("late").cast(float))
    with pytest.raises(DataError, match="'late' is one class only: 1 in all"):
        learners.fit(spec("linear", label={"column": "late", "weight": "w"}), rows)


class _Grouped(BaselineLearner):
    name = "grouped"

    def reads(self, options: object) -> tuple[str, ...]:
        return ("seats", "tail")


class _Patient(BaselineLearner):
    name = "patient"

    def fit(self, dataset: Dataset, **given: object) -> Baseline:
        found = super().fit(dataset, **given)
        raise Stopped(found, "stopped after 3 of 10 sweeps")


def test_what_a_learner_reads_is_a_feature_of_the_model(spec, monkeypatch) -> None:
    monkeypatch.setattr(registry, "get", lambda name: _Grouped())
    rows = replace(_rows(tail=pl.lit("N1")), features=("x", "seats"))
    model = learners.fit(spec("grouped"), rows)
    assert model.features == ("x", "seats", "tail")
    assert model.inputs["tail"] == pl.String
    message = "Learner 'grouped' reads the column 'tail', which is not in the data"
    with pytest.raises(ColumnMissingError, match=message):
        learners.fit(spec("grouped"), make_rows())


def test_an_interrupted_fit_says_so(spec, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(registry, "get", lambda name: _Patient())
    model = learners.fit(spec("baseline"), make_rows())
    assert model.stopped == "stopped after 3 of 10 sweeps"
    assert "stopped after 3 of 10 sweeps" in repr(model)
    monkeypatch.undo()
    model.save(tmp_path / "m")
    assert learners.load(tmp_path / "m").stopped == model.stopped
