"""Features as numbers: what every learner of ours does with numbers, text and gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.contracts import Dataset, Floats, Json
from proml_lab.errors import DataError

UNSEEN, MISSING = -1, -2
Codes = npt.NDArray[np.int32]


def is_text(column: pl.Series) -> bool:
    """Whether a feature is text; False for numbers, true or false, and durations.

    Raises
    ------
    DataError
        A date, a time, or another type that learners do not read.
    """
    kind = column.dtype
    if isinstance(kind, pl.String | pl.Categorical | pl.Enum):
        return True
    if kind.is_numeric() or isinstance(kind, pl.Boolean | pl.Duration | pl.Null):
        return False
    if kind.is_temporal():
        raise DataError(
            f"Feature {column.name!r} is {kind}: a learner reads numbers and text.",
            hint=f"use a transform, such as 'extract(hour from {column.name})', "
            "or leave it out of the features.",
        )
    raise DataError(
        f"Feature {column.name!r} is {kind}: a learner reads numbers and text.",
        hint="leave it out of the features.",
    )


def numbers(column: pl.Series) -> Floats:
    """(n,) float64: NaN where missing, 0 and 1 for false and true, durations in seconds."""
    if isinstance(column.dtype, pl.Duration):
        return numbers(column.dt.total_nanoseconds()) / 1e9
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy()


def levels(column: pl.Series, *, min_count: int = 1) -> tuple[str, ...]:
    """The values of a text column that stand in at least `min_count` rows, sorted."""
    counts = column.cast(pl.String).drop_nulls().value_counts(name="n")
    return tuple(counts.filter(pl.col("n") >= min_count)[column.name].sort())


def codes(column: pl.Series, known: Sequence[str]) -> Codes:
    """(n,) position of each value in `known`, else `UNSEEN` or, for a null, `MISSING`."""
    text = column.cast(pl.String)
    position = text.cast(pl.Enum(known), strict=False).to_physical().cast(pl.Int32)
    found = position.fill_null(UNSEEN).to_numpy()
    return np.where(text.is_null().to_numpy(), np.int32(MISSING), found)


@dataclass(frozen=True)
class Matrix:
    """Features as the columns of one float64 matrix, text as the codes of known levels.

    `levels` maps each feature, in order, to its known levels (text) or None (numbers).
    """

    levels: Mapping[str, tuple[str, ...] | None]

    @classmethod
    def fit(cls, frame: pl.DataFrame) -> Matrix:
        """Learn the levels of the text columns of `frame`, whose columns are all features."""
        return cls({c.name: levels(c) if is_text(c) else None for c in frame.get_columns()})

    @property
    def text(self) -> list[int]:
        """Positions of the text features."""
        return [j for j, known in enumerate(self.levels.values()) if known is not None]

    def encode(self, frame: pl.DataFrame) -> Floats:
        """(n, p) float64, column by column in memory; NaN for what is missing or was never seen."""
        matrix = np.empty((frame.height, len(self.levels)), order="F")
        for j, (name, known) in enumerate(self.levels.items()):
            if known is None:
                matrix[:, j] = numbers(frame[name])
            else:
                code = codes(frame[name], known)
                matrix[:, j] = np.where(code < 0, np.nan, code)
        return matrix

    def to_json(self) -> dict[str, Json]:
        """What `from_json` reads."""
        return {
            name: known if known is None else list(known) for name, known in self.levels.items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Sequence[str] | None]) -> Matrix:
        """The matrix that `to_json` described."""
        return cls({name: known if known is None else tuple(known) for name, known in data.items()})


def label_of(dataset: Dataset) -> Floats:
    """(n,) float64: the label, which `proml_lab.learners.fit` has checked and made numbers."""
    return dataset.frame[str(dataset.label)].to_numpy()


def weights_of(dataset: Dataset) -> Floats:
    """(n,) float64: how much each row counts; ones where the rows have no weights."""
    if dataset.weight is None:
        return np.ones(len(dataset))
    return dataset.frame[dataset.weight].to_numpy()


def offset_of(dataset: Dataset) -> Floats:
    """(n,) float64: what is added to each row's score; zeros where there is no offset."""
    if dataset.offset is None:
        return np.zeros(len(dataset))
    return dataset.frame[dataset.offset].to_numpy()
