"""Rows to score that are not as the training rows were, for every learner."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.errors import ColumnMissingError, DataError
from proml_lab.model import Model
from proml_lab.spec import ModelSpec
from tests.learners.conftest import make_rows

LEARNERS = {
    "baseline": {},
    "linear": {},
    "trees": {"n_trees": 20, "min_level_rows": 1, "validation": 0.0},
    "game": [{"fixed": {"min_count": 1}}, {"random": {"entity": "carrier", "features": ["x"]}}],
}
TASKS = {"binary": "late", "regression": "delay", "count": "n_calls"}
ROWS = make_rows().frame
every = pytest.mark.parametrize("model", sorted(LEARNERS), indirect=True)


@cache
def fitted(learner: str, task: str = "binary") -> Model:
    spec = ModelSpec.model_validate(
        {
            "name": "demo",
            "label": {"column": TASKS[task], "task": task},
            "spine": {"source": "flights"},
            "transforms": {"hour": "extract(hour from at)"},
            "learner": {learner: LEARNERS[learner]},
        }
    )
    return learners.fit(spec, replace(make_rows(), label=TASKS[task]))


@pytest.fixture
def model(request: pytest.FixtureRequest) -> Model:
    return fitted(request.param)


def test_every_learner_of_ours_is_here() -> None:
    ours = {
        name for name in learners.names() if type(learners.get(name)).__module__[:6] == "proml_"
    }
    assert ours == set(LEARNERS)


@every
def test_order_and_other_columns_do_not_matter(model: Model) -> None:
    wanted = model.raw(ROWS)
    assert np.array_equal(model.raw(ROWS.select(reversed(ROWS.columns))), wanted)
    assert np.array_equal(model.raw(ROWS.select(list(model.inputs))), wanted)
    more = ROWS.with_columns(more=pl.lit("x"), tags=pl.lit([1], pl.List(pl.Int64)))
    assert np.array_equal(model.raw(more), wanted)
    assert np.array_equal(model.raw(ROWS[::-1])[::-1], wanted)


@every
def test_a_column_that_is_not_there_is_named(model: Model) -> None:
    for name in model.inputs:
        with pytest.raises(ColumnMissingError, match=f"lacks 1 of the 6 columns .* {name}"):
            model.predict(ROWS.drop(name))


@every
def test_levels_that_were_never_seen_are_scored_alike(model: Model) -> None:
    new = [ROWS.with_columns(carrier=pl.lit(name)) for name in ("zz", "", "c0 ", "é" * 999)]
    first, *others = [model.raw(frame) for frame in new]
    assert np.isfinite(first).all()
    assert all(np.array_equal(first, other) for other in others)


@every
@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), -float("inf"), 1e300])
def test_values_that_are_no_numbers_are_scored(model: Model, value: float | None) -> None:
    frame = ROWS.with_columns(wind=pl.lit(value, pl.Float64))
    assert np.isfinite(model.raw(frame)).all()
    assert np.isfinite(model.predict(frame)).all()
    why = model.contributions(frame.head(20))
    assert np.allclose(why.base + why.values.sum(axis=1), model.raw(frame.head(20)))


@every
def test_a_null_and_nan_are_the_same(model: Model) -> None:
    null, nan = (ROWS.with_columns(x=pl.lit(v, pl.Float64)) for v in (None, float("nan")))
    assert np.array_equal(model.raw(null), model.raw(nan))


@every
def test_rows_of_nulls_are_scored(model: Model) -> None:
    nothing = pl.DataFrame({name: [None, None] for name in model.inputs})
    raw = model.raw(nothing)
    assert np.isfinite(raw).all()
    assert raw[0] == raw[1]


@every
@pytest.mark.parametrize("task", TASKS)
def test_no_rows_give_no_scores(model: Model, task: str) -> None:
    model = fitted(model.learner, task)
    assert model.predict(ROWS.head(0)).shape == (0,)
    why = model.contributions(ROWS.head(0))
    assert why.values.shape == (0, len(model.features))
    assert np.isfinite(why.base)


@every
@pytest.mark.parametrize("task", TASKS)
def test_a_row_alone_has_the_score_that_it_has_among_others(model: Model, task: str) -> None:
    model = fitted(model.learner, task)
    together = model.raw(ROWS.head(9))
    alone = [model.raw(ROWS[k])[0] for k in range(9)]
    assert np.allclose(together, alone, rtol=1e-12, atol=1e-12)
    assert np.isfinite(model.predict(ROWS)).all()


@every
@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"x": pl.lit("much")}, "'x' is String, the model was fitted on Float64"),
        ({"carrier": pl.lit(3)}, "'carrier' is Int32, the model was fitted on String"),
        ({"at": pl.lit(3)}, "'at' is Int32, the model was fitted on Datetime"),
        ({"seats": pl.lit(3.5)}, "'seats' holds fractions"),
        ({"weekend": pl.lit([True], pl.List(pl.Boolean))}, "'weekend' is List"),
    ],
)
def test_columns_of_another_type_are_refused(
    model: Model, column: dict[str, pl.Expr], message: str
) -> None:
    with pytest.raises(DataError, match=message) as error:
        model.predict(ROWS.with_columns(**column))
    assert error.value.hint


@every
def test_types_that_mean_the_same_give_the_same_scores(model: Model) -> None:
    other = ROWS.with_columns(
        pl.col("carrier").cast(pl.Categorical),
        pl.col("seats").cast(pl.Float64),
        pl.col("weekend").cast(pl.Int8),
        pl.col("x").cast(pl.String),
        pl.col("at").dt.cast_time_unit("ms"),
    )
    assert np.array_equal(model.raw(other), model.raw(ROWS))
