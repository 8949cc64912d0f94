"""A random effect: coefficients of each entity, pulled towards those of all by how these vary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.contracts import Floats
from proml_lab.learners.terms import Slope

Ints = npt.NDArray[np.int64]
INTERCEPT = "(intercept)"
_95 = 1.959963984540054
"""Standard errors from the middle of a normal distribution to the ends of its middle 95 %."""


@dataclass(frozen=True)
class RandomEffect:
    """What was learnt of g entities and d columns: the intercept, where there is one, then slopes.

    Attributes
    ----------
    entities
        (g, k) the values of the entity's columns, a row an entity, none twice.
    slopes
        Feature to how it is standardised, in order; a missing value counts as the mean.
    intercept
        Whether the first column is one.
    coefficients
        (g, d) on the link scale; zeros for an entity with too few rows.
    spread
        (d, d) covariance of the coefficients among entities: what is believed of a new one.
    errors
        (g, d) standard errors: how unsure each coefficient is.
    rows
        (g,) training rows of each entity.
    """

    entities: pl.DataFrame
    slopes: Mapping[str, Slope]
    intercept: bool
    coefficients: Floats
    spread: Floats
    errors: Floats
    rows: Ints

    @property
    def entity(self) -> tuple[str, ...]:
        return tuple(self.entities.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the d columns."""
        return (*((INTERCEPT,) if self.intercept else ()), *self.slopes)

    def frame(self) -> pl.DataFrame:
        """A row an entity and column, entity by entity: what its coefficient is, and how surely.

        The entity's columns, then ``term``, ``coefficient``, ``error`` (its standard error),
        ``low`` and ``high`` (the normal 95 % interval), and ``rows``, how many the entity had.
        """
        d, of = len(self.columns), np.arange(len(self.rows))
        middle, error = self.coefficients.ravel(), self.errors.ravel()
        return self.entities[of.repeat(d)].with_columns(
            term=pl.Series(self.columns * len(self.rows), dtype=pl.String),
            coefficient=pl.Series(middle),
            error=pl.Series(error),
            low=pl.Series(middle - _95 * error),
            high=pl.Series(middle + _95 * error),
            rows=pl.Series(self.rows.repeat(d)),
        )

    def effects(self, frame: pl.DataFrame) -> Floats:
        """(n, d) what each column adds to the score of each row; 0 for entities never seen."""
        code = codes(frame, self.entities)
        own = np.where(code[:, None] >= 0, self.coefficients[code], 0.0)
        for j, values in enumerate(design(frame, self.slopes, intercept=self.intercept)):
            own[:, j] *= values
        return own

    def raw(self, frame: pl.DataFrame) -> Floats:
        """(n,) the effect on the link scale."""
        return np.asarray(self.effects(frame).sum(axis=1))


def codes(frame: pl.DataFrame, entities: pl.DataFrame) -> Ints:
    """(n,) the row of `entities` that each row of `frame` is about; -1 where there is none."""
    numbered = entities.with_row_index("(code)")
    asked = frame.select(pl.col(name).cast(kind) for name, kind in entities.schema.items())
    found = asked.join(numbered, on=entities.columns, how="left", maintain_order="left")
    return found["(code)"].cast(pl.Int64).fill_null(-1).to_numpy()


def numbered(frame: pl.DataFrame, entity: tuple[str, ...]) -> pl.DataFrame:
    """(g, k) the entities of `frame`, sorted; a row with a null names none."""
    return frame.select(entity).drop_nulls().unique().sort(entity)


def design(frame: pl.DataFrame, slopes: Mapping[str, Slope], *, intercept: bool) -> list[Floats]:
    """The d columns (n,) of the features of `frame`, standardised, missing values 0."""
    ones = [np.ones(frame.height)] if intercept else []
    return ones + [np.nan_to_num(slope.standardised(frame[name])) for name, slope in slopes.items()]
