from __future__ import annotations

from datetime import date, time, timedelta

import numpy as np
import polars as pl
import pytest

from proml_lab.errors import DataError
from proml_lab.learners.encode import MISSING, UNSEEN, Matrix, codes, is_text, levels, numbers


def test_numbers_are_floats_with_nan_for_gaps() -> None:
    assert numbers(pl.Series([True, None, False])).tolist()[::2] == [1.0, 0.0]
    assert np.isnan(numbers(pl.Series([1, None]))[1])
    assert numbers(pl.Series([timedelta(minutes=1, microseconds=1)])).tolist() == [60.000001]


def test_levels_are_sorted_and_common() -> None:
    column = pl.Series("c", ["b", "a", "b", None, None, "c", "c"])
    assert levels(column) == ("a", "b", "c")
    assert levels(column, min_count=2) == ("b", "c")
    assert levels(column.cast(pl.Categorical)) == ("a", "b", "c")
    assert levels(pl.Series("c", [None], dtype=pl.String)) == ()


def test_codes_tell_unseen_from_missing() -> None:
    column = pl.Series(["b", None, "x", "a"])
    assert codes(column, ("a", "b")).tolist() == [1, MISSING, UNSEEN, 0]
    assert codes(column, ()).tolist() == [UNSEEN, MISSING, UNSEEN, UNSEEN]


def test_a_matrix_keeps_levels_and_order() -> None:
    train = pl.DataFrame({"c": ["b", "a", None], "x": [1, 2, 3], "flag": [True, False, None]})
    matrix = Matrix.fit(train)
    assert matrix.text == [0]
    later = pl.DataFrame({"flag": [True], "x": [7], "c": ["z"], "more": [0]})
    np.testing.assert_array_equal(matrix.encode(later), [[np.nan, 7, 1]])
    np.testing.assert_array_equal(matrix.encode(train), [[1, 1, 1], [0, 2, 0], [np.nan, 3, np.nan]])
    assert Matrix.from_json(matrix.to_json()) == matrix


def test_an_empty_frame_is_an_empty_matrix() -> None:
    matrix = Matrix.fit(pl.DataFrame({"c": ["a"], "x": [1.0]}))
    assert matrix.encode(pl.DataFrame({"c": [], "x": []})).shape == (0, 2)


@pytest.mark.parametrize("value", [date(2013, 1, 1), time(12)])
def test_dates_and_times_are_refused_with_a_transform(value: object) -> None:
    with pytest.raises(DataError, match=r"Feature 't' is .*\nHint: use a transform.* from t\)"):
        is_text(pl.Series("t", [value]))


def test_lists_are_refused() -> None:
    with pytest.raises(DataError, match=r"Feature 't' is List.*\nHint: leave it out"):
        is_text(pl.Series("t", [[1]]))
