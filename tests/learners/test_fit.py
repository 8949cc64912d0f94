from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset
from proml_lab.errors import ColumnMissingError, DataError, SpecError, UnknownNameError, UsageError
from proml_lab.fingerprint import fingerprint
from proml_lab.folds import Fold
from tests.learners.conftest import make_rows


def test_features_are_those_of_the_dataset_then_the_transforms(spec) -> None:
    transforms = {"twice": "2 * x", "hour": "extract(hour from at)", "four": "2 * twice"}
    model = learners.fit(spec("linear", transforms=transforms), make_rows())
    assert model.features == (*make_rows().features, *transforms)
    assert tuple(model.inputs) == (*make_rows().features, "at")


def test_the_model_reads_no_more_than_it_needs(spec) -> None:
    rows = replace(make_rows(), features=("wind",))
    model = learners.fit(spec("linear"), rows)
    assert dict(model.inputs) == {"wind": pl.Float64()}
    assert np.isfinite(model.predict(pl.DataFrame({"wind": [3.0]}))).all()


def test_a_transform_may_not_stand_in_for_a_feature(spec) -> None:
    rows = replace(make_rows(), features=("seats", "x"))
    message = "Transform 'seats' would replace the feature 'seats'.\nHint: give it another name"
    with pytest.raises(SpecError, match=re.escape(message)):
        learners.fit(spec("linear", transforms={"seats": "ln(seats)"}), rows)


def test_a_transform_may_be_called_like_a_column_that_is_no_feature(spec) -> None:
    rows = replace(make_rows(), features=("x",))
    model = learners.fit(spec("linear", transforms={"seats": "ln(seats)"}), rows)
    assert model.features == ("x", "seats")
    assert model.inputs["seats"] == pl.Int64
    ready = model.prepare(pl.DataFrame({"seats": [1], "x": [0.0]}))
    assert ready["seats"].to_list() == [0.0]


def test_moments_that_a_transform_reads_are_no_features(spec) -> None:
    rows = replace(make_rows(), features=("x", "at"))
    transforms = {"later": "at + interval '1 hour'", "hour": "extract(hour from later)"}
    model = learners.fit(spec("linear", transforms=transforms), rows)
    assert model.features == ("x", "hour")
    assert tuple(model.inputs) == ("x", "at")


def test_only_training_rows_are_learnt_from(spec) -> None:
    rows = make_rows()
    model = learners.fit(spec("linear", split={"test": 0.25}), rows)
    assert (model.n_rows, len(model.test)) == (450, 150)
    needed = [*model.inputs, "late"]
    assert model.data == fingerprint(rows.frame.head(450).select(needed))
    assert model.test.frame.equals(rows.frame.tail(150))
    ends = rows.frame.head(450)["at"].min(), rows.frame.head(450)["at"].max()
    assert [moment.replace(tzinfo=None) for moment in model.period] == [
        moment.replace(tzinfo=None) for moment in ends
    ]
    noise = rows.frame.tail(150).with_columns(x=-7 * pl.col("x"), late=~pl.col("late"))
    other = replace(rows, frame=pl.concat([rows.frame.head(450), noise]))
    again = learners.fit(spec("linear", split={"test": 0.25}), other)
    assert np.array_equal(again.raw(rows), model.raw(rows))
    assert again.data == model.data


def test_the_same_spec_and_rows_give_the_same_model(spec) -> None:
    for learner in ("baseline", "linear", {"trees": {"n_trees": 10}}):
        first, again = (
            learners.fit(spec(learner, split={"by": "random"}), make_rows()) for _ in range(2)
        )
        assert np.array_equal(first.raw(make_rows()), again.raw(make_rows()))


