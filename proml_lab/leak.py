"""Whether training rows tell what test rows ask: entities on both sides, and later times.

Rules: docs/method.md#leaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from proml_lab.contracts import Dataset
from proml_lab.errors import DataError
from proml_lab.spec import Split
from proml_lab.split import entity_column, moments
from proml_lab.words import counted, lasting

Verdict = Literal["pass", "warn", "fail"]
ENTITY, TIME, TWICE = "LK001", "LK002", "LK003"
TITLES = {
    ENTITY: "an entity on both sides",
    TIME: "training rows that are not earlier than the test",
    TWICE: "the same entities at the same time on both sides",
}
"""What each check looks for."""


@dataclass(frozen=True)
class Leak:
    """What one check found.

    `subject` are the columns that it looked at, with commas between, `n_test` of the `n_rows` test
    rows are concerned, `seen` says it in words.
    """

    code: str
    subject: str
    verdict: Verdict
    seen: str
    n_test: int
    n_rows: int

    def __str__(self) -> str:
        return f"{self.code} {TITLES[self.code]}: {self.seen}"


def leaks(train: Dataset, test: Dataset, how: Split) -> tuple[Leak, ...]:
    """Each check of `train` against `test`, which were made as `how` says; none if one is empty.

    A check *fails* where the split breaks what it promises, and *warns* where it promises nothing
    and the test is easier than use will be.

    Raises
    ------
    DataError, ColumnMissingError
        The split is by time or entity, and the rows have no cutoff or no such entity.
    """
    if not len(train) or not len(test):
        return ()
    chosen = entity_column(test, how) if how.by == "entity" else None
    named = dict.fromkeys([*([chosen] if chosen else []), *test.entities])
    found = [_entity(train, test, how, name, promised=name == chosen) for name in named]
    if how.by == "time" or (_has_moments(train) and _has_moments(test)):
        found.append(_time(train, test, how))
        if test.entities and how.by != "time":
            found.append(_twice(train, test))
    return tuple(found)


def _entity(train: Dataset, test: Dataset, how: Split, name: str, *, promised: bool) -> Leak:
    known = test.frame[name].is_in(train.frame[name].unique().implode(), nulls_equal=True)
    n_test = int(known.sum())
    verdict: Verdict = "pass"
    if not n_test:
        seen = f"no {name!r} of the test is in the training"
    else:
        seen = f"{_share(n_test, len(test))} have a {name!r} that is in the training"
        if promised:
            verdict, seen = "fail", f"{seen}, though the split is by {name!r}"
        elif how.by in ("random", "stratified"):
            verdict = "warn"
            seen += ": for one that is new the model may do worse; split by entity to measure that"
    return Leak(ENTITY, name, verdict, seen, n_test, len(test))


def _time(train: Dataset, test: Dataset, how: Split) -> Leak:
    learnt, tested = moments(train), moments(test)
    end = int(learnt.max())
    first = int(tested.min())
    n_test = int((tested <= end).sum())
    verdict: Verdict = "pass"
    apart = timedelta(microseconds=first - end)
    if how.by != "time":
        seen = f"{_share(n_test, len(test))} are not later than all training rows"
        if n_test:
            verdict = "warn"
            seen += ": the model has seen their future; split by time to measure later rows"
    elif n_test:
        verdict = "fail"
        seen = f"{_share(n_test, len(test))} are not later than all training rows"
    elif how.gap is not None and apart < how.gap:
        verdict, n_test = "fail", int((tested < end + how.gap // timedelta(microseconds=1)).sum())
        seen = f"the test begins {lasting(apart)} after the training, less than the gap"
    else:
        seen = f"the test begins {lasting(apart)} after the newest training row"
    return Leak(TIME, str(test.cutoff), verdict, seen, n_test, len(test))


def _twice(train: Dataset, test: Dataset) -> Leak:
    keys = [*test.entities, str(test.cutoff)]
    both = test.frame.select(keys).join(
        train.frame.select(keys).unique(), on=keys, how="semi", nulls_equal=True
    )
    n_test = both.height
    seen = "no test row has the entities and the time of a training row"
    if n_test:
        seen = f"{_share(n_test, len(test))} have the entities and the time of a training row"
    return Leak(TWICE, ", ".join(keys), "warn" if n_test else "pass", seen, n_test, len(test))


def _has_moments(dataset: Dataset) -> bool:
    try:
        moments(dataset)
    except DataError:  # then time plays no part
        return False
    return True


def _share(n_test: int, n_rows: int) -> str:
    """``12 of 40 test rows (30%)``."""
    return f"{n_test:,} of {counted(n_rows, 'test row')} ({n_test / n_rows:.0%})"
