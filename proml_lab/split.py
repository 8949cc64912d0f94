"""Hold out test rows: by time the newest, or at random."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from proml_lab.contracts import Dataset
from proml_lab.errors import DataError
from proml_lab.spec import Split
from proml_lab.words import counted


def split(dataset: Dataset, how: Split, *, seed: int) -> tuple[Dataset, Dataset]:
    """(train, test): every row is in exactly one of them, in its old order.

    By time, rows with the same cutoff stay together: the test rows are those from one moment on,
    at least the asked share of them.

    Raises
    ------
    DataError
        A time split without a cutoff column of dates or times, a null cutoff, or one side that
        stays empty.
    """
    if how.by == "random":
        n_test = round(len(dataset) * how.test)
        chosen = np.random.default_rng(seed).permutation(len(dataset))[:n_test]
        is_test = pl.Series("is_test", np.isin(np.arange(len(dataset)), chosen))
        side = "at random"
    else:
        is_test, side = _newest(dataset, how)
    train, test = dataset.take(~is_test), dataset.take(is_test)
    for name, part in (("training", train), ("test", test)):
        if not len(part):
            rows = counted(len(dataset), "row")
            raise DataError(
                f"No {name} rows are left after the split {side} of {rows}.",
                hint=_range(dataset, how),
            )
    return train, test


def newest(dataset: Dataset, share: float, *, seed: int) -> pl.Series:
    """(n,) booleans: the newest `share` of rows by cutoff; at random where there is no cutoff."""
    how = Split(by="random" if dataset.cutoff is None else "time", test=share)
    if how.by == "time":
        return _newest(dataset, how)[0]
    order = np.random.default_rng(seed).permutation(len(dataset))
    return pl.Series("newest", order < round(len(dataset) * share))


def _newest(dataset: Dataset, how: Split) -> tuple[pl.Series, str]:
    cutoff = _cutoff(dataset)
    start = how.start
    if start is not None:
        moment = _like(start, cutoff.dtype)
        return cutoff >= moment, f"at {start:%Y-%m-%d %H:%M}"
    n_test = max(1, round(len(cutoff) * how.test))
    side = f"by time (newest {how.test:.0%})"
    if not len(cutoff):
        return pl.Series("is_test", [], pl.Boolean), side
    return cutoff >= cutoff.sort()[-n_test], side


def _cutoff(dataset: Dataset) -> pl.Series:
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
    return cutoff


def _like(moment: datetime, kind: pl.DataType) -> datetime:
    """`moment` (UTC) as a column of type `kind` compares with it."""
    zoned = isinstance(kind, pl.Datetime) and kind.time_zone is not None
    return moment if zoned else moment.replace(tzinfo=None)


def _range(dataset: Dataset, how: Split) -> str:
    if how.by == "random" or dataset.cutoff is None or not len(dataset):
        return "give it more rows, or another share."
    cutoff = dataset.frame[dataset.cutoff].sort()
    if how.test_from is None:
        return "give it rows of more than one moment, or split by random."
    return f"the cutoffs run from {cutoff[0]} to {cutoff[-1]}; change split.test_from."
