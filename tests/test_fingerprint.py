from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from proml_lab.fingerprint import fingerprint

FRAME = pl.DataFrame(
    {
        "i": [1, 2, 3, None],
        "f": [0.5, float("nan"), None, -1.0],
        "s": ["a", "", None, "a"],
        "b": [True, False, None, True],
        "t": [dt.datetime(2013, 1, d, tzinfo=dt.UTC) for d in (1, 2, 3, 4)],
        "l": [[1, 2], [], None, [3]],
    }
)


def test_row_order_column_order_and_chunks_do_not_matter() -> None:
    want = fingerprint(FRAME)
    rng = np.random.default_rng(0)
    for _ in range(5):
        rows = rng.permutation(4)
        cut = pl.concat([FRAME[rows[:1]], FRAME[rows[1:]]], rechunk=False)
        assert fingerprint(cut.select(sorted(FRAME.columns, reverse=True))) == want


@pytest.mark.parametrize("column", FRAME.columns)
@pytest.mark.parametrize("row", range(4))
def test_any_changed_value_changes_it(column: str, row: int) -> None:
    values = FRAME[column].to_list()
    for other in (*range(4), None):
        new = None if other is None else values[other]
        if repr(new) == repr(values[row]):
            continue
        changed = [*values[:row], new, *values[row + 1 :]]
        frame = FRAME.with_columns(pl.Series(column, changed, dtype=FRAME[column].dtype))
        assert fingerprint(frame) != fingerprint(FRAME)


def test_two_columns_swapped_between_rows_are_another_content() -> None:
    one = pl.DataFrame({"a": [1, 2], "b": [1, 2]})
    two = pl.DataFrame({"a": [1, 2], "b": [2, 1]})
    assert fingerprint(one) != fingerprint(two)
    assert fingerprint(one) != fingerprint(one.rename({"a": "b", "b": "a"}).head(1))


def test_names_types_counts_and_repeats_matter() -> None:
    frame = pl.DataFrame({"a": [1, 2]})
    others = [
        frame.rename({"a": "b"}),
        frame.cast(pl.Int32),
        frame.cast(pl.Float64),
        frame.head(1),
        frame.head(0),
        pl.concat([frame, frame]),
        pl.DataFrame({"a": [1, 1]}),
    ]
    assert len({fingerprint(f) for f in [frame, *others]}) == len(others) + 1


def test_equal_values_are_equal() -> None:
    zero = pl.DataFrame({"a": [0.0, float("nan")]})
    assert fingerprint(zero) == fingerprint(pl.DataFrame({"a": [-0.0, -float("nan")]}))
    text = pl.DataFrame({"a": ["x", "y", "x"]})
    assert fingerprint(text) == fingerprint(text.cast(pl.Categorical))


def test_it_is_the_same_tomorrow() -> None:
    assert fingerprint(FRAME.drop("l")) == "919ca36fe5b1aa9a7b885a8f06ad0da0"
