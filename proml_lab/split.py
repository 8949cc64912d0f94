"""Hold out test rows: the newest, at random, with equal shares of the label, or by entity.

Rules: docs/method.md#splits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.contracts import Dataset
from proml_lab.errors import ColumnMissingError, DataError, choose
from proml_lab.spec import Split
from proml_lab.words import counted

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_CLASSES = 20
_N_BINS = 10


def split(
    dataset: Dataset, how: Split, *, seed: int, label: str | None = None
) -> tuple[Dataset, Dataset]:
    """(train, test): no row is in both, each keeps its old order.

    By time, rows with the same cutoff stay together: the test rows are those from one moment on,
    at least the asked share of them. Rows in `how.gap` before it, and those older than
    `how.window`, are in neither; else every row is in one of the two.

    Parameters
    ----------
    dataset, how, seed
        What to split; the same seed and rows give the same split.
    label
        Column that a stratified split looks at; by default the dataset's label.

    Raises
    ------
    DataError
        A time split without a cutoff column of dates or times, a null cutoff, no label or entity
        to split by, or one side that stays empty.
    ColumnMissingError
        The entity or the label of the split is not in the data.
    """
    match how.by:
        case "time":
            is_train, is_test, side = _newest(dataset, how)
        case "entity":
            is_test = _entities(dataset, how, seed)
            is_train, side = ~is_test, f"by entity {entity_column(dataset, how)!r}"
        case "stratified":
            is_test = _stratified(strata(dataset, label), how.test, seed)
            is_train, side = ~is_test, "at random, stratified"
        case _:
            is_test = _random(len(dataset), how.test, seed)
            is_train, side = ~is_test, "at random"
    for name, rows in (("training", is_train), ("test", is_test)):
        if not rows.any():
            raise DataError(
                f"No {name} rows are left after the split {side} of "
                f"{counted(len(dataset), 'row')}.",
                hint=_hint(dataset, how, side=name),
            )
    return dataset.take(pl.Series(is_train)), dataset.take(pl.Series(is_test))


def newest(dataset: Dataset, share: float, *, seed: int) -> pl.Series:
    """(n,) booleans: the newest `share` of rows by cutoff; at random where there is no cutoff."""
    if dataset.cutoff is not None:
        return pl.Series("newest", _newest(dataset, Split(test=share))[1])
    order = np.random.default_rng(seed).permutation(len(dataset))
    return pl.Series("newest", order < round(len(dataset) * share))


def moments(dataset: Dataset) -> Ints:
    """(n,) the cutoffs in microseconds since 1970, UTC.

    Raises
    ------
    DataError
        There is no cutoff, it is no date or time, or null in some rows.
    """
    if dataset.cutoff is None:
        raise DataError(
            "A split by time needs a cutoff column, and the dataset has none.",
            hint="name it in the spec (spine: {cutoff: …}) or split by random.",
        )
    cutoff = dataset.frame[dataset.cutoff]
    if cutoff.dtype != pl.Date and not isinstance(cutoff.dtype, pl.Datetime):
        raise DataError(
            f"The cutoff {cutoff.name!r} is {cutoff.dtype}, not a date or time.",
            hint="store it as a date or a UTC time, or split by random.",
        )
    if cutoff.null_count():
        raise DataError(
            f"The cutoff {cutoff.name!r} is null in {cutoff.null_count():,} rows.",
            hint="leave rows without a cutoff out of the spine.",
        )
    return cutoff.dt.timestamp("us").to_numpy()


def first_test(at: Ints, how: Split) -> int:
    """The moment that the test rows begin at; `at` (n,) are the cutoffs, at least one."""
    if how.start is not None:
        return (how.start - _EPOCH) // _MICROSECOND
    return int(np.sort(at)[-max(1, round(len(at) * how.test))])


def before(at: Ints, start: int, how: Split) -> Flags:
    """(n,) which rows may be learnt from for a test that begins at `start`."""
    end = start - _length(how.gap)
    is_train = at < end
    if how.window is not None:
        is_train &= at >= end - _length(how.window)
    return is_train


def entity_column(dataset: Dataset, how: Split) -> str:
    """The column whose values stay together in a split by entity; raises as `split`."""
    if how.entity is not None:
        if how.entity not in dataset.frame.columns:
            raise ColumnMissingError(
                f"The data has no column {how.entity!r} to split by.",
                hint=choose(how.entity, dataset.frame.columns),
            )
        return how.entity
    if len(dataset.entities) != 1:
        several = f"has {len(dataset.entities)}: {', '.join(dataset.entities)}"
        raise DataError(
            "A split by entity needs one entity column, and the dataset "
            f"{several if dataset.entities else 'has none'}.",
            hint="name it in the spec: split: {by: entity, entity: …}.",
        )
    return dataset.entities[0]


def numbered(column: pl.Series) -> Ints:
    """(n,) each row's value as a number from 0: equal values have one, in any order of rows."""
    ranks = column.rank("dense").cast(pl.Int64).fill_null(0)
    return ranks.rank("dense").cast(pl.Int64).to_numpy() - 1


