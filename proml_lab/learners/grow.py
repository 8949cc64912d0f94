"""Growing a forest: which rows say when to stop, what rows count, and LightGBM's own training."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.contracts import Dataset, Floats, Json, Task
from proml_lab.errors import SpecError, choose
from proml_lab.learners.boosting import ClassWeights, TreesOptions, parameters
from proml_lab.learners.course import Course
from proml_lab.learners.encode import Matrix, is_text, label_of, offset_of, weights_of
from proml_lab.split import newest

MIN_VALIDATION = 50
SMALL = 100_000
Mask = npt.NDArray[np.bool_]


def grow(
    course: Course,
    dataset: Dataset,
    matrix: Matrix,
    options: TreesOptions,
    *,
    task: Task,
    seed: int,
) -> None:
    """Grow trees, of which `course` has the best, also where this is interrupted.

    They learn from the rows that are not held out to say when to stop. With `refit`, as many as
    were best grow again on all rows.
    """
    balance, course.shift = _balance(dataset, options)
    weight = weights_of(dataset) * balance if dataset.weight or options.balance else None
    rows = _Rows(
        dataset.frame.select(dataset.features),
        label_of(dataset),
        weight,
        offset_of(dataset) if dataset.offset else None,
        matrix,
    )
    told = parameters(
        options, task=task, seed=seed, features=dataset.features, quantile=dataset.quantile
    )
    held = _held_out(dataset, options, seed)
    _train(course, rows, held, told, options.patience)
    if options.refit and held.any():
        course.begin_again()
        _train(course, rows, np.zeros(len(dataset), bool), told, options.patience)
        course.finish()


def require_fitting(options: TreesOptions, dataset: Dataset, task: Task) -> None:
    """Raise SpecError where an option fits neither the columns nor the task."""
    numbers = [name for name in dataset.features if not is_text(dataset.frame[name])]
    for name in options.monotone:
        if name not in numbers:
            fact = "is text" if name in dataset.features else "is no feature of the model"
            raise SpecError(
                f"learner.trees.monotone: {name!r} {fact}; it needs a number.",
                hint=choose(name, numbers),
            )
    if options.balance and task != "binary":
        raise SpecError(
            f"learner.trees.balance: is for task binary, this is {task}.",
            hint="weights of rows are for every task: label: {weight: column}.",
        )
    ways = ["time", "random", *dict.fromkeys([*dataset.entities, *dataset.features])]
    if options.validation_by not in ways:
        raise SpecError(
            f"learner.trees.validation_by: {options.validation_by!r} is no entity or feature.",
            hint=choose(options.validation_by, ways),
        )


def threads(x: Floats) -> int:
    """Threads for the matrix `x`: one where it is small, else 0, which leaves it to OpenMP.

    Waiting for each other costs threads more than a small matrix does. Results do not depend on it.
    """
    return 1 if x.size < SMALL else 0


def load_lightgbm() -> ModuleType:
    """LightGBM, whose threads sleep while they wait, unless the environment says otherwise.

    By default they spin; where other work wants the cores, that makes a fit several times slower.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import lightgbm

    return lightgbm


@dataclass(frozen=True, eq=False)
class _Rows:
    """n training rows: features, label (n,), and weights and scores to start from, or None."""

    frame: pl.DataFrame
    y: Floats
    weight: Floats | None
    start: Floats | None
    matrix: Matrix

    def columns(self, which: Mask) -> tuple[Floats, dict[str, Floats | None]]:
        """(matrix, what LightGBM's Dataset takes beside it) of the rows `which`."""
        beside = {"label": self.y, "weight": self.weight, "init_score": self.start}
        chosen = {name: None if v is None else v[which] for name, v in beside.items()}
        return self.matrix.encode(self.frame.filter(which)), chosen


def _train(
    course: Course, rows: _Rows, held: Mask, told: Mapping[str, Json], patience: int
) -> None:
    """Grow `course.n_trees` on the rows that are not `held`, less where these stop gaining."""
    lightgbm = load_lightgbm()
    x, beside = rows.columns(~held)
    train = lightgbm.Dataset(x, **beside, categorical_feature=rows.matrix.text)
    callbacks: list[Callable[..., object]] = [course]
    valid = []
    if held.any():
        valid_x, beside = rows.columns(held)
        valid = [train.create_valid(valid_x, **beside)]
        callbacks.append(lightgbm.early_stopping(patience, verbose=False))
    told = {**told, "num_threads": threads(x)}
    del x
    lightgbm.train(
        told,
        train,
        num_boost_round=course.n_trees,
        valid_sets=valid,
        callbacks=callbacks,
        keep_training_booster=True,
    )


def _balance(dataset: Dataset, options: TreesOptions) -> tuple[Floats, float]:
    """((n,) weights of classes, what takes scores back to the odds without them)."""
    chosen = options.balance
    if not chosen:
        return np.ones(len(dataset)), 0.0
    positive = label_of(dataset) > 0
    if isinstance(chosen, ClassWeights):
        up, down = chosen.positive, chosen.negative
    else:
        weights = weights_of(dataset)
        half = math.fsum(weights) / 2
        up = half / math.fsum(weights[positive])
        down = half / math.fsum(weights[~positive])
    return np.where(positive, up, down), math.log(down / up)


def _held_out(dataset: Dataset, options: TreesOptions, seed: int) -> Mask:
    """(n,) booleans: the rows that decide when to stop; too few are none."""
    share, by = options.validation, options.validation_by
    nothing = np.zeros(len(dataset), bool)
    if not share:
        return nothing
    if by == "time":
        held = newest(dataset, share, seed=seed).to_numpy()
    else:
        held = _drawn(dataset.frame[by] if by != "random" else None, len(dataset), share, seed)
    return held if held.sum() >= MIN_VALIDATION and not held.all() else nothing


def _drawn(groups: pl.Series | None, n: int, share: float, seed: int) -> Mask:
    """(n,) booleans: a `share` of rows at random, or whole groups until they have that share."""
    rng = np.random.default_rng(seed)
    if groups is None:
        return np.asarray(rng.permutation(n) < round(n * share))
    place = groups.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    sizes = np.bincount(place)
    order = rng.permutation(len(sizes))
    before = np.cumsum(sizes[order]) - sizes[order]
    chosen = np.zeros(len(sizes), bool)
    chosen[order] = before < n * share
    return np.asarray(chosen[place])
