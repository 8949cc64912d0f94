"""Terms: what an additive model keeps of each feature, and the columns that they are fitted by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from proml_lab.contracts import Floats, Json
from proml_lab.errors import DataError
from proml_lab.learners.encode import MISSING, Codes, codes, is_text, levels, numbers
from proml_lab.learners.glm import Design


@dataclass(frozen=True)
class Slope:
    """A number's effect: ``coefficient * (x - mean) / scale``, or ``missing`` where x is missing.

    `centre` is the mean effect over the training rows.
    """

    mean: float
    scale: float
    coefficient: float = 0.0
    missing: float = 0.0
    centre: float = 0.0

    def effect(self, column: pl.Series) -> Floats:
        """(n,) on the link scale; infinite values count as missing."""
        z = self.standardised(column)
        return np.where(np.isnan(z), self.missing, np.nan_to_num(z) * self.coefficient)

    def standardised(self, column: pl.Series) -> Floats:
        """(n,) float64, NaN where missing."""
        x = numbers(column)
        return (np.where(np.isfinite(x), x, np.nan) - self.mean) / self.scale


@dataclass(frozen=True)
class Table:
    """A text feature's effect: one coefficient a level, then one for all others, one for nulls.

    Levels that were rare, or never seen, have the effect `other`; `centre` is as in `Slope`.
    """

    levels: tuple[str, ...]
    coefficients: tuple[float, ...] = ()
    other: float = 0.0
    missing: float = 0.0
    centre: float = 0.0

    def effect(self, column: pl.Series) -> Floats:
        """(n,) on the link scale."""
        known = np.array([*self.coefficients, self.other, self.missing])
        return known[self.codes(column)]

    def codes(self, column: pl.Series) -> Codes:
        """(n,) the level's number; after the last, one for others, and one for nulls."""
        code = codes(_text(column), self.levels)
        n = len(self.levels)
        return np.where(code == MISSING, n + 1, np.where(code < 0, n, code)).astype(np.int32)


Term = Slope | Table


def encode(column: pl.Series, min_count: int) -> Term:
    """The term of a feature, without its coefficients."""
    if is_text(column) or column.dtype == pl.Boolean:
        return Table(levels(_text(column), min_count=min_count))
    x = numbers(column)
    if np.isinf(x).any():
        raise DataError(
            f"Feature {column.name!r} is infinite in {np.isinf(x).sum():,} training rows.",
            hint="use a transform that stays finite, such as 'ln(1 + x)'.",
        )
    known = x[~np.isnan(x)]
    if not len(known):
        return Slope(0.0, 1.0)
    spread = float(known.std())
    return Slope(float(known.mean()), spread if known.min() < known.max() else 1.0)


def design(
    columns: Sequence[pl.Series], terms: Mapping[str, Term], n: int
) -> tuple[Design, dict[str, float]]:
    """The design matrix, and the share of missing rows of each number that has some."""
    dense: list[Floats] = []
    indicators: list[Floats] = []
    gaps: dict[str, float] = {}
    coded: list[Codes] = []
    sizes: list[int] = []
    for column in columns:
        term = terms[column.name]
        if isinstance(term, Table):
            coded.append(term.codes(column))
            sizes.append(len(term.levels) + 2)
            continue
        z = term.standardised(column)
        missing = np.isnan(z)
        dense.append(np.nan_to_num(z))
        if missing.any() and not missing.all():
            gaps[column.name] = float(missing.mean())
            indicators.append(missing - gaps[column.name])
    block = np.column_stack([*dense, *indicators]) if dense else np.empty((n, 0))
    return Design(np.ascontiguousarray(block), coded, sizes), gaps


def assemble(
    terms: Mapping[str, Term],
    columns: Sequence[pl.Series],
    gaps: Mapping[str, float],
    intercept: float,
    dense: Floats,
    tables: Sequence[Floats],
) -> tuple[float, dict[str, Term]]:
    """(base, terms) of the solved coefficients: every effect centred, the base the mean score."""
    slopes = [name for name, term in terms.items() if isinstance(term, Slope)]
    coefficient = dict(zip(slopes, map(float, dense), strict=False))
    missing = dict(zip(gaps, map(float, dense[len(slopes) :]), strict=True))
    table = dict(zip([name for name in terms if name not in slopes], tables, strict=True))
    base = intercept
    fitted: dict[str, Term] = {}
    for column in columns:
        name, term = column.name, terms[column.name]
        if isinstance(term, Slope):
            jump = missing.get(name, 0.0)
            base -= jump * gaps.get(name, 0.0)  # the indicator was centred when it was fitted
            term = replace(term, coefficient=coefficient[name], missing=jump)
        else:
            *known, other, null = map(float, table[name])
            term = replace(term, coefficients=tuple(known), other=other, missing=null)
        centre = float(term.effect(column).mean())
        base += centre
        fitted[name] = replace(term, centre=centre)
    return base, fitted


def to_json(terms: Mapping[str, Term]) -> dict[str, Json]:
    """What `from_json` reads."""
    return {
        name: {"kind": "number" if isinstance(term, Slope) else "text", **asdict(term)}
        for name, term in terms.items()
    }


def from_json(data: Mapping[str, Mapping[str, Any]]) -> dict[str, Term]:
    """The terms that `to_json` described."""
    return {name: _term(**fields) for name, fields in data.items()}


def _term(kind: str, **fields: Any) -> Term:
    if kind == "number":
        return Slope(**fields)
    levels_, values = fields.pop("levels"), fields.pop("coefficients")
    return Table(tuple(levels_), tuple(values), **fields)


def _text(column: pl.Series) -> pl.Series:
    return column.cast(pl.String)