def test_the_time_that_it_took_is_measured(spec) -> None:
    assert (learners.fit(spec("baseline"), make_rows()).fit_s or 0) > 0


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"learner": "tres"}, UnknownNameError, "no learner 'tres'"),
        (
            {"label": {"column": "late", "task": "multiclass"}},
            SpecError,
            "label.task: learner 'linear' does not do task 'multiclass'."
            "\nHint: it does binary, regression, count",
        ),
        ({"label": "lat"}, ColumnMissingError, "no label column 'lat'"),
        ({"label": "carrier"}, DataError, "label 'carrier' is String"),
        ({"label": "x"}, DataError, "label 'x' holds"),
        ({"transforms": {"y": "1 * late"}}, DataError, "'late' is used as a feature"),
        ({"transforms": {"y": "1 * xx"}}, ColumnMissingError, "'y' reads column 'xx'"),
        ({"transforms": {"late": "x > 0"}}, SpecError, "'late' would replace the label"),
        ({"transforms": {"at": "at"}}, SpecError, "'at' would replace the cutoff"),
        ({"transforms": {"carrier": "'a'"}}, SpecError, "'carrier' would replace an entity"),
        ({"transforms": {"y": "lower(x)"}}, DataError, "transform 'y' .* cannot be computed"),
        ({"split": {"test_from": "2014-01-01"}}, DataError, "No test rows are left"),
    ],
)
def test_what_cannot_be_fitted_says_why(
    fields: dict[str, object], error: type[Exception], message: str, spec
) -> None:
    with pytest.raises(error, match=message):
        learners.fit(spec(**fields), make_rows())


def test_the_learner_is_checked_before_the_data(spec) -> None:
    nothing = Dataset(pl.DataFrame())
    with pytest.raises(SpecError, match=r"learner\.linear\.l2"):
        learners.fit(spec({"linear": {"l2": "x"}}), nothing)


def test_a_label_of_one_class_is_refused(spec) -> None:
    frame = make_rows().frame.with_columns(late=pl.int_range(pl.len()) >= 500)
    with pytest.raises(DataError, match="'late' is one class only: 0 in all 480 training rows"):
        learners.fit(spec(), replace(make_rows(), frame=frame))


def test_a_label_with_gaps_is_refused(spec) -> None:
    frame = make_rows().frame.with_columns(
        late=pl.when(pl.int_range(pl.len()) == 3).then(None).otherwise("late")
    )
    with pytest.raises(DataError, match="'late' is missing in 1 of 600 rows"):
        learners.fit(spec(), replace(make_rows(), frame=frame))


@pytest.mark.parametrize("transforms", [{}, {"one": "1"}])
def test_a_model_without_features_is_refused(transforms: dict[str, str], spec) -> None:
    with pytest.raises(DataError, match="Model 'demo' has no features"):
        learners.fit(spec(transforms=transforms), replace(make_rows(), features=()))


def test_the_label_is_no_feature(spec) -> None:
    with pytest.raises(DataError, match="would read the answer"):
        learners.fit(spec(), replace(make_rows(), features=("x", "late")))


def test_a_list_is_no_feature(spec) -> None:
    frame = make_rows().frame.with_columns(tags=pl.lit([1], pl.List(pl.Int64)))
    with pytest.raises(DataError, match="Column 'tags' is List"):
        learners.fit(spec(), replace(make_rows(), frame=frame, features=("x", "tags")))


def test_something_else_than_a_spec_or_a_dataset_is_refused(spec) -> None:
    with pytest.raises(UsageError, match="fitted from a spec, found int"):
        learners.fit(3, make_rows())  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="fitted to a Dataset or a table: A table is needed"):
        learners.fit(spec(), 3)


def test_a_fold_says_which_rows_are_learnt_from_and_which_held_out(rows, spec) -> None:
    fold = Fold(1, np.arange(0, 300, 2), np.array([1, 3, 599]))
    model = learners.fit(spec(), rows, fold=fold)
    assert model.n_rows == 150
    assert model.trained_on(rows.frame[fold.train])
    assert model.test.frame.equals(rows.frame[[1, 3, 599]])
