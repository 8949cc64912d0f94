from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset
from proml_lab.errors import ColumnMissingError, DataError, UnknownNameError, UsageError
from proml_lab.evaluate import compare, evaluate
from proml_lab.evaluate.metrics import METRICS
from proml_lab.learners.baseline import Baseline
from proml_lab.model import Model
from proml_lab.spec import ModelSpec
from tests.learners.conftest import make_rows


def fitted(learner: str = "linear", rows: Dataset | None = None, **fields: object) -> Model:
    base: dict[str, object] = {"name": "demo", "label": "late", "spine": {"source": "flights"}}
    spec = ModelSpec.model_validate({**base, "learner": learner, **fields})
    return learners.fit(spec, make_rows() if rows is None else rows)


def test_values_are_those_of_the_held_out_rows() -> None:
    model = fitted()
    found = compare(model, fitted("baseline"), resamples=20)
    y = model.test.frame["late"].to_numpy().astype(float)
    row = found.frame().filter(metric="auc", model="linear").row(0, named=True)
    assert row["value"] == METRICS["auc"](y, model.predict(model.test))
    assert (row["model"], row["learner"], row["verdict"]) == ("linear", "linear", "best")
    assert row["fit_s"] == model.fit_s
    assert found.n_rows == 120
    assert found.names == ("linear", "baseline")


def test_models_may_read_other_columns_of_the_same_rows() -> None:
    rows = make_rows()
    few = replace(rows, frame=rows.frame.drop("x"), features=("seats",))
    other = replace(rows, frame=rows.frame.with_columns(seats=-pl.col("seats")))
    models = [fitted(rows=few), fitted(rows=other)]
    found = compare(*models, resamples=0)
    for name, model in zip(found.names, models, strict=True):
        assert np.array_equal(found.predictions[name], model.predict(model.test))


def test_evaluate_is_a_comparison_of_one() -> None:
    found = evaluate(fitted(), metrics=["auc"], resamples=20)
    assert found.frame().height == 1
    assert found.names == ("demo",)
    assert found.frame()["verdict"].to_list() == [None]


def test_metrics_come_from_the_call_else_the_specs_else_the_task() -> None:
    asked = fitted(evaluate=["brier", "auc"])
    twice = compare(asked, metrics=["auc", "auc"], resamples=0)
    assert twice.frame()["metric"].to_list() == ["auc"]
    both = compare(asked, fitted(evaluate=["auc", "log_loss"]), resamples=0)
    assert both.frame()["metric"].unique(maintain_order=True).to_list() == [
        "brier", "auc", "log_loss",
    ]  # fmt: skip
    assert evaluate(fitted(), resamples=0).frame()["metric"].to_list()[:2] == ["auc", "pr_auc"]


def test_groups_are_measured_apart() -> None:
    model = fitted()
    found = evaluate(model, metrics=["auc", "auc by carrier"], resamples=0).frame()
    groups = found.filter(pl.col("group").is_not_null())
    assert groups["metric"].unique().to_list() == ["auc by carrier"]
    assert groups["n_rows"].sum() == 120
    assert groups["n_rows"].to_list() == sorted(groups["n_rows"], reverse=True)
    for group, value in groups.select("group", "value").rows():
        rows = model.test.frame.filter(carrier=group)
        y = rows["late"].to_numpy().astype(float)
        assert value == METRICS["auc"](y, model.predict(rows))


def test_a_transform_or_a_column_with_gaps_makes_groups() -> None:
    rows = make_rows()
    frame = rows.frame.with_columns(gate=pl.when(pl.col("x") > 0).then(pl.lit("A")))
    model = fitted(rows=replace(rows, frame=frame), transforms={"big": "seats > 200"})
    found = evaluate(model, metrics=["brier by gate", "brier by big"], resamples=0).frame()
    assert set(found["group"]) == {"A", "(missing)", "true", "false"}


def test_other_rows_may_be_given() -> None:
    model = fitted()
    found = evaluate(model, on=make_rows(50, seed=9), resamples=0)
    assert found.n_rows == 50
    wanted = model.predict(make_rows(50, seed=9))
    assert np.array_equal(found.predictions["demo"], wanted)


