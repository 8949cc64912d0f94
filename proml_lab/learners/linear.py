"""The linear learner: a ridge-penalised GLM that keeps one small table a feature."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import Field

from proml_lab.contracts import Dataset, Floats, Json, Progress, Task
from proml_lab.document import Document
from proml_lab.errors import DataError
from proml_lab.learners.encode import (
    MISSING,
    Codes,
    codes,
    is_text,
    label_of,
    levels,
    numbers,
    offset_of,
    weights_of,
)
from proml_lab.learners.glm import Design, solve
from proml_lab.learners.options import checked


class LinearOptions(Document):
    """Options of the linear learner."""

    l2: float = Field(1.0, strict=True, gt=0, description="weight of the ridge penalty, above 0")
    min_count: int = Field(
        20, strict=True, ge=1, description="levels in fewer rows share one coefficient"
    )


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


@dataclass(frozen=True)
class Linear:
    """``raw = base + sum over features of (effect - centre)``: additive by construction."""

    base: float
    terms: Mapping[str, Term]

    def raw(self, frame: pl.DataFrame) -> Floats:
        """(n,) scores on the link scale."""
        return np.asarray(self.base + self._effects(frame).sum(axis=1))

    def contributions(self, frame: pl.DataFrame) -> tuple[float, Floats]:
        """(base, (n, p)): how far each feature moves the score from the training mean."""
        return self.base, self._effects(frame)

    def summary(self) -> pl.DataFrame:
        """A row a coefficient: ``feature``, ``level``, ``coefficient`` (per unit), ``scale``.

        `coefficient` is on the link scale, for a number per `scale`, its training deviation.
        """
        rows: list[tuple[str, str | None, float, float | None]] = []
        for name, term in self.terms.items():
            if isinstance(term, Slope):
                rows.append((name, None, term.coefficient, term.scale))
            else:
                pairs = zip(term.levels, term.coefficients, strict=True)
                rows += [(name, level, value, None) for level, value in pairs]
                rows.append((name, "(other)", term.other, None))
            if term.missing:
                rows.append((name, "(missing)", term.missing, None))
        kinds = {"coefficient": pl.Float64, "scale": pl.Float64}
        schema = {"feature": pl.String, "level": pl.String, **kinds}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def save(self, folder: Path) -> None:
        """Write ``linear.json``."""
        terms = {
            name: {"kind": "number" if isinstance(term, Slope) else "text", **asdict(term)}
            for name, term in self.terms.items()
        }
        text = json.dumps({"base": self.base, "terms": terms}, indent=1) + "\n"
        (folder / "linear.json").write_text(text, encoding="utf-8", newline="\n")

    def _effects(self, frame: pl.DataFrame) -> Floats:
        """(n, p) centred effects."""
        effects = np.empty((frame.height, len(self.terms)))
        for j, (name, term) in enumerate(self.terms.items()):
            effects[:, j] = term.effect(frame[name]) - term.centre
        return effects


class LinearLearner:
    """Linear, logistic and Poisson regression with a ridge penalty. See docs/method.md#linear."""

    name = "linear"
    tasks: tuple[Task, ...] = ("binary", "regression", "count")

    def check(self, options: Mapping[str, Json]) -> Mapping[str, Json]:
        """Options with their defaults: see `LinearOptions`."""
        return checked(options, LinearOptions, learner="linear")

    def reads(self, options: Mapping[str, Json]) -> tuple[str, ...]:
        """Nothing beside the features."""
        return ()

    def fit(
        self,
        dataset: Dataset,
        *,
        task: Task,
        options: Mapping[str, Json],
        seed: int,
        progress: Progress | None = None,
    ) -> Linear:
        """Learn encodings and coefficients from the rows of `dataset`; nothing is random.

        Raises
        ------
        DataError
            A feature of a type that is not read, an infinite value, or no convergence.
        """
        chosen = LinearOptions.model_validate(options)
        columns = dataset.frame.select(dataset.features).get_columns()
        terms = {column.name: _encode(column, chosen.min_count) for column in columns}
        design, gaps = _design(columns, terms)

        def step(k: int, loss: float) -> None:
            if progress:
                progress(1 - 1 / (1 + k / 2), f"step {k}: loss {loss:.5f} a row")

        theta = solve(
            design,
            label_of(dataset),
            task=task,
            l2=chosen.l2,
            weights=weights_of(dataset),
            offset=offset_of(dataset),
            step=step,
        )
        if progress:
            progress(1.0, "coefficients found")
        return _assemble(terms, columns, gaps, *design.split(theta))

    def load(self, folder: Path) -> Linear:
        """Read ``linear.json``."""
        data = json.loads((folder / "linear.json").read_text(encoding="utf-8"))
        return Linear(data["base"], {name: _term(**t) for name, t in data["terms"].items()})


def _encode(column: pl.Series, min_count: int) -> Term:
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


def _design(
    columns: Sequence[pl.Series], terms: Mapping[str, Term]
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
    n = len(columns[0])
    block = np.column_stack([*dense, *indicators]) if dense else np.empty((n, 0))
    return Design(np.ascontiguousarray(block), coded, sizes), gaps


def _assemble(
    terms: Mapping[str, Term],
    columns: Sequence[pl.Series],
    gaps: Mapping[str, float],
    intercept: float,
    dense: Floats,
    tables: Sequence[Floats],
) -> Linear:
    """The model of the solved coefficients: every effect centred, the base the mean score."""
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
    return Linear(base, fitted)


def _term(kind: str, **fields: object) -> Term:
    if kind == "number":
        return Slope(**fields)  # type: ignore[arg-type]
    levels_, values = fields.pop("levels"), fields.pop("coefficients")
    return Table(tuple(levels_), tuple(values), **fields)  # type: ignore[arg-type]


def _text(column: pl.Series) -> pl.Series:
    return column.cast(pl.String)