def strata(dataset: Dataset, label: str | None = None) -> Ints:
    """(n,) the class of each row's label; of a label with many values, its tenth of the rows."""
    name = label or dataset.label
    if name is None:
        raise DataError(
            "A stratified split needs a label, and the dataset has none.",
            hint="name it: Dataset(frame, label=…), or split by random.",
        )
    if name not in dataset.frame.columns:
        raise ColumnMissingError(
            f"The data has no label column {name!r}.", hint=choose(name, dataset.frame.columns)
        )
    classes = numbered(dataset.frame[name])
    if not len(classes) or classes.max() < _MOST_CLASSES:
        return classes
    below = np.searchsorted(np.sort(classes), classes)
    return np.asarray(below * _N_BINS // len(classes), np.int64)


def drawn(groups: Ints, rng: np.random.Generator) -> Ints:
    """(n,) row numbers, group by group, in random order within each."""
    order = rng.permutation(len(groups))
    return order[np.argsort(groups[order], kind="stable")]


def _newest(dataset: Dataset, how: Split) -> tuple[Flags, Flags, str]:
    at = moments(dataset)
    side = f"by time (newest {how.test:.0%})"
    if how.start is not None:
        side = f"at {how.start:%Y-%m-%d %H:%M}"
    if not len(at):
        return np.zeros(0, np.bool_), np.zeros(0, np.bool_), side
    start = first_test(at, how)
    return before(at, start, how), at >= start, side


def _random(n: int, share: float, seed: int) -> Flags:
    chosen = np.random.default_rng(seed).permutation(n)[: round(n * share)]
    return np.isin(np.arange(n), chosen)


def _stratified(groups: Ints, share: float, seed: int) -> Flags:
    """Every so manieth row of `drawn`, so that each group has its share, give or take one row."""
    rng = np.random.default_rng(seed)
    n, order = len(groups), drawn(groups, rng)
    n_test = round(n * share)
    phase = int(rng.integers(n)) if n else 0
    steps = (np.arange(n + 1, dtype=np.int64) * n_test + phase) // max(n, 1)
    is_test = np.zeros(n, np.bool_)
    is_test[order] = np.diff(steps) > 0
    return is_test


def _entities(dataset: Dataset, how: Split, seed: int) -> Flags:
    """Entities in random order, each that brings the test rows nearer to the asked share."""
    column = entity_column(dataset, how)
    entity = numbered(dataset.frame[column])
    sizes = np.bincount(entity)
    if len(sizes) < 2:
        raise DataError(
            f"The split by entity needs two different values of {column!r}, and there "
            f"{'is one' if len(sizes) else 'are none'}.",
            hint="split by another column (split.entity), by time or by random.",
        )
    wanted, n_test = len(entity) * how.test, 0
    order = np.random.default_rng(seed).permutation(len(sizes))
    chosen: list[int] = []
    for one, size in zip(order.tolist(), sizes[order].tolist(), strict=True):
        if abs(n_test + size - wanted) < wanted - n_test and len(chosen) < len(sizes) - 1:
            chosen.append(one)
            n_test += size
    return np.isin(entity, chosen or [int(order[np.argmin(sizes[order])])])


def _length(of: timedelta | None) -> int:
    return of // _MICROSECOND if of else 0


def _hint(dataset: Dataset, how: Split, *, side: str) -> str:
    if how.by != "time" or not len(dataset):
        return "give it more rows, or another share."
    if side == "training" and (how.gap or how.window):
        named = " and ".join(f"split.{name}" for name in ("gap", "window") if getattr(how, name))
        return f"all rows before the test are left out by {named}; change it."
    cutoff = dataset.frame[str(dataset.cutoff)].sort()
    if how.test_from is None:
        return "give it rows of more than one moment, or split by random."
    return f"the cutoffs run from {cutoff[0]} to {cutoff[-1]}; change split.test_from."
