"""The GAME learner: generalized additive mixed effects, fitted coordinate by coordinate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from proml_lab.contracts import Dataset, Floats, Json, Progress, Stopped, Task
from proml_lab.encoding import Encoding
from proml_lab.errors import SpecError, choose
from proml_lab.learners.encode import label_of, offset_of, weights_of
from proml_lab.learners.encodings import of_entities, of_slopes, of_terms
from proml_lab.learners.game import kept
from proml_lab.learners.game.formula import parse
from proml_lab.learners.game.last import LockedPart, effect_of, effects_of
from proml_lab.learners.game.options import GameOptions, Random
from proml_lab.learners.game.parts import FixedPart, RandomPart
from proml_lab.learners.game.random import INTERCEPT, RandomEffect
from proml_lab.learners.game.sweeps import Data, sweep
from proml_lab.learners.linear import Linear
from proml_lab.learners.options import checked
from proml_lab.words import counted

Effect = Linear | RandomEffect
_Kind = FixedPart | RandomPart | LockedPart


@dataclass(frozen=True)
class Game:
    """``raw`` is the sum of the effects.

    Attributes
    ----------
    features
        The model's features, in order: those of the fixed effect, slopes, and entities.
    effects
        What the score is the sum of.
    scale
        Variance of a row's noise (task regression), else 1.
    """

    features: tuple[str, ...]
    effects: tuple[Effect, ...]
    scale: float = 1.0

    def raw(self, frame: pl.DataFrame) -> Floats:
        """(n,) scores on the link scale; an entity never seen counts as one of the middle."""
        return np.asarray(sum(effect.raw(frame) for effect in self.effects))

    def contributions(self, frame: pl.DataFrame) -> tuple[float, Floats]:
        """(base, (n, p)): a slope counts for its feature, an intercept for its entity.

        That of a composite entity is shared equally by its columns.
        """
        base, values = 0.0, np.zeros((frame.height, len(self.features)))
        for effect in self.effects:
            if isinstance(effect, Linear):
                start, parts = effect.contributions(frame)
                base += start
                for j, name in enumerate(effect.terms):
                    values[:, self.features.index(name)] += parts[:, j]
                continue
            parts = effect.effects(frame)
            for j, name in enumerate(effect.columns):
                owners = effect.entity if name == INTERCEPT else (name,)
                for owner in owners:
                    values[:, self.features.index(owner)] += parts[:, j] / len(owners)
        return base, values

    def summary(self) -> pl.DataFrame:
        """A row a fixed coefficient, and a row a random one with how it varies among entities.

        Columns: ``effect`` (``fixed`` or the entity), ``term``, ``level``, ``coefficient`` (fixed
        effects, as of `Linear.summary`), ``deviation`` (standard deviation among entities) and
        ``entities``, how many have rows.
        """
        frames = []
        for effect in self.effects:
            if isinstance(effect, Linear):
                of = effect.summary().rename({"feature": "term"})
                frames.append(of.with_columns(pl.lit("fixed").alias("effect")))
            else:
                frames.append(
                    pl.DataFrame(
                        {
                            "effect": ", ".join(effect.entity),
                            "term": effect.columns,
                            "deviation": np.sqrt(np.diag(effect.spread)),
                            "entities": int((effect.rows > 0).sum()),
                        }
                    )
                )
        order = ["effect", "term", "level", "coefficient", "scale", "deviation", "entities"]
        found = pl.concat(frames, how="diagonal")
        return found.select(name for name in order if name in found.columns)

    def encodings(self) -> list[Encoding]:
        """What each effect does to its features: those of ``fixed``, or of an entity."""
        found: list[Encoding] = []
        for effect in self.effects:
            if isinstance(effect, Linear):
                found += of_terms(effect.terms, "fixed")
            else:
                part = ", ".join(effect.entity)
                found += [of_entities(effect.entities, part), *of_slopes(effect.slopes, part)]
        return found

    def save(self, folder: Path) -> None:
        """Write ``game.json``, and a folder for each effect."""
        kept.write(self.features, self.effects, self.scale, folder)


class GameLearner:
    """Generalized additive mixed effects. See docs/method.md#game."""

    name = "game"
    tasks: tuple[Task, ...] = ("binary", "regression", "count")
    copies = 3.0  # of its features in memory: see docs/learners.md#memory

    def check(self, options: Mapping[str, Json]) -> Mapping[str, Json]:
        """Options with their defaults: see `GameOptions`."""
        return checked(options, GameOptions, learner="game")

    def reads(self, options: Mapping[str, Json]) -> tuple[str, ...]:
        """The columns of the entities."""
        chosen = GameOptions.model_validate(options)
        found = [c.random.entity for c in chosen.coordinates if c.random is not None]
        return tuple(dict.fromkeys(name for entity in found for name in entity))

    def fit(
        self,
        dataset: Dataset,
        *,
        task: Task,
        options: Mapping[str, Json],
        seed: int,
        progress: Progress | None = None,
    ) -> Game:
        """Sweep over the coordinates until nothing is gained; only `max_rows` draws by `seed`.

        Raises
        ------
        SpecError
            A coordinate names a feature that the model does not have, or goes on from a last model
            that has no such coordinate.
        ArtifactError
            The last model cannot be read.
        DataError
            A feature that a coordinate cannot read, or no best coefficients.
        Stopped
            It was interrupted after the first sweep.
        """
        chosen = GameOptions.model_validate(options)
        data = Data(label_of(dataset), weights_of(dataset), offset_of(dataset), task)
        if chosen.formula is not None:
            _require_label(parse(chosen.formula).label, dataset)
        effects, noise = effects_of(chosen.last)
        parts = _parts(chosen, dataset, data, seed, effects)
        losses: list[float] = []

        def tell(k: int, loss: float) -> None:
            losses.append(loss)
            if progress:
                progress(k / (k + 3), f"sweep {k}: loss {loss:.5f} a row")

        try:
            swept = sweep(
                parts,
                data,
                most=chosen.sweeps,
                tolerance=chosen.tolerance,
                scale=noise,
                tell=tell,
            )
            scale = swept.scale
        except KeyboardInterrupt:
            if not losses:
                raise
            words = f"stopped after {len(losses)} of at most {chosen.sweeps} sweeps"
            raise Stopped(_found(parts, dataset, 1.0), words) from None
        if progress:
            unsettled = "" if swept.converged else ", still gaining: raise sweeps"
            progress(1.0, f"{counted(len(losses), 'sweep')}{unsettled}")
        return _found(parts, dataset, scale)

    def load(self, folder: Path) -> Game:
        """Read ``game.json`` and the effects."""
        return Game(*kept.read(folder))


