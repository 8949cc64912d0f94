from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Floats
from proml_lab.errors import ColumnMissingError, DataError, ProMLError, UsageError
from proml_lab.explain import explain
from proml_lab.model import Model
from proml_lab.spec import ModelSpec
from tests.explain.conftest import Additive, Product, make_model, make_rows
from tests.learners.conftest import make_rows as learner_rows


def test_contributions_are_those_of_the_closed_form(model: Model) -> None:
    found = explain(model).contributions
    frame = make_rows().frame
    assert found.base == 1.0
    hours = found.values[:, found.features.index("hour")]
    assert hours == pytest.approx(0.2 * frame["hour"].to_numpy())
    assert found.base + found.values.sum(axis=1) == pytest.approx(model.raw(frame))


def test_shapley_values_by_brute_force_add_up() -> None:
    found = explain(make_model(Product())).contributions
    half = make_rows().frame.select(pl.col("hour") * pl.col("wind").fill_null(0.0) / 2)
    assert found.values[:, 0] == pytest.approx(half.to_series().to_numpy())
    assert found.values[:, 1] == pytest.approx(half.to_series().to_numpy())


@pytest.mark.parametrize(
    "learner", ["baseline", "linear", "trees", "{game: [fixed, {random: {entity: carrier}}]}"]
)
@pytest.mark.parametrize(
    ("label", "task"), [("late", "binary"), ("delay", "regression"), ("n_calls", "count")]
)
def test_our_learners_add_up(learner: str, label: str, task: str) -> None:
    data = replace(learner_rows(), label=label)
    spec = ModelSpec.parse(
        f"name: m\nlabel: {{column: {label}, task: {task}}}\n"
        f"spine: {{source: s}}\nlearner: {learner}"
    )
    fitted = learners.fit(spec, data)
    found = explain(fitted)
    assert fitted.test is not None
    assert len(found) == len(fitted.test)
    made = found._repr_mimebundle_()
    assert len(made["text/html"].encode()) < 256 * 1024


def test_a_sample_is_drawn_once_and_said() -> None:
    data = make_rows(3000)
    model = make_model(test=data)
    found = explain(model, rows=50, seed=3)
    again = explain(model, rows=50, seed=3)
    other = explain(model, rows=50, seed=4)
    assert len(found) == len(np.unique(found.rows)) == 50
    assert (found.rows == again.rows).all()
    assert (found.rows != other.rows).any()
    assert (np.diff(found.rows) > 0).all()
    expected = data.frame[found.rows]["hour"]
    assert found.contributions.frame["hour"].to_list() == expected.to_list()
    assert "sampled 50 of 3,000 rows, seed 3" in found._repr_mimebundle_()["text/plain"]


def test_all_rows_are_explained_where_they_are_few(model: Model) -> None:
    found = explain(model, make_rows(5).frame)
    assert found.rows.tolist() == [0, 1, 2, 3, 4]
    assert found.sampled == "all 5 rows"


def test_rows_asked_for_are_always_explained() -> None:
    found = explain(make_model(test=make_rows(3000)), rows=10, also=[2999, 0])
    assert found.rows[0] == 0
    assert found.rows[-1] == 2999
    assert 10 <= len(found) <= 12


def test_data_of_other_kinds_is_read(model: Model) -> None:
    rows = make_rows(7)
    polars = explain(model, rows.frame).contributions.values
    for on in (rows, rows.frame.to_pandas(), rows.frame.to_arrow(), rows.frame.lazy()):
        assert explain(model, on).contributions.values == pytest.approx(polars)


def test_a_model_without_rows_says_what_to_do() -> None:
    model = replace(make_model(), test=None)
    with pytest.raises(
        UsageError, match=r"'tiny' has no held-out rows.*\n.*explain\(model, on=frame\)"
    ):
        explain(model)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda m: explain(m, rows=0), UsageError, "rows is 0"),
        (lambda m: explain(m, make_rows(0)), DataError, "no rows to explain"),
        (lambda m: explain(m, make_rows(3).frame.drop("hour")), ColumnMissingError, "hour"),
        (lambda m: explain(m, also=[400]), UsageError, r"no row 400\.\nHint: rows are 0 to 399"),
        (lambda m: explain(m, also=[-1]), UsageError, "no row -1"),
    ],
)
def test_wrong_calls(
    model: Model, call: Callable[[Model], object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        call(model)


class Off(Additive):
    """Contributions that miss the score by `by` in one row."""

    def __init__(self, by: float) -> None:
        self.by = by

    def raw(self, frame: pl.DataFrame) -> Floats:
        raw = super().raw(frame)
        raw[-1] += self.by
        return raw


def test_contributions_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ProMLError, match="learner 'linear' do not add up to its score in 1 of 400"):
        explain(make_model(Off(1e-6)))
    with pytest.raises(ProMLError, match="do not add up"):
        explain(make_model(Off(float("nan"))))


def test_rounding_is_no_fault() -> None:
    assert len(explain(make_model(Off(1e-12)))) == 400


def test_contributions_of_the_wrong_shape_are_refused() -> None:
    class Narrow(Additive):
        def contributions(self, frame: pl.DataFrame) -> tuple[float, Floats]:
            return 0.0, np.zeros((frame.height, 2))

        def raw(self, frame: pl.DataFrame) -> Floats:
            return np.zeros(frame.height)

    with pytest.raises(ProMLError, match=r"contributions of shape \(400, 2\), not \(400, 4\)"):
        explain(make_model(Narrow()))
