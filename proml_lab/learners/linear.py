"""The linear learner: a penalised GLM that keeps one small table a feature."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, field_validator, model_validator

from proml_lab.contracts import Dataset, Floats, Json, Progress, Task
from proml_lab.document import Document
from proml_lab.encoding import Encoding
from proml_lab.errors import SpecError, choose
from proml_lab.learners.encode import label_of, offset_of, weights_of
from proml_lab.learners.encodings import of_terms
from proml_lab.learners.glm import solve
from proml_lab.learners.options import checked
from proml_lab.learners.terms import Slope, Term, assemble, design, encode, from_json, to_json

Pair = tuple[float | None, float | None]


class LinearOptions(Document):
    """Options of the linear learner."""

    l2: float = Field(
        1.0, strict=True, ge=0, description="weight of the squares of coefficients; 0 needs l1"
    )
    l1: float = Field(
        0.0, strict=True, ge=0, description="weight of the sizes of coefficients: makes some zero"
    )
    bounds: dict[str, Pair] = Field(
        {}, description="feature to the least and greatest coefficient of one unit; null: any"
    )
    monotone: dict[str, Literal["increasing", "decreasing"]] = Field(
        {}, description="feature to the way that the score may go when it grows"
    )
    min_count: int = Field(
        20, strict=True, ge=1, description="levels in fewer rows share one coefficient"
    )

    @field_validator("bounds")
    @classmethod
    def _in_order(cls, bounds: Mapping[str, Pair]) -> Mapping[str, Pair]:
        for name, (low, high) in bounds.items():
            if _least(low) > _most(high):
                raise ValueError(f"{name} has [{low}, {high}]; give [least, greatest]")
        return bounds

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if not self.l2 and not self.l1:
            raise ValueError("l1 and l2 are both 0; one of them must be above 0")
        for name, way in self.monotone.items():
            low, high = self.bounds.get(name, (None, None))
            if _most(high) < 0 if way == "increasing" else _least(low) > 0:
                raise ValueError(f"{name} is {way} by monotone, which its bounds rule out")
        return self


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

    def encodings(self) -> list[Encoding]:
        """What is done to each feature."""
        return of_terms(self.terms)

    def save(self, folder: Path) -> None:
        """Write ``linear.json``."""
        data = {"base": self.base, "terms": to_json(self.terms)}
        text = json.dumps(data, indent=1) + "\n"
        (folder / "linear.json").write_text(text, encoding="utf-8", newline="\n")

    def _effects(self, frame: pl.DataFrame) -> Floats:
        """(n, p) centred effects."""
        effects = np.empty((frame.height, len(self.terms)))
        for j, (name, term) in enumerate(self.terms.items()):
            effects[:, j] = term.effect(frame[name]) - term.centre
        return effects


class LinearLearner:
    """Linear, logistic and Poisson regression with a penalty. See docs/method.md#linear."""

    name = "linear"
    tasks: tuple[Task, ...] = ("binary", "regression", "count")
    copies = 2.0  # of its features in memory: see docs/learners.md#memory

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
        SpecError
            `bounds` or `monotone` names what is no number among the features.
        DataError
            A feature of a type that is not read, an infinite value, or no convergence.
        """
        chosen = LinearOptions.model_validate(options)
        columns = dataset.frame.select(dataset.features).get_columns()
        terms = {column.name: encode(column, chosen.min_count) for column in columns}
        matrix, gaps = design(columns, terms, len(dataset))

        def step(k: int, loss: float) -> None:
            if progress:
                progress(1 - 1 / (1 + k / 2), f"step {k}: loss {loss:.5f} a row")

        theta = solve(
            matrix,
            label_of(dataset),
            task=task,
            l2=chosen.l2,
            l1=chosen.l1,
            bounds=_bounds(chosen, terms, matrix.width),
            weights=weights_of(dataset),
            offset=offset_of(dataset),
            step=step,
        )
        if progress:
            progress(1.0, "coefficients found")
        return Linear(*assemble(terms, columns, gaps, *matrix.split(theta)))

    def load(self, folder: Path) -> Linear:
        """Read ``linear.json``."""
        data = json.loads((folder / "linear.json").read_text(encoding="utf-8"))
        return Linear(data["base"], from_json(data["terms"]))


def _bounds(
    options: LinearOptions, terms: Mapping[str, Term], width: int
) -> tuple[Floats, Floats] | None:
    """(width,) least and greatest of each parameter of the design; None: all are free.

    Raises
    ------
    SpecError
        One is of a feature that is no number, or that the model does not have.
    """
    if not options.bounds and not options.monotone:
        return None
    low, high = np.full(width, -np.inf), np.full(width, np.inf)
    slopes = [name for name, term in terms.items() if isinstance(term, Slope)]
    for field, names in (("bounds", options.bounds), ("monotone", options.monotone)):
        for name in names:
            if name not in slopes:
                fact = "is text" if name in terms else "is no feature of the model"
                raise SpecError(
                    f"learner.linear.{field}: {name!r} {fact}; it needs a number.",
                    hint=choose(name, slopes),
                )
    for j, name in enumerate(slopes, start=1):
        least, most = options.bounds.get(name, (None, None))
        way, scale = options.monotone.get(name), terms[name].scale  # type: ignore[union-attr]
        low[j] = max(_least(least), 0.0 if way == "increasing" else -math.inf) * scale
        high[j] = min(_most(most), 0.0 if way == "decreasing" else math.inf) * scale
    return low, high


def _least(bound: float | None) -> float:
    return -math.inf if bound is None else bound


def _most(bound: float | None) -> float:
    return math.inf if bound is None else bound
