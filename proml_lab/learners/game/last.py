"""Learning on from a saved model: what its coordinates had learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from proml_lab.contracts import Floats
from proml_lab.errors import SpecError
from proml_lab.learners.game.options import Fixed, Random
from proml_lab.learners.game.random import INTERCEPT, RandomEffect, codes, numbered
from proml_lab.learners.linear import Linear

Effect = Linear | RandomEffect


def effects_of(folder: str | None) -> tuple[tuple[Effect, ...], float | None]:
    """(effects, variance of the noise) of the GAME model saved as `folder`; none where it is None.

    Raises
    ------
    ArtifactError
        It is no folder of a model.
    SpecError
        It is a model of another learner.
    """
    from proml_lab.learners.folder import load

    if folder is None:
        return (), None
    predictor = load(Path(folder)).predictor
    found = getattr(predictor, "effects", None)
    if found is None:
        raise SpecError(
            f"learner.game.last: the model in {folder} is not one of learner 'game'.",
            hint="name the folder of one that is.",
        )
    return tuple(found), float(getattr(predictor, "scale", 1.0))


def effect_of(options: Fixed | Random, effects: tuple[Effect, ...], place: str) -> Effect | None:
    """The one of `effects` with the same entity and features; None if there is none, or no need.

    Raises
    ------
    SpecError
        There is none, and the coordinate cannot do without it.
    """
    for effect in effects:
        if isinstance(options, Fixed) and isinstance(effect, Linear):
            if options.features is None or set(options.features) == set(effect.terms):
                return effect
        elif isinstance(options, Random) and isinstance(effect, RandomEffect):
            columns = (*((INTERCEPT,) if options.intercept else ()), *options.features)
            if (effect.entity, effect.columns) == (options.entity, columns):
                return effect
    if options.last == "start":
        return None
    raise SpecError(
        f"{place}: the last model has no such coordinate to be its {options.last}."
        if options.last == "prior"
        else f"{place}: the last model has no such coordinate to lock.",
        hint=f"it has {'; '.join(map(_words, effects))}."
        if effects
        else "say under last: which folder has the last model.",
    )


def _words(effect: Effect) -> str:
    if isinstance(effect, Linear):
        return f"fixed of {', '.join(effect.terms)}"
    return f"random of {', '.join(effect.entity)} with {', '.join(effect.columns)}"


def with_new(frame: pl.DataFrame, last: RandomEffect) -> pl.DataFrame:
    """(g, k) the entities of `last` and those of `frame`, sorted."""
    kinds = last.entities.schema
    new = numbered(frame.select(pl.col(name).cast(kinds[name]) for name in kinds), last.entity)
    return pl.concat([last.entities, new]).unique().sort(last.entity)


def carried(entities: pl.DataFrame, last: RandomEffect) -> tuple[Floats, Floats, Floats]:
    """(coefficients, standard errors, rows) of `entities` as `last` has them, by entity.

    The errors (g, d) of new ones are the deviations among entities, the rest 0.
    """
    code = codes(entities, last.entities)
    known = code[:, None] >= 0
    deviations = np.sqrt(np.diag(last.spread))
    return (
        np.where(known, last.coefficients[code], 0.0),
        np.where(known, last.errors[code], deviations),
        np.where(code >= 0, last.rows[code], 0),
    )


class LockedPart:
    """A coordinate that stays as it was."""

    def __init__(self, frame: pl.DataFrame, effect: Effect) -> None:
        self._effect, self._scores = effect, effect.raw(frame)

    def begin(self) -> Floats:
        return self._scores.copy()

    def fit(self, offset: Floats, scale: float) -> Floats:
        return self._scores.copy()

    def take_mean(self) -> float:
        return 0.0

    def give(self, mean: float) -> bool:
        return False

    def penalty(self) -> float:
        return 0.0

    def n_free(self) -> float:
        return 0.0

    def state(self) -> Floats:
        return np.zeros(0)

    def restart(self, state: Floats) -> Floats:
        return self._scores.copy()

    def found(self, scale: float) -> Effect:
        """What it was."""
        return self._effect