def _require_label(label: str | None, dataset: Dataset) -> None:
    if label not in (None, dataset.label):
        raise SpecError(
            f"learner.game.formula: it is about {label!r}, and the label is {dataset.label!r}.",
            hint="name the label before the ~, or nothing.",
        )


def _parts(
    options: GameOptions, dataset: Dataset, data: Data, seed: int, effects: tuple[Effect, ...]
) -> list[_Kind]:
    entities = {name for c in options.coordinates if c.random for name in c.random.entity}
    parts: list[_Kind] = []
    for k, coordinate in enumerate(options.coordinates):
        one = coordinate.chosen
        for name in one.features or ():
            if name not in dataset.features:
                raise SpecError(
                    f"learner.game.{k}: the model has no feature {name!r}.",
                    hint=choose(name, dataset.features),
                )
        last = effect_of(one, effects, f"learner.game.{k}")
        if last is not None and not (one.last == "start" and isinstance(last, Linear)):
            _require_like(last, dataset, k)
        if one.last == "locked" and last is not None:
            parts.append(LockedPart(dataset.frame, last))
        elif isinstance(one, Random):
            of_entities = last if isinstance(last, RandomEffect) else None
            parts.append(RandomPart(dataset.frame, one, data, seed, last=of_entities))
        else:
            names = one.features
            if names is None:
                names = tuple(name for name in dataset.features if name not in entities)
            columns = dataset.frame.select(names).get_columns()
            of_all = last if isinstance(last, Linear) and set(last.terms) == set(names) else None
            parts.append(FixedPart(columns, one, data, last=of_all))
    return parts


def _require_like(effect: Effect, dataset: Dataset, k: int) -> None:
    """Its features are in the model, and entities are named by values of the same kind."""
    place = f"learner.game.{k}"
    if isinstance(effect, RandomEffect):
        for name, kind in effect.entities.schema.items():
            now = dataset.frame.schema[name]
            if now.is_numeric() != kind.is_numeric():
                raise SpecError(
                    f"{place}: {name!r} is {now} now, and was {kind} for the last model.",
                    hint="make it what it was, or leave last out.",
                )
        return
    for name in effect.terms:
        if name not in dataset.features:
            raise SpecError(
                f"{place}: the model has no feature {name!r}, which the last one had.",
                hint=choose(name, dataset.features),
            )


def _found(parts: Sequence[_Kind], dataset: Dataset, scale: float) -> Game:
    return Game(dataset.features, tuple(part.found(scale) for part in parts), scale)
