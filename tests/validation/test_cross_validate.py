from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset, Stopped
from proml_lab.errors import DataError, UnknownNameError, UsageError
from proml_lab.evaluate.metrics import METRICS
from proml_lab.folds import folds
from proml_lab.learners.baseline import BaselineLearner
from proml_lab.spec import ModelSpec
from proml_lab.validation import CrossValidation, cross_validate
from tests.learners.conftest import make_rows

WAYS = [
    {},
    {"gap": "1d", "window": "12d"},
    {"by": "random"},
    {"by": "stratified"},
    {"by": "entity"},
]


def spec(learner: object = "linear", **fields: object) -> ModelSpec:
    base = {"name": "demo", "label": "late", "spine": {"source": "flights", "cutoff": "at"}}
    return ModelSpec.model_validate({**base, "learner": learner, **fields})


def alone(rows: Dataset, train: np.ndarray, test: np.ndarray, asked: ModelSpec) -> np.ndarray:
    """Scores of a model fitted to the training rows alone: nothing else is in its data."""
    first, second = datetime(2000, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC)
    part = pl.concat([rows.frame[train], rows.frame[test].with_columns(late=pl.lit(value=True))])
    order = pl.Series("side", [first] * len(train) + [second] * len(test))
    whole = replace(rows, frame=part.with_columns(order), cutoff="side")
    model = learners.fit(asked.but(split={"test_from": "2001-01-01"}), whole)
    assert model.n_rows == len(train)
    return model.predict(rows.frame[test])


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_fold_is_a_fit_to_its_training_rows_alone(way: dict[str, object]) -> None:
    rows, asked = make_rows(), spec(split=way, evaluate=["auc", "log_loss"])
    found = cross_validate(asked, rows, folds=3)
    y = rows.frame["late"].to_numpy().astype(float)
    made = folds(rows, asked.split, 3, seed=7)
    tested = np.zeros(600, bool)
    for fold in made:
        scores = alone(rows, fold.train, fold.test, asked)
        assert np.array_equal(found.scores["score"].to_numpy()[fold.test], scores)
        assert set(found.scores["fold"].to_numpy()[fold.test]) == {fold.number}
        for name in ("auc", "log_loss"):
            row = found.frame().row(
                by_predicate=(pl.col("metric") == name) & (pl.col("fold") == fold.number),
                named=True,
            )
            assert row["value"] == METRICS[name](y[fold.test], scores)
            assert (row["n_train"], row["n_test"]) == (len(fold.train), len(fold.test))
        tested[fold.test] = True
    assert found.scores["score"].is_null().to_numpy().tolist() == (~tested).tolist()
    assert found.scores["label"].to_list() == y.tolist()
    assert found.scores["row"].to_list() == list(range(600))


def test_levels_of_the_test_rows_are_not_learnt() -> None:
    rows = make_rows()
    odd = rows.frame.with_columns(
        carrier=pl.when(pl.int_range(600) >= 450).then(pl.lit("new")).otherwise("carrier")
    )
    found = cross_validate(spec(), replace(rows, frame=odd), folds=3)
    other = odd.with_columns(pl.col("carrier").replace("new", "never seen"))
    again = cross_validate(spec(), replace(rows, frame=other), folds=3)
    assert found.scores["fold"][-1] == 3
    assert found.scores.equals(again.scores)


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    asked = spec(split={"by": "random"})
    one, again = (cross_validate(asked, make_rows(), folds=4) for _ in range(2))
    assert one.scores.equals(again.scores)
    assert one.frame().drop("fit_s").equals(again.frame().drop("fit_s"))
    other = cross_validate(asked.but(seed=8), make_rows(), folds=4)
    assert not other.scores.equals(one.scores)


def test_what_leaks_is_told_for_each_fold() -> None:
    by_time = cross_validate(spec(), make_rows(), folds=3)
    assert by_time.leaks.verdict == "pass"
    assert by_time.leaks.frame()["fold"].to_list() == [1, 1, 2, 2, 3, 3]
    assert (
        cross_validate(spec(split={"by": "entity"}), make_rows(), folds=3)
        .leaks.frame()
        .filter(code="LK001")["verdict"]
        .to_list()
        == ["pass"] * 3
    )
    mixed = cross_validate(spec(split={"by": "random"}), make_rows(), folds=3)
    assert mixed.leaks.verdict == "warn"
    assert "LK001 an entity on both sides" in str(mixed)
    named = {"by": "entity", "entity": "seats"}
    assert {"seats", "carrier"} <= set(
        cross_validate(spec(split=named), make_rows(), folds=2).leaks.frame()["subject"]
    )


def test_another_learner_and_the_metrics_of_the_task() -> None:
    found = cross_validate(
        spec(evaluate=["auc by carrier"]), make_rows(), folds=2, learner="baseline"
    )
    assert found.spec.learner.name == "baseline"
    assert found.frame()["metric"].unique(maintain_order=True).to_list()[0] == "auc"
    assert found.frame().height == 10
    chosen = cross_validate(spec(), make_rows(), folds=2, metrics=["brier", "brier"])
    assert chosen.frame()["metric"].to_list() == ["brier", "brier"]


