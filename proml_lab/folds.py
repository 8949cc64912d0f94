"""Folds of cross-validation: each row is tested at most once, by a model that did not learn it.

Rules: docs/method.md#folds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heapreplace

import numpy as np

from proml_lab.contracts import Dataset
from proml_lab.errors import DataError, UsageError
from proml_lab.spec import Split
from proml_lab.split import (
    Flags,
    Ints,
    before,
    drawn,
    entity_column,
    first_test,
    moments,
    numbered,
    strata,
)
from proml_lab.words import counted


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows to learn from and rows to test on, as row numbers in rising order.

    `number` counts from 1. No row is in both, and a row may be in neither.
    """

    number: int
    train: Ints
    test: Ints


def folds(
    dataset: Dataset, how: Split, n: int, *, seed: int, label: str | None = None
) -> tuple[Fold, ...]:
    """`n` folds of the rows, in the way that `how` holds out test rows.

    By random, stratified and entity every row is a test row of exactly one fold, and a training
    row of all others. By time, the test parts follow each other, and each fold learns from the
    rows before its own (rolling origin): all of them, or those of `how.window`, without those of
    `how.gap`. Rows before the first test part are never tested.

    Parameters
    ----------
    dataset, how, seed
        As for `split`. By time, the test parts are those from `how.test_from` on, or the newest
        share `how.test` if it was given, else all but the first of n + 1 equal parts.
    n
        Number of folds, 2 at least.
    label
        Column that stratified folds look at; by default the dataset's label.

    Raises
    ------
    UsageError
        `n` is below 2.
    DataError, ColumnMissingError
        As `split` does; there are fewer rows, entities or moments than folds.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 2:
        raise UsageError(f"folds is {n!r}; it is a whole number from 2 up.")
    if how.by == "time":
        return tuple(_rolling(dataset, how, n))
    part = _parts(dataset, how, n, seed, label)
    return tuple(_fold(i + 1, part != i, part == i) for i in range(n))


def _parts(dataset: Dataset, how: Split, n: int, seed: int, label: str | None) -> Ints:
    """(rows,) the fold, from 0, that tests each row."""
    rng = np.random.default_rng(seed)
    n_rows = len(dataset)
    if how.by == "entity":
        return _grouped(numbered(dataset.frame[entity_column(dataset, how)]), n, rng)
    if n_rows < n:
        raise _too_few(n, counted(n_rows, "row"))
    groups = strata(dataset, label) if how.by == "stratified" else np.zeros(n_rows, np.int64)
    part = np.empty(n_rows, np.int64)
    part[drawn(groups, rng)] = (np.arange(n_rows) + rng.integers(n)) % n
    return part


def _grouped(entity: Ints, n: int, rng: np.random.Generator) -> Ints:
    """Largest entity first, each into the fold with the fewest rows; chance decides ties."""
    sizes = np.bincount(entity)
    if len(sizes) < n:
        raise _too_few(n, f"{len(sizes)} different {'entity' if len(sizes) == 1 else 'entities'}")
    order = drawn(-sizes, rng)
    filled = [(0, i) for i in range(n)]
    heapify(filled)
    part = np.empty(len(sizes), np.int64)
    for one, size in zip(order.tolist(), sizes[order].tolist(), strict=True):
        rows, least = filled[0]
        part[one] = least
        heapreplace(filled, (rows + size, least))
    return part[entity]


def _rolling(dataset: Dataset, how: Split, n: int) -> Iterator[Fold]:
    at = moments(dataset)
    if not len(at):
        raise _too_few(n, "0 rows")
    starts = _starts(at, how, n)
    for i, start in enumerate(starts):
        is_train, is_test = before(at, start, how), at >= start
        if i + 1 < n:
            is_test &= at < starts[i + 1]
        for name, rows in (("training", is_train), ("test", is_test)):
            if not rows.any():
                raise DataError(
                    f"Fold {i + 1} of {n} by time has no {name} rows.",
                    hint="take fewer folds, change split.gap and split.window, "
                    "or let the tests begin later (split.test_from).",
                )
        yield _fold(i + 1, is_train, is_test)


def _starts(at: Ints, how: Split, n: int) -> list[int]:
    """The moments at which the test parts begin: equally many rows each, as far as times allow."""
    ordered = np.sort(at)
    if how.start is not None or "test" in how.model_fields_set:
        first = first_test(at, how)
    else:
        first = int(ordered[len(at) // (n + 1)])
    ordered = ordered[np.searchsorted(ordered, first) :]
    found, places = np.unique(ordered, return_index=True)
    if len(found) < n:
        raise _too_few(n, f"{counted(len(found), 'different moment')} to test")
    starts, chosen = [first], 0
    for i in range(1, n):
        even = int(np.searchsorted(places, i * len(ordered) // n, side="right")) - 1
        chosen = min(max(even, chosen + 1), len(found) - n + i)  # one moment for each later part
        starts.append(int(found[chosen]))
    return starts


def _fold(number: int, train: Flags, test: Flags) -> Fold:
    return Fold(number, np.flatnonzero(train), np.flatnonzero(test))


def _too_few(n: int, found: str) -> DataError:
    return DataError(f"{n} folds cannot be made of {found}.", hint="take fewer folds.")
