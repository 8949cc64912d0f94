"""The coordinates of a score while they are fitted: the fixed one, and random effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.contracts import Floats
from proml_lab.errors import DataError
from proml_lab.learners.encode import is_text
from proml_lab.learners.game.groups import Belief, Groups
from proml_lab.learners.game.last import carried, with_new
from proml_lab.learners.game.options import Fixed, Random
from proml_lab.learners.game.random import Ints, RandomEffect, codes, design, numbered
from proml_lab.learners.game.rows import grouped
from proml_lab.learners.game.spread import logs, of_logs, spread
from proml_lab.learners.game.sweeps import Data
from proml_lab.learners.glm import solve
from proml_lab.learners.linear import Linear
from proml_lab.learners.terms import Slope, assemble, encode
from proml_lab.learners.terms import design as matrix

Bools = npt.NDArray[np.bool_]


class FixedPart:
    """Coefficients that all rows share: a ridge-penalised GLM over the others' scores."""

    def __init__(
        self,
        columns: Sequence[pl.Series],
        options: Fixed,
        data: Data,
        *,
        last: Linear | None = None,
    ) -> None:
        self._last = last
        self._columns, self._options, self._data = columns, options, data
        self._terms = {column.name: encode(column, options.min_count) for column in columns}
        self._matrix, self._gaps = matrix(columns, self._terms, len(data.y))
        self._theta: Floats = np.zeros(0)
        self._scale = 1.0

    def begin(self) -> Floats:
        return (
            np.zeros(len(self._data.y))
            if self._last is None
            else self._last.raw(pl.DataFrame(self._columns))
        )

    def fit(self, offset: Floats, scale: float) -> Floats:
        self._scale = scale
        self._theta = solve(
            self._matrix,
            self._data.y,
            task=self._data.task,
            l2=self._options.l2,
            weights=self._data.weights,
            offset=offset,
            start=self._theta if len(self._theta) else None,
        )
        return self._matrix.times(self._theta)

    def take_mean(self) -> float:
        return 0.0

    def give(self, mean: float) -> bool:
        if len(self._theta):
            self._theta[0] += mean
        return len(self._theta) > 0

    def penalty(self) -> float:
        return 0.5 * self._options.l2 * float(np.sum(self._theta[1:] ** 2)) / self._scale

    def n_free(self) -> float:
        return float(len(self._theta))

    def state(self) -> Floats:
        return np.zeros(0)

    def restart(self, state: Floats) -> Floats:
        return self._matrix.times(self._theta)

    def found(self, scale: float) -> Linear:
        """What was learnt."""
        return Linear(
            *assemble(self._terms, self._columns, self._gaps, *self._matrix.split(self._theta))
        )