def test_progress_counts_the_folds() -> None:
    told: list[tuple[float, str]] = []
    cross_validate(
        spec(), make_rows(), folds=2, progress=lambda part, words: told.append((part, words))
    )
    assert told[0] == (0.0, "fold 1 of 2: fitting")
    assert (0.5, "fold 2 of 2: fitting") in told
    parts = [part for part, _ in told]
    assert parts == sorted(parts)
    assert parts[-1] <= 1


def interrupted(at: int, words: str = "fitting") -> CrossValidation:
    def tell(part: float, said: str) -> None:
        if said == f"fold {at} of 3: {words}":
            raise KeyboardInterrupt

    return cross_validate(spec(), make_rows(), folds=3, progress=tell)


def test_an_interrupt_keeps_the_folds_that_are_done() -> None:
    whole = cross_validate(spec(), make_rows(), folds=3)
    found = interrupted(3)
    assert (found.n_done, found.n_folds, whole.stopped) == (2, 3, "")
    assert found.stopped == "interrupted after 2 of 3 folds"
    assert found.stopped in str(found)
    first = whole.scores.filter(pl.col("fold") < 3)
    assert found.scores.drop_nulls().equals(first)
    with pytest.raises(KeyboardInterrupt):
        interrupted(1)


def test_a_fold_whose_fit_was_cut_short_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    fit, calls = BaselineLearner.fit, []

    def stops(self: BaselineLearner, dataset: Dataset, **options: object) -> object:
        calls.append(len(dataset))
        made = fit(self, dataset, **options)
        if len(calls) == 2:
            raise Stopped(made, "half of it")
        return made

    monkeypatch.setattr(BaselineLearner, "fit", stops)
    found = cross_validate(spec("baseline"), make_rows(), folds=3)
    assert found.stopped == "interrupted after 1 of 3 folds"
    assert calls == [150, 300]


def test_a_fold_that_cannot_be_fitted_is_named() -> None:
    rows = make_rows()
    same = rows.frame.with_columns(late=(pl.int_range(600) >= 200) & pl.col("late"))
    with pytest.raises(DataError, match=r"^Fold 1 of 3: The label 'late' is one class only"):
        cross_validate(spec(), replace(rows, frame=same), folds=3)


def test_a_prediction_that_is_no_number_is_told() -> None:
    rows = make_rows()
    wild = rows.frame.with_columns(x=pl.when(pl.int_range(600) == 599).then(1e9).otherwise("x"))
    calls = spec(label={"column": "n_calls", "task": "count"})
    with pytest.raises(DataError, match="fold 3 predicts no finite number for 1 of 150 rows"):
        cross_validate(calls, replace(rows, frame=wild), folds=3)


def test_what_cannot_be_asked_for_is_refused() -> None:
    rows = make_rows()
    with pytest.raises(UsageError, match=r"folds is 1; it is a whole number from 2 up"):
        cross_validate(spec(), rows, folds=1)
    with pytest.raises(UsageError, match="Metric 'auc by carrier' is by group"):
        cross_validate(spec(), rows, metrics=["auc by carrier"])
    with pytest.raises(UnknownNameError, match="metric 'acu'"):
        cross_validate(spec(), rows, metrics=["acu"])
    with pytest.raises(DataError, match="needs a cutoff column"):
        cross_validate(spec(), replace(rows, cutoff=None))
    with pytest.raises(UsageError, match="fitted from a spec or its path, found dict"):
        cross_validate({}, rows)


def test_a_metric_that_is_not_defined_in_a_fold_is_left_out_of_the_mean() -> None:
    rows = make_rows()
    one_class = rows.frame.with_columns(late=pl.col("late") | (pl.int_range(600) >= 450))
    found = cross_validate(spec(), replace(rows, frame=one_class), folds=3, metrics=["auc"])
    assert found.frame()["value"].is_null().to_list() == [False, False, True]
    row = found.summary().row(0, named=True)
    values = found.frame()["value"].drop_nulls().to_numpy()
    assert row["n_folds"] == 2
    assert row["mean"] == pytest.approx(values.mean())
    assert row["spread"] == pytest.approx(values.std(ddof=1))
    assert (row["least"], row["greatest"]) == (values.min(), values.max())


def test_rows_of_one_day_stay_together() -> None:
    rows = make_rows()
    days = rows.frame.with_columns(pl.col("at").dt.truncate("1d"))
    found = cross_validate(spec(), replace(rows, frame=days), folds=3)
    parts = found.scores.with_columns(at=days["at"]).group_by("at").agg(pl.col("fold").n_unique())
    assert parts["fold"].max() == 1
    assert days["at"].max() - days["at"].min() >= timedelta(days=20)


def test_rows_that_nothing_tells_apart_have_no_leaks() -> None:
    rows = replace(make_rows(), entities=(), cutoff=None)
    found = cross_validate(spec(split={"by": "random"}), rows, folds=2)
    assert found.leaks.frame().is_empty()
    assert found.frame().height
