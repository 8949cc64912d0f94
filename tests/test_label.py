from __future__ import annotations

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError, DataError
from proml_lab.label import label_values, require_variety


def values(data: list[object], task: str, **kind: object) -> list[float]:
    frame = pl.DataFrame({"late": pl.Series(data, **kind)})
    return label_values(frame, "late", task).tolist()


@pytest.mark.parametrize("data", [[True, False], [1, 0], [1.0, 0.0]])
def test_a_binary_label_is_true_and_false_or_1_and_0(data: list[object]) -> None:
    assert values(data, "binary") == [1.0, 0.0]


def test_counts_may_be_stored_as_floats() -> None:
    assert values([0.0, 3.0], "count") == [0.0, 3.0]


def test_an_absent_label_names_the_nearest_column() -> None:
    with pytest.raises(ColumnMissingError, match=r"no label column 'lat'.\nHint: .*'late'"):
        label_values(pl.DataFrame({"late": [1]}), "lat", "binary")


@pytest.mark.parametrize(
    ("data", "task", "message"),
    [
        ([True, None], "binary", "missing in 1 of 2 rows"),
        ([1.0, float("nan")], "regression", "missing in 1 of 2 rows"),
        (["no", "yes"], "binary", r"is String \(such as 'no', 'yes'\), not a number"),
        ([0, 2], "binary", "holds 2; for task binary it is true or false, or 0 and 1"),
        ([1, -1], "count", "holds -1; for task count it is a whole number from 0 up"),
        ([1.5], "count", "holds 1.5"),
        ([float("inf")], "count", "holds inf"),
        ([float("inf")], "regression", "holds inf; for task regression it is a finite number"),
        ([True, False], "regression", "holds True; .*\nHint: use task binary"),
        ([1, 2, 3], "multiclass", "multiclass: a model here gives one number a row"),
    ],
)
def test_a_label_that_does_not_fit_is_refused(data: list[object], task: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        values(data, task)


@pytest.mark.parametrize(
    ("task", "message"), [("binary", "is one class only: 1 in all 3"), ("count", "is always 1")]
)
def test_a_label_that_does_not_vary_is_refused(task: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        require_variety(label_values(pl.DataFrame({"y": [1, 1, 1]}), "y", task), "y", task)
