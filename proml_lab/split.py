"""Hold out test rows: by time the newest, or at random."""

from __future__ import annotations

import numpy as np
import polars as pl

from proml_lab.contracts import Dataset
from proml_lab.errors import DataError
from proml_lab.spec import Split


def split(dataset: Dataset, how: Split, *, seed: int) -> tuple[Dataset, Dataset]:
    """(train, test): every row is in exactly one of them, in its old order.

    Raises
    ------
    DataError
        A time split without a cutoff column, a null cutoff, or one side that stays empty.
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
            raise DataError(
                f"No {name} rows are left after the split {side} of {len(dataset)} rows.",
                hint=_range(dataset, how),
            )
    return train, test


def _newest(dataset: Dataset, how: Split) -> tuple[pl.Series, str]:
    if dataset.cutoff is None:
        raise DataError(
            "A split by time needs a cutoff column, and the dataset has none.",
            hint="name it in the spec (spine: {cutoff: …}) or split by random.",
        )
    cutoff = dataset.frame[dataset.cutoff]
    if cutoff.null_count():
        raise DataError(f"The cutoff {cutoff.name!r} is null in {cutoff.null_count()} rows.")
    start = how.start
    if start is None:
        edge = cutoff.cast(pl.Int64).quantile(1 - how.test, interpolation="higher")
        return cutoff.cast(pl.Int64) > edge, f"by time (newest {how.test:.0%})"
    zone = getattr(cutoff.dtype, "time_zone", None)
    return cutoff >= (start if zone else start.replace(tzinfo=None)), f"at {start:%Y-%m-%d %H:%M}"


def _range(dataset: Dataset, how: Split) -> str:
    if how.by == "random" or dataset.cutoff is None or not len(dataset):
        return "give it more rows, or another share."
    cutoff = dataset.frame[dataset.cutoff]
    return f"the cutoffs run from {cutoff.min()!s} to {cutoff.max()!s}; change split.test_from."