class RandomPart:
    """Coefficients of each entity."""

    def __init__(
        self,
        frame: pl.DataFrame,
        options: Random,
        data: Data,
        seed: int,
        *,
        last: RandomEffect | None = None,
    ) -> None:
        self._options = options
        self._estimated = options.l2 == "auto" and options.last != "prior"
        self._entities = numbered(frame, options.entity)
        if last is not None and options.last == "prior":
            self._entities = with_new(frame, last)
        code = codes(frame, self._entities)
        self._counts = np.bincount(code[code >= 0], minlength=len(self._entities))
        self._slopes = _slopes(frame, options.features) if last is None else last.slopes
        columns = design(frame, self._slopes, intercept=options.intercept)
        if last is not None and options.last == "prior":
            self._counts = self._counts + carried(self._entities, last)[2].astype(np.int64)
        few = self._counts < options.min_rows
        used = np.where((code < 0) | few[code], -1, code)
        self._aside = _aside(used, options.max_rows, seed)
        learnt = np.where(self._aside, -1, used)
        self._code = used
        kept = [column[self._aside] for column in columns]
        self._kept = np.column_stack(kept)
        rows = grouped(columns, learnt, len(self._entities), data.y, _weights(data, used, learnt))
        self._groups = Groups(rows, data.task)
        d = len(columns)
        self._spread = np.eye(d) if options.l2 == "auto" else np.eye(d) / float(options.l2)
        self._believed, self._unsure = self._spread, np.empty((0, d, d))
        self._roots = np.sqrt(self._counts[rows.present])
        self._offset = data.offset
        self._table = np.zeros((len(self._entities), d))
        self._everywhere = options.intercept and bool((used >= 0).all())
        self._prior: tuple[Floats, Floats] | None = None
        if last is not None:
            self._go_on_from(last)

    def _go_on_from(self, last: RandomEffect) -> None:
        centres, errors, _ = carried(self._entities, last)
        present = self._groups.rows.present
        if self._options.last == "prior":
            self._table = centres.copy()
        else:
            self._table[present] = centres[present]
        self._groups.start_at(self._table)
        if self._options.l2 == "auto":
            self._spread = self._believed = last.spread
        if self._options.last == "prior":
            self._prior = centres, errors
            self._everywhere = False

    def begin(self) -> Floats:
        return self._scores()

    def _belief(self) -> Belief:
        if self._prior is None:
            return Belief(np.asarray(np.linalg.inv(self._spread), np.float64))
        centres, errors = self._prior
        of_all = 1 / np.diag(self._spread)
        return Belief(np.diag(of_all), np.maximum(errors**-2 - of_all, 0.0), centres)

    def fit(self, offset: Floats, scale: float) -> Floats:
        belief = self._belief()
        self._offset = offset.copy()
        if self._estimated:
            self._unsure = self._groups.fit_unsure(offset, belief, scale=scale)
            self._take()
            self._believed = self._spread
            self._spread = spread(
                self._table[self._groups.rows.present],
                self._unsure,
                self._spread,
                full=self._options.correlated,
            )
        else:
            self._groups.fit(offset, belief, scale=scale)
            self._take()
        return self._scores()

    def _take(self) -> None:
        """Note what was found of the entities that have rows."""
        present = self._groups.rows.present
        self._table[present] = self._groups.table()[present]

    def _scores(self) -> Floats:
        out = np.zeros(len(self._offset))
        self._groups.add_scores(out)
        out[self._aside] = np.einsum("ij,ij->i", self._kept, self._table[self._code[self._aside]])
        return out

    def take_mean(self) -> float:
        if not self._everywhere:
            return 0.0
        present = self._groups.rows.present
        mean = float(self._table[present, 0].mean())
        self._table[present, 0] -= mean
        self._groups.start_at(self._table)
        return mean

    def give(self, mean: float) -> bool:
        return False

    def penalty(self) -> float:
        if self._prior is not None:
            centres, errors = self._prior
            return 0.5 * float((((self._table - centres) / errors) ** 2).sum())
        precision = np.linalg.inv(self._spread)
        n_groups = len(self._groups.rows.present)
        size = float(np.einsum("ij,jk,ik->", self._table, precision, self._table))
        return 0.5 * (size + n_groups * float(np.linalg.slogdet(self._spread)[1]))

    def n_free(self) -> float:
        if not len(self._unsure):
            return 0.0
        sure = np.einsum("ijk,kj->", self._unsure, np.linalg.inv(self._believed))
        return len(self._unsure) * len(self._spread) - float(sure)

    def state(self) -> Floats:
        """Coefficients times the roots of their entities' rows, and how they vary, as logs."""
        table = (self._table[self._groups.rows.present] * self._roots[:, None]).ravel()
        if not self._estimated:
            return table
        kept = logs(self._spread, full=self._options.correlated)
        return np.concatenate([table, kept * np.sqrt(len(self._roots))])

    def restart(self, state: Floats) -> Floats:
        present, d = self._groups.rows.present, len(self._spread)
        size = len(present) * d
        self._table[present] = state[:size].reshape(-1, d) / self._roots[:, None]
        self._groups.start_at(self._table)
        if self._estimated:
            kept = state[size:] / np.sqrt(len(self._roots))
            self._spread = of_logs(kept, self._spread, full=self._options.correlated)
        return self._scores()

    def found(self, scale: float) -> RandomEffect:
        """What was learnt."""
        covariances = self._groups.covariances(self._offset, self._belief(), scale=scale)
        errors = np.sqrt(np.einsum("ijj->ij", covariances))
        if self._prior is not None:
            alone = np.delete(np.arange(len(errors)), self._groups.rows.present)
            errors[alone] = self._prior[1][alone]
        return RandomEffect(
            entities=self._entities,
            slopes=self._slopes,
            intercept=self._options.intercept,
            coefficients=self._table,
            spread=self._spread,
            errors=errors,
            rows=self._counts,
        )


def _slopes(frame: pl.DataFrame, features: Sequence[str]) -> Mapping[str, Slope]:
    """How the features of a random effect are standardised.

    Raises
    ------
    DataError
        One is text, or infinite somewhere.
    """
    slopes: dict[str, Slope] = {}
    for name in features:
        if is_text(frame[name]):
            raise DataError(
                f"Feature {name!r} is text: a random effect has slopes of numbers only.",
                hint=f"make it a composite entity, such as entity: [user, {name}].",
            )
        column = frame[name].cast(pl.Float64) if frame[name].dtype == pl.Boolean else frame[name]
        term = encode(column, 1)
        slopes[name] = term if isinstance(term, Slope) else Slope(0.0, 1.0)
    return slopes


def _aside(code: Ints, max_rows: int | None, seed: int) -> Bools:
    """(n,) the rows beyond the first `max_rows` of their entity, in an order drawn by `seed`."""
    if max_rows is None:
        return np.zeros(len(code), bool)
    order = np.random.default_rng(seed).permutation(len(code))
    ranks = pl.DataFrame({"code": code[order]}).select(pl.int_range(pl.len()).over("code"))
    aside = np.zeros(len(code), bool)
    aside[order] = ranks.to_series().to_numpy() >= max_rows
    return aside & (code >= 0)


def _weights(data: Data, code: Ints, learnt: Ints) -> Floats:
    """(n,) weights with which an entity's rows that are learnt from stand for all of its rows."""
    n_groups = int(code.max(initial=-1)) + 1
    of_all = np.bincount(code[code >= 0], data.weights[code >= 0], n_groups)
    of_learnt = np.bincount(learnt[learnt >= 0], data.weights[learnt >= 0], n_groups)
    times = np.divide(of_all, of_learnt, out=np.ones(n_groups), where=of_learnt > 0)
    return np.asarray(data.weights * np.append(times, 1.0)[learnt])
