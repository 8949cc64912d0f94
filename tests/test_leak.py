from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proml_lab.contracts import Dataset
from proml_lab.errors import DataError
from proml_lab.leak import ENTITY, TIME, TWICE, Leak, leaks
from proml_lab.spec import Split
from proml_lab.split import split

START = datetime(2013, 1, 1, tzinfo=UTC)
Rows = list[tuple[str | None, int]]


def data(rows: Rows) -> Dataset:
    frame = pl.DataFrame(
        {
            "who": pl.Series([who for who, _ in rows], dtype=pl.String),
            "at": pl.Series(
                [START + timedelta(days=d) for _, d in rows], dtype=pl.Datetime("us", "UTC")
            ),
            "late": [i % 2 for i in range(len(rows))],
        }
    )
    return Dataset(frame, label="late", entities=("who",), cutoff="at")


def found(train: Rows, test: Rows, how: Split) -> dict[str, Leak]:
    return {leak.code: leak for leak in leaks(data(train), data(test), how)}


PAIRS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 5)), min_size=1, max_size=20
)


@settings(max_examples=60)
@given(PAIRS, PAIRS, st.sampled_from(["time", "random", "stratified", "entity"]))
def test_counts_are_those_by_hand(train: Rows, test: Rows, by: str) -> None:
    made = found(train, test, Split(by=by))
    known = sum(who in [other for other, _ in train] for who, _ in test)
    late = sum(day <= max(other for _, other in train) for _, day in test)
    assert (made[ENTITY].n_test, made[TIME].n_test) == (known, late)
    flagged = {"time": "pass", "entity": "fail"}.get(by, "warn")
    assert made[ENTITY].verdict == (flagged if known else "pass")
    assert made[TIME].verdict == (("fail" if by == "time" else "warn") if late else "pass")
    assert (TWICE in made) == (by != "time")
    if TWICE in made:
        twice = sum(pair in train for pair in test)
        assert (made[TWICE].n_test, made[TWICE].verdict) == (twice, "warn" if twice else "pass")
    assert all(leak.n_rows == len(test) for leak in made.values())


@settings(max_examples=40)
@given(PAIRS, st.sampled_from(["time", "entity"]), st.integers(0, 3))
def test_no_split_of_ours_fails(rows: Rows, by: str, seed: int) -> None:
    gap = timedelta(days=1) if by == "time" else None
    how = Split(by=by, gap=gap)
    try:
        train, test = split(data(rows), how, seed=seed)
    except DataError:
        return
    assert "fail" not in {leak.verdict for leak in leaks(train, test, how)}


def test_what_is_said() -> None:
    train, test = [("a", 0), ("b", 3)], [("a", 2), ("c", 4)]
    said = [str(leak) for leak in leaks(data(train), data(test), Split(by="random"))]
    assert said == [
        "LK001 an entity on both sides: 1 of 2 test rows (50%) have a 'who' that is in the "
        "training: for one that is new the model may do worse; split by entity to measure that",
        "LK002 training rows that are not earlier than the test: 1 of 2 test rows (50%) are not "
        "later than all training rows: the model has seen their future; split by time to measure "
        "later rows",
        "LK003 the same entities at the same time on both sides: no test row has the entities and "
        "the time of a training row",
    ]
    by_entity = found(train, test, Split(by="entity"))[ENTITY]
    assert by_entity.seen.endswith("in the training, though the split is by 'who'")
    none = found(train, [("c", 9)], Split(by="random"))
    assert none[ENTITY].seen == "no 'who' of the test is in the training"
    again = found(train, [("b", 3)], Split(by="stratified"))[TWICE]
    assert again.seen == "1 of 1 test row (100%) have the entities and the time of a training row"
    assert again.subject == "who, at"


def test_the_gap_is_checked() -> None:
    train, test = [("a", 0)], [("b", 3), ("b", 9)]
    enough = found(train, test, Split(gap=timedelta(days=3)))[TIME]
    assert (enough.verdict, enough.seen) == (
        "pass",
        "the test begins 3 days after the newest training row",
    )
    less = found(train, test, Split(gap=timedelta(days=4)))[TIME]
    assert (less.verdict, less.n_test) == ("fail", 1)
    assert less.seen == "the test begins 3 days after the training, less than the gap"
    late = found([("a", 3)], test, Split())[TIME]
    assert late.seen == "1 of 2 test rows (50%) are not later than all training rows"


def test_only_what_the_rows_have_is_checked() -> None:
    plain = Dataset(pl.DataFrame({"x": [1, 2]}))
    assert leaks(plain, plain, Split(by="random")) == ()
    text = Dataset(pl.DataFrame({"at": ["a"]}), cutoff="at")
    assert leaks(text, text, Split(by="random")) == ()
    with pytest.raises(DataError, match="needs a cutoff column"):
        leaks(plain, plain, Split())
    other = Dataset(pl.DataFrame({"x": [1, 2], "y": [1, 2]}), entities=("x",))
    codes = [
        (leak.subject, leak.verdict) for leak in leaks(other, other, Split(by="entity", entity="y"))
    ]
    assert codes == [("y", "fail"), ("x", "pass")]


def test_nothing_is_checked_where_a_side_is_empty() -> None:
    rows = data([("a", 0)])
    assert leaks(rows, rows.take(pl.Series([False])), Split()) == ()
    assert leaks(rows.take(pl.Series([False])), rows, Split()) == ()
