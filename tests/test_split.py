from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proml_lab.contracts import Dataset
from proml_lab.errors import ColumnMissingError, DataError
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


def keyed(entities: list[str | None], labels: list[object] | None = None) -> Dataset:
    frame = pl.DataFrame(
        {"row": range(len(entities)), "who": pl.Series(entities, dtype=pl.String)}
        | ({"late": labels} if labels else {})
    )
    return Dataset(frame, label="late" if labels else None, entities=("who",))


@settings(max_examples=50)
@given(
    st.lists(st.integers(0, 40), min_size=4, max_size=60),
    st.integers(0, 12),
    st.one_of(st.none(), st.integers(1, 20)),
)
def test_rows_in_the_gap_and_before_the_window_are_in_neither_part(
    numbers: list[int], gap: int, window: int | None
) -> None:
    how = Split(test=0.25, gap=timedelta(days=gap) or None, window=window and timedelta(window))
    first = sorted(numbers)[-round(len(numbers) * 0.25)]
    lowest = first - gap - window if window else -1
    learnt = [i for i, d in enumerate(numbers) if lowest <= d < first - gap]
    if not learnt:
        with pytest.raises(DataError, match="No training rows are left after the split by time"):
            split(days(numbers), how, seed=7)
        return
    train, test = split(days(numbers), how, seed=7)
    assert train.frame["row"].to_list() == learnt
    assert test.frame["row"].to_list() == [i for i, d in enumerate(numbers) if d >= first]


def test_a_gap_of_hours_is_told_from_days_in_dates_too() -> None:
    data = days([0, 3, 5])
    dates = Dataset(data.frame.with_columns(pl.col("at").cast(pl.Date)), cutoff="at")
    for hours, learnt in ((71, 1), (72, 1), (73, 1), (119, 1)):
        how = Split(test_from=date(2013, 1, 6), gap=timedelta(hours=hours))
        assert len(split(dates, how, seed=7)[0]) == learnt + (hours < 48)
    with pytest.raises(DataError, match=r"are left out by split\.gap; change it"):
        split(dates, Split(test_from=date(2013, 1, 6), gap=timedelta(hours=120)), seed=7)


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d", "e", None]), min_size=2, max_size=80),
    st.floats(0.05, 0.9),
    st.integers(0, 5),
)
def test_no_entity_is_on_both_sides(names: list[str | None], share: float, seed: int) -> None:
    how = Split(by="entity", test=share)
    if len(set(names)) < 2:
        with pytest.raises(DataError, match="needs two different values of 'who', and there is on"):
            split(keyed(names), how, seed=seed)
        return
    train, test = split(keyed(names), how, seed=seed)
    assert not set(train.frame["who"]) & set(test.frame["who"])
    rows = train.frame["row"].to_list(), test.frame["row"].to_list()
    assert sorted([*rows[0], *rows[1]]) == list(range(len(names)))
    assert all(part == sorted(part) for part in rows)
    largest = max(names.count(name) for name in names)
    assert abs(len(test) - share * len(names)) <= largest


def test_the_entities_of_a_split_do_not_depend_on_the_order_of_rows() -> None:
    names = [f"c{i % 37}" for i in range(500)]
    how = Split(by="entity", test=0.3)
    one, other = (set(split(keyed(n), how, seed=3)[1].frame["who"]) for n in (names, names[::-1]))
    assert one == other
    assert one != set(split(keyed(names), how, seed=4)[1].frame["who"])
    assert abs(sum(name in one for name in names) - 150) <= 14


def test_the_column_of_a_split_by_entity_can_be_named() -> None:
    frame = pl.DataFrame({"a": [1, 1, 2, 2], "b": ["x", "y", "x", "y"]})
    data = Dataset(frame, entities=("a", "b"))
    _, test = split(data, Split(by="entity", entity="b", test=0.5), seed=7)
    assert test.frame["b"].n_unique() == 1
    assert test.frame["a"].to_list() == [1, 2]


@given(st.lists(st.integers(0, 3), min_size=5, max_size=90), st.floats(0.1, 0.9), st.integers(0, 3))
def test_each_class_has_its_share_of_the_test(labels: list[int], share: float, seed: int) -> None:
    data = keyed(["x"] * len(labels), list(labels))
    n_test = round(share * len(labels))
    if n_test in (0, len(labels)):
        return
    train, test = split(data, Split(by="stratified", test=share), seed=seed)
    assert len(test) == n_test
    assert len(train) + len(test) == len(labels)
    for value in set(labels):
        mine = test.frame["late"].to_list().count(value)
        assert abs(mine - labels.count(value) * n_test / len(labels)) < 1


def test_a_label_of_many_values_is_stratified_by_its_tenths() -> None:
    values = [((i * 7919) % 1000) / 7 for i in range(1000)]
    data = keyed(["x"] * 1000, list(values))
    _, test = split(data, Split(by="stratified", test=0.2), seed=7)
    tenth = sorted(values)[99::100]
    counts = [sum(v <= most for v in test.frame["late"]) for most in tenth]
    assert counts == list(range(20, 201, 20))
    again = split(data, Split(by="stratified", test=0.2), seed=7)[1]
    assert again.frame.equals(test.frame)
    assert not split(data, Split(by="stratified", test=0.2), seed=8)[1].frame.equals(test.frame)


def test_a_column_of_another_name_may_be_the_label() -> None:
    data = keyed(["x"] * 40, [i % 2 for i in range(40)])
    plain = Dataset(data.frame)
    how = Split(by="stratified", test=0.25)
    _, test = split(plain, how, seed=7, label="late")
    assert test.frame["late"].sum() == 5
    with pytest.raises(DataError, match="A stratified split needs a label"):
        split(plain, how, seed=7)
    with pytest.raises(ColumnMissingError, match=r"no label column 'lat'\.\nHint: did you"):
        split(plain, how, seed=7, label="lat")


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
            days([0, 1]),
            Split(test_from=date(2013, 1, 2), window=timedelta(hours=1)),
            r"left after the split at 2013-01-02 00:00 .*\nHint: .* by split\.window; change it",
        ),
        (
            Dataset(pl.DataFrame({"x": [1]})),
            Split(by="entity"),
            "needs one entity column, and the dataset has none",
        ),
        (
            Dataset(pl.DataFrame({"x": [1], "y": [1]}), entities=("x", "y")),
            Split(by="entity"),
            "needs one entity column, and the dataset has 2: x, y",
        ),
        (keyed([]), Split(by="entity"), "two different values of 'who', and there are none"),
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


def test_an_entity_that_is_not_there_is_told() -> None:
    with pytest.raises(ColumnMissingError, match=r"no column 'whom' to split by\.\nHint: did you"):
        split(keyed(["a", "b"]), Split(by="entity", entity="whom"), seed=7)