@pytest.mark.parametrize(
    ("learners_", "given", "wanted"),
    [
        (("linear",), None, ("demo",)),
        (("linear", "baseline"), None, ("linear", "baseline")),
        (("linear", "linear", "baseline"), None, ("linear", "linear 2", "baseline")),
        (("linear", "baseline"), ["a", "b"], ("a", "b")),
    ],
)
def test_models_get_names_that_tell_them_apart(
    learners_: tuple[str, ...], given: list[str] | None, wanted: tuple[str, ...]
) -> None:
    models = [fitted(learner) for learner in learners_]
    assert compare(*models, names=given, resamples=0).names == wanted


def test_names_of_specs_are_kept_where_they_differ() -> None:
    assert compare(fitted(name="a"), fitted(name="b"), resamples=0).names == ("a", "b")


def test_models_tested_on_different_rows_are_refused() -> None:
    message = "different rows: 'linear' on 120, 'baseline' on 240.\nHint: .*on=dataset"
    with pytest.raises(UsageError, match=message):
        compare(fitted(), fitted("baseline", split={"test": 0.4}))
    with pytest.raises(UsageError, match="different rows: 'linear' on 120, 'baseline' on 120"):
        compare(fitted(), fitted("baseline", split={"by": "random"}))


def test_rows_in_another_order_are_different_rows() -> None:
    rows = make_rows()
    turned = replace(rows, frame=rows.frame.reverse())
    with pytest.raises(UsageError, match="different rows"):
        compare(fitted(), fitted("baseline", turned))


def test_rows_without_keys_are_told_apart_by_what_both_have() -> None:
    rows = make_rows()
    bare = Dataset(rows.frame.drop("at", "carrier"), features=("x",))
    split = {"by": "random"}
    same = [fitted(name, bare, split=split) for name in ("linear", "baseline")]
    assert compare(*same, resamples=0).n_rows == 120
    other = replace(bare, frame=bare.frame.with_columns(x=-pl.col("x")))
    with pytest.raises(UsageError, match="different rows"):
        compare(same[0], fitted("baseline", other, split=split))


def test_keys_that_only_one_has_are_different_rows() -> None:
    rows = make_rows()
    bare = Dataset(rows.frame.drop("at", "carrier"), features=("x",))
    split = {"by": "random"}
    with pytest.raises(UsageError, match="different rows"):
        compare(fitted(split=split), fitted("baseline", bare, split=split))


class NoNumber(Baseline):
    def raw(self, frame: pl.DataFrame) -> np.ndarray:
        return np.full(frame.height, np.nan)


def broken(model: Model) -> Model:
    return replace(model, predictor=NoNumber(0.0, 0.5, 5))


def delay() -> Model:
    return fitted(label={"column": "delay", "task": "regression"})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: compare(), UsageError, "no model to compare"),
        (lambda: evaluate(fitted(), resamples=-1), UsageError, "resamples is -1"),
        (lambda: compare(fitted(), delay()), UsageError, "'linear 2' predicts 'delay'"),
        (lambda: evaluate(replace(fitted(), test=None)), UsageError, "has no held-out rows"),
        (lambda: evaluate(fitted(), metrics=["acu"]), UnknownNameError, "no metric 'acu'"),
        (lambda: evaluate(delay(), metrics=["auc"]), UsageError, "'auc' is for task binary"),
        (lambda: compare(fitted(), names=["a", "b"]), UsageError, "1 models need as many"),
        (lambda: compare(fitted(), delay(), names=["a", "a"]), UsageError, "different names"),
        (
            lambda: evaluate(fitted(), metrics=["auc by carier"]),
            ColumnMissingError,
            "no column 'carier' to group by.\nHint: did you mean 'carrier'",
        ),
        (lambda: evaluate(fitted(), metrics=["auc by x"]), UsageError, "'x' has 120 different"),
        (
            lambda: evaluate(fitted(), on=make_rows().take(pl.lit(value=False))),
            DataError,
            "no rows to compare on",
        ),
        (
            lambda: evaluate(fitted(), on=Dataset(make_rows().frame.drop("late"))),
            ColumnMissingError,
            "no label column 'late'",
        ),
        (
            lambda: evaluate(fitted(), on=Dataset(make_rows().frame.drop("x"))),
            ColumnMissingError,
            "lacks 1 of the 5 columns",
        ),
        (
            lambda: evaluate(broken(fitted("baseline"))),
            DataError,
            "'demo' predicts no finite number for 120 of 120 rows",
        ),
    ],
)
def test_what_cannot_be_compared_says_why(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
