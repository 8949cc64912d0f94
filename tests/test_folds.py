from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proml_lab.contracts import Dataset
from proml_lab.errors import ColumnMissingError, DataError, UsageError
from proml_lab.folds import Fold, folds
from proml_lab.spec import Split

START = datetime(2013, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def rows(
    days: list[int], entities: list[int] | None = None, labels: list[float] | None = None
) -> Dataset:
    n = len(days)
    frame = pl.DataFrame(
        {
            "at": pl.Series([START + d * DAY for d in days], dtype=pl.Datetime("us", "UTC")),
            "who": pl.Series(entities if entities else [0] * n, dtype=pl.Int64),
            "late": pl.Series(labels if labels else [0.0] * n, dtype=pl.Float64),
        }
    )
    return Dataset(frame, label="late", entities=("who",), cutoff="at")


def all_tests(made: tuple[Fold, ...]) -> list[int]:
    return [row for fold in made for row in fold.test.tolist()]


@given(
    st.lists(st.integers(0, 3), min_size=6, max_size=70),
    st.integers(2, 6),
    st.integers(0, 3),
    st.sampled_from(["random", "stratified"]),
)
def test_every_row_is_tested_once_and_learnt_from_in_all_other_folds(
    labels: list[int], n: int, seed: int, by: str
) -> None:
    data = rows([0] * len(labels), labels=[float(v) for v in labels])
    made = folds(data, Split(by=by), n, seed=seed)
    assert [fold.number for fold in made] == list(range(1, n + 1))
    assert sorted(all_tests(made)) == list(range(len(labels)))
    sizes = [len(fold.test) for fold in made]
    assert max(sizes) - min(sizes) <= 1
    for fold in made:
        assert sorted([*fold.train, *fold.test]) == list(range(len(labels)))
        assert fold.test.tolist() == sorted(fold.test)
        assert fold.train.tolist() == sorted(fold.train)
        if by == "stratified":
            here = Counter(labels[i] for i in fold.test)
            for value, count in Counter(labels).items():
                assert count // n <= here[value] <= -(-count // n)


@settings(max_examples=50)
@given(st.lists(st.integers(0, 15), min_size=2, max_size=80), st.integers(2, 5))
def test_an_entity_is_tested_in_one_fold_and_the_folds_are_even(
    entities: list[int], n: int
) -> None:
    data = rows([0] * len(entities), entities)
    found = len(set(entities))
    if found < n:
        with pytest.raises(DataError, match=f"{n} folds cannot be made of {found} different ent"):
            folds(data, Split(by="entity"), n, seed=7)
        return
    made = folds(data, Split(by="entity"), n, seed=7)
    assert sorted(all_tests(made)) == list(range(len(entities)))
    for fold in made:
        learnt, seen = ({entities[i] for i in part} for part in (fold.train, fold.test))
        assert not learnt & seen
    sizes = [len(fold.test) for fold in made]
    assert max(sizes) - min(sizes) <= max(Counter(entities).values())


def by_hand(
    days: list[int], starts: list[int], gap: int, window: int | None
) -> list[tuple[list[int], list[int]]]:
    """Rolling origins, row by row."""
    made = []
    for start, end in zip(starts, [*starts[1:], 10**6], strict=True):
        last = start - gap
        first = -(10**6) if window is None else last - window
        train = [i for i, d in enumerate(days) if first <= d < last]
        made.append((train, [i for i, d in enumerate(days) if start <= d < end]))
    return made


@settings(max_examples=50)
@given(
    st.permutations(range(40)),
    st.integers(2, 6),
    st.integers(0, 4),
    st.one_of(st.none(), st.integers(2, 9)),
)
def test_origins_roll_as_by_hand(days: list[int], n: int, gap: int, window: int | None) -> None:
    how = Split(gap=gap * DAY or None, window=window and window * DAY)
    first = 40 // (n + 1)
    starts = [first + i * (40 - first) // n for i in range(n)]
    made = folds(rows(days), how, n, seed=7)
    found = [(fold.train.tolist(), fold.test.tolist()) for fold in made]
    assert found == by_hand(days, starts, gap, window)


@given(st.lists(st.integers(0, 12), min_size=8, max_size=60), st.integers(2, 4))
def test_rows_of_one_moment_are_tested_together_and_only_later_than_learnt(
    days: list[int], n: int
) -> None:
    ordered = sorted(days)
    later = [d for d in ordered if d >= ordered[len(days) // (n + 1)]]
    if len(set(later)) < n or len(later) == len(days):
        with pytest.raises(DataError, match=r"cannot be made of|Fold 1 of \d by time has no train"):
            folds(rows(days), Split(), n, seed=7)
        return
    made = folds(rows(days), Split(), n, seed=7)
    assert sorted(days[i] for i in all_tests(made)) == later
    seen = [{days[i] for i in fold.test} for fold in made]
    assert all(not a & b for i, a in enumerate(seen) for b in seen[i + 1 :])
    for fold in made:
        assert max(days[i] for i in fold.train) < min(days[i] for i in fold.test)
    assert all_tests(made) == list(dict.fromkeys(all_tests(made)))


def test_parts_are_as_even_as_equal_moments_allow() -> None:
    made = folds(rows([0, 1, 1, 1, 2, 2, 3, 3]), Split(), 3, seed=7)
    assert [fold.test.tolist() for fold in made] == [[1, 2, 3], [4, 5], [6, 7]]
    made = folds(rows([0, *[1] * 9, 2, 3]), Split(test_from=date(2013, 1, 2)), 3, seed=7)
    assert [len(fold.test) for fold in made] == [9, 1, 1]


def test_the_tests_begin_where_the_split_says() -> None:
    days = list(range(20))
    named = folds(rows(days), Split(test_from=date(2013, 1, 13)), 2, seed=7)
    assert [fold.test.tolist() for fold in named] == [[12, 13, 14, 15], [16, 17, 18, 19]]
    share = folds(rows(days), Split(test=0.4), 2, seed=7)
    assert [fold.test.tolist() for fold in share] == [fold.test.tolist() for fold in named]
    plain = folds(rows(days), Split(), 4, seed=7)
    assert [len(fold.test) for fold in plain] == [4, 4, 4, 4]
    assert [len(fold.train) for fold in plain] == [4, 8, 12, 16]


@pytest.mark.parametrize("by", ["random", "stratified", "entity"])
def test_folds_repeat_with_their_seed(by: str) -> None:
    rng = np.random.default_rng(0)
    data = rows([0] * 200, rng.integers(0, 50, 200).tolist(), rng.integers(0, 2, 200).tolist())
    first, again, other = (all_tests(folds(data, Split(by=by), 5, seed=s)) for s in (1, 1, 2))
    assert first == again != other


def test_the_column_and_the_label_can_be_named() -> None:
    frame = pl.DataFrame({"a": [1, 2, 3, 4], "y": [0, 1, 0, 1]})
    made = folds(Dataset(frame), Split(by="stratified"), 2, seed=7, label="y")
    assert all(sorted(frame["y"][fold.test.tolist()]) == [0, 1] for fold in made)
    with pytest.raises(DataError, match="A stratified split needs a label"):
        folds(Dataset(frame), Split(by="stratified"), 2, seed=7)
    with pytest.raises(ColumnMissingError, match="no column 'b' to split by"):
        folds(Dataset(frame), Split(by="entity", entity="b"), 2, seed=7)


@pytest.mark.parametrize(
    ("data", "how", "n", "message"),
    [
        (rows([0]), Split(by="random"), 2, "2 folds cannot be made of 1 row"),
        (rows([0]), Split(by="entity"), 2, "2 folds cannot be made of 1 different entity"),
        (rows([]), Split(), 2, "2 folds cannot be made of 0 rows"),
        (rows([0, 1, 2]), Split(test_from=date(2013, 1, 3)), 2, "of 1 different moment to test"),
        (
            rows([0, 1, 1, 1, 1]),
            Split(test_from=date(2013, 1, 2)),
            2,
            "2 folds cannot be made of 1 different moment to test",
        ),
        (rows([0, 1, 2]), Split(gap=9 * DAY), 2, "Fold 1 of 2 by time has no training rows.\nHint"),
        (Dataset(pl.DataFrame({"x": [1]})), Split(), 2, "needs a cutoff column"),
    ],
)
def test_folds_that_cannot_be_made_say_why(data: Dataset, how: Split, n: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        folds(data, how, n, seed=7)


@pytest.mark.parametrize("n", [1, 0, True, 2.5, "5"])
def test_a_number_of_folds_that_is_none_is_refused(n: object) -> None:
    with pytest.raises(UsageError, match=r"folds is .*; it is a whole number from 2 up"):
        folds(rows([0, 1, 2]), Split(), n, seed=7)
