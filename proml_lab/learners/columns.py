"""What training rows look like before a fit: what is dubious about them is told, not refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.contracts import Caveat, Dataset, Floats, Task
from proml_lab.learners.codes import CHECKS
from proml_lab.learners.encode import is_text, label_of, numbers, weights_of
from proml_lab.words import counted

LOOKED_AT = 20_000
"""Most rows on which features are held against the label."""
FEW_ROWS = 50
FEW_OF_CLASS = 10
TELLING = 0.999
"""An AUC, or a rank correlation, from which on a feature tells the label."""
ROWS_A_VALUE = 10
"""Values with fewer rows each, on average, tell any label by chance."""


def caveats(dataset: Dataset, task: Task, *, apart: Sequence[str] = ()) -> tuple[Caveat, ...]:
    """What is dubious about the training rows `dataset`, by column and then by rows.

    Nothing is drawn by chance, and the rows are not changed. Of more than `LOOKED_AT` rows, only
    as many are held against the label. Rows of weight 0 do not count.

    Parameters
    ----------
    dataset
        What the learner sees: features after transforms, the label as numbers.
    task
        What the label is.
    apart
        Features that name entities: these may be different in every row.
    """
    weights = weights_of(dataset)
    if not weights.all():
        dataset = dataset.take(pl.Series(weights > 0))
    found: list[Caveat] = []
    alike: dict[bytes, list[pl.Series]] = {}
    some = _some(len(dataset))
    y = label_of(dataset)
    for name in dataset.features:
        column = dataset.frame[name]
        if not _is_read(column.dtype):  # the learner says what to do about it
            continue
        seen = column if some is None else column[some]
        if none := _empty(column) or _constant(seen, column):
            found.append(none)
            continue
        found += _infinite(column)
        found += _twin(column, alike.setdefault(_content(seen), []))
        if is_text(column) and name not in apart:
            found += _id(seen, column)
        found += _telling(seen, y if some is None else y[some], task, str(dataset.label))
    return (*found, *_few(y, task, str(dataset.label)))


def _some(n: int) -> npt.NDArray[np.int64] | None:
    """Row numbers to look at, ascending; None for all `n`."""
    if n <= LOOKED_AT:
        return None
    return np.unique(np.random.default_rng(0).integers(0, n, LOOKED_AT))


def _is_read(kind: pl.DataType) -> bool:
    read = pl.String | pl.Categorical | pl.Enum | pl.Boolean | pl.Duration | pl.Null
    return kind.is_numeric() or isinstance(kind, read)


def _empty(column: pl.Series) -> Caveat | None:
    if not _gaps(column).all():
        return None
    rows = counted(len(column), "training row")
    return CHECKS["MW001"].of(column.name, f"{column.name} is missing in all {rows}")


def _gaps(column: pl.Series) -> npt.NDArray[np.bool_]:
    """(n,) where a value is missing: null, or NaN."""
    if column.dtype.is_float():
        return column.is_nan().fill_null(True).to_numpy()
    return column.is_null().to_numpy()


def _constant(seen: pl.Series, column: pl.Series) -> Caveat | None:
    if seen.n_unique() > 1 or column.n_unique() > 1:
        return None
    rows = counted(len(column), "training row")
    return CHECKS["MW002"].of(column.name, f"{column.name} is {column[0]} in all {rows}")


def _infinite(column: pl.Series) -> Iterator[Caveat]:
    n = int(column.is_infinite().sum()) if column.dtype.is_float() else 0
    if n:
        rows = counted(n, "training row")
        yield CHECKS["MW003"].of(column.name, f"{column.name} is infinite in {rows}")


def _twin(column: pl.Series, before: list[pl.Series]) -> Iterator[Caveat]:
    """`before` are the columns that look the same in the rows that were looked at."""
    for other in before:
        if _same(column, other):
            words = f"{column.name} has the values of {other.name} in all training rows"
            yield CHECKS["MW004"].of(column.name, words)
            return
    before.append(column)


def _content(column: pl.Series) -> bytes:
    """A digest that columns with the same values share, whatever their types of numbers."""
    if is_text(column):
        values = column.cast(pl.String).hash().to_numpy()
    else:
        values = numbers(column) + 0.0  # -0.0 is 0.0
    return hashlib.blake2b(values.tobytes(), digest_size=16).digest()


def _same(one: pl.Series, other: pl.Series) -> bool:
    if is_text(one) or is_text(other):
        return is_text(one) == is_text(other) and bool(
            one.cast(pl.String).eq_missing(other.cast(pl.String)).all()
        )
    return bool(np.array_equal(numbers(one), numbers(other), equal_nan=True))


def _id(seen: pl.Series, column: pl.Series) -> Iterator[Caveat]:
    """Text with fewer than two rows a level, by the rows looked at and then by all."""
    for values in (seen, column):
        known = values.drop_nulls()
        n_levels = known.n_unique()
        if n_levels < FEW_ROWS or 2 * n_levels <= len(known):
            return
    words = f"{column.name} has {n_levels:,} different texts in {len(known):,} training rows"
    yield CHECKS["MW005"].of(column.name, words)


def _telling(column: pl.Series, y: Floats, task: Task, label: str) -> Iterator[Caveat]:
    gap = _gaps(column)
    told = _told(column.filter(pl.Series(~gap)), y[~gap], task)
    if not told and task == "binary" and _enough(y, task):
        area = _auc(gap, y)
        told = "by where it is missing" if max(area, 1 - area) >= TELLING else ""
    if told:
        words = f"{column.name} tells the label {label} by itself: {told}"
        yield CHECKS["MW006"].of(column.name, words)


def _told(x: pl.Series, y: Floats, task: Task) -> str:
    """How the values of `x`, none missing, tell `y`; empty where they do not."""
    if not _enough(y, task):
        return ""
    values = pl.DataFrame({"x": x, "y": y}).group_by("x").agg(pl.col("y").n_unique())
    if 1 < values.height <= len(y) / ROWS_A_VALUE and values["y"].max() == 1:
        return "every value of it has one label"
    if is_text(x) or values.height == 1:
        return ""
    size, what = _association(numbers(x), y, task)
    return f"{what} {size:.4f}" if size >= TELLING else ""


def _enough(y: Floats, task: Task) -> bool:
    """Whether what tells all of `y` does so by more than chance."""
    if task == "binary":
        return bool(min(y.sum(), len(y) - y.sum()) >= FEW_OF_CLASS)
    return len(y) >= FEW_ROWS and bool(y.min() < y.max())


def _association(x: Floats, y: Floats, task: Task) -> tuple[float, str]:
    """(size from 0 to 1, its name): AUC either way, else the rank correlation."""
    if task == "binary":
        area = _auc(x, y)
        return max(area, 1 - area), "AUC"
    ranks = np.corrcoef(_ranks(x), _ranks(y))
    return abs(float(ranks[0, 1])), "rank correlation"


def _auc(x: npt.NDArray[np.float64] | npt.NDArray[np.bool_], y: Floats) -> float:
    n, n_ones = len(y), float(y.sum())
    above = float(_ranks(x)[y > 0].sum()) - n_ones * (n_ones + 1) / 2
    return above / (n_ones * (n - n_ones))


def _ranks(x: npt.NDArray[np.float64] | npt.NDArray[np.bool_]) -> Floats:
    """(n,) ranks from 1, equal values sharing their mean."""
    return pl.Series(x).cast(pl.Float64).rank("average").to_numpy()


def _few(y: Floats, task: Task, label: str) -> Iterator[Caveat]:
    if len(y) < FEW_ROWS:
        rows = counted(len(y), "training row")
        yield CHECKS["MW007"].of("", f"there are only {rows}")
    elif task == "binary":
        of_class = [int(len(y) - y.sum()), int(y.sum())]
        least = min(of_class)
        if least < FEW_OF_CLASS:
            words = f"{label} is {of_class.index(least)} in only {least:,} of {len(y):,} rows"
            yield CHECKS["MW008"].of("", words)
