from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proml_lab.contracts import Dataset
from proml_lab.errors import DataError
from proml_lab.spec import Split
from proml_lab.split import newest, split

START = datetime(2013, 1, 1, tzinfo=UTC)


def days(numbers: list[int], **kind: object) -> Dataset:
    at = pl.Series([START + timedelta(days=d) for d in numbers], **kind)
    if not numbers:
        at = at.cast(pl.Datetime("us", "UTC"))
    return Dataset(pl.DataFrame({"row": range(len(numbers)), "at": at}), cutoff="at")


@given(st.lists(st.integers(0, 30), min_size=2, max_size=60), st.floats(0.05, 0.9))
def test_the_newest_rows_are_held_out_and_equal_times_stay_together(
    numbers: list[int], share: float
) -> None:
    data = days(numbers)
    wanted = max(1, round(len(numbers) * share))
    first = sorted(numbers)[-wanted]
    if first == min(numbers):
        with pytest.raises(DataError, match="No training rows are left"):
            split(data, Split(test=share), seed=7)
        return
    train, test = split(data, Split(test=share), seed=7)
    assert test.frame["row"].to_list() == [i for i, d in enumerate(numbers) if d >= first]
    assert train.frame["row"].to_list() == [i for i, d in enumerate(numbers) if d < first]


def test_a_share_of_distinct_times_is_exact() -> None:
    train, test = split(days(list(range(10))), Split(test=0.2), seed=7)
    assert (len(train), len(test)) == (8, 2)


@pytest.mark.parametrize(
    "test_from", [date(2013, 1, 4), datetime(2013, 1, 4), datetime(2013, 1, 4, tzinfo=UTC)]
)
def test_test_from_is_a_moment_in_utc_and_belongs_to_the_test(test_from: date) -> None:
    _, test = split(days([0, 3, 5]), Split(test_from=test_from), seed=7)
    assert test.frame["row"].to_list() == [1, 2]


def test_dates_and_times_without_a_zone_are_cutoffs_too() -> None:
    for kind in (pl.Date, pl.Datetime("ms")):
        frame = days([0, 3, 5]).frame.with_columns(pl.col("at").cast(kind))
        data = Dataset(frame, cutoff="at")
        _, test = split(data, Split(test_from=date(2013, 1, 4)), seed=7)
        assert test.frame["row"].to_list() == [1, 2]


def test_a_random_split_repeats_with_its_seed() -> None:
    data = days(list(range(50)))
    first, again = (split(data, Split(by="random", test=0.3), seed=1) for _ in range(2))
    other = split(data, Split(by="random", test=0.3), seed=2)
    assert first[1].frame.equals(again[1].frame)
    assert not first[1].frame.equals(other[1].frame)
    assert len(first[1]) == 15
    rows = first[0].frame["row"].to_list() + first[1].frame["row"].to_list()
    assert sorted(rows) == list(range(50))


def test_newest_is_by_cutoff_or_else_at_random() -> None:
    assert newest(days([3, 1, 2, 0]), 0.25, seed=7).to_list() == [True, False, False, False]
    plain = Dataset(pl.DataFrame({"row": range(40)}))
    held = newest(plain, 0.25, seed=7)
    assert held.sum() == 10
    assert held.equals(newest(plain, 0.25, seed=7))
    assert not held.equals(newest(plain, 0.25, seed=8))


@pytest.mark.parametrize(
    ("data", "how", "message"),
    [
        (days([0, 1]), Split(test_from=date(2014, 1, 1)), "No test rows .* at 2014-01-01 00:00"),
        (days([0, 1]), Split(test_from=date(2012, 1, 1)), "run from 2013-01-01 .* to 2013-01-02"),
        (days([]), Split(), "No training rows are left after the split by time"),
        (days([]), Split(by="random"), "No training rows are left after the split at random"),
        (days([1]), Split(by="random", test=0.2), "No test rows .*\nHint: give it more rows"),
        (Dataset(pl.DataFrame({"x": [1]})), Split(), "the dataset has none"),
        (
            Dataset(pl.DataFrame({"at": ["today"]}), cutoff="at"),
            Split(),
            "The cutoff 'at' is String, not a date or time",
        ),
        (
            Dataset(pl.DataFrame({"at": [START, None]}), cutoff="at"),
            Split(),
            "The cutoff 'at' is null in 1 rows",
        ),
    ],
)
def test_a_split_that_cannot_be_made_says_why(data: Dataset, how: Split, message: str) -> None:
    with pytest.raises(DataError, match=message):
        split(data, how, seed=7)
