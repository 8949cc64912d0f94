"""Sweeps over the coordinates of a score: each is fitted with the others' scores as its offset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from proml_lab.contracts import Floats, Task
from proml_lab.learners.game.extrapolation import Extrapolation


class Part(Protocol):
    """A coordinate while it is fitted; it keeps what it learns."""

    def fit(self, offset: Floats, scale: float) -> Floats:
        """(n,) its scores, fitted to the rows given the `offset` (n,) of all others.

        `scale` is the variance of a row's noise (task regression), else 1.
        """
        ...

    def begin(self) -> Floats:
        """(n,) its scores before its first fit."""
        ...

    def take_mean(self) -> float:
        """Move its scores by one number, so that its coefficients are centred, and return it."""
        ...

    def give(self, mean: float) -> bool:
        """Take that number into its intercept; False if it has none."""
        ...

    def penalty(self) -> float:
        """What its coefficients cost, in units of the loss."""
        ...

    def n_free(self) -> float:
        """How many coefficients it has, as far as the rows decide on them."""
        ...

    def state(self) -> Floats:
        """(k,) what its next `fit` begins with, all in like units; empty if with nothing."""
        ...

    def restart(self, state: Floats) -> Floats:
        """Let the next `fit` begin with `state` (k,); (n,) the scores of that."""
        ...


@dataclass(frozen=True)
class Data:
    """What is learnt from: labels, weights and offsets (n,) of the rows, and the task."""

    y: Floats
    weights: Floats
    offset: Floats
    task: Task


@dataclass(frozen=True)
class Swept:
    """How sweeps ended.

    `losses` has the penalised loss after each, `scale` is the variance of a row's noise,
    `converged` says whether the last sweep gained less than was asked.
    """

    losses: tuple[float, ...]
    scale: float
    converged: bool


def sweep(
    parts: Sequence[Part],
    data: Data,
    *,
    most: int,
    tolerance: float,
    scale: float | None = None,
    tell: Callable[[int, float], None] | None = None,
) -> Swept:
    """Fit `parts` in turn until two sweeps change the penalised loss by less than `tolerance`.

    Each sweep starts where the last ones lead to: see `Extrapolation`.

    Parameters
    ----------
    parts
        The coordinates, in order.
    data
        The rows.
    most
        Sweeps at most.
    tolerance
        Share of the loss.
    scale
        Variance of a row's noise to begin with (task regression); None: that of the labels.
    tell
        Called after each sweep with its number and the loss per row; what it raises goes through.
    """
    scores = [part.begin() for part in parts]
    total = np.asarray(data.offset + sum(scores))
    n = float(data.weights.sum())
    mean = float(data.weights @ data.y / n)
    normal = data.task == "regression"
    if scale is None or not normal:
        scale = float(data.weights @ (data.y - mean) ** 2 / n) if normal else 1.0
    losses: list[float] = []
    extrapolation = Extrapolation()
    for k in range(1, most + 1):
        before = _state(parts, scale)
        for i, part in enumerate(parts):
            total -= scores[i]
            scores[i] = part.fit(total, scale)
            total += scores[i]
            _centre(parts, scores, i)
        loss = float(data.weights @ row_losses(data.task, total, data.y))
        if normal:
            free = sum(part.n_free() for part in parts)
            scale = max(2 * loss / max(n - free, 1.0), np.finfo(float).tiny)
            loss = loss / scale + 0.5 * n * float(np.log(scale))
        losses.append(loss + sum(part.penalty() for part in parts))
        if tell:
            tell(k, losses[-1] / n)
        near = [abs(loss - losses[-1]) <= tolerance * abs(losses[-1]) for loss in losses[-3:-1]]
        if len(near) == 2 and all(near):
            return Swept(tuple(losses), scale, converged=True)
        if k < most and len(parts) > 1:
            after = extrapolation.start(before, _state(parts, scale))
            scale = _restart(parts, scores, after)
            total = data.offset + sum(scores)
    return Swept(tuple(losses), scale, converged=False)


def _state(parts: Sequence[Part], scale: float) -> Floats:
    return np.concatenate([*(part.state() for part in parts), [np.log(scale)]])


def _restart(parts: Sequence[Part], scores: list[Floats], state: Floats) -> float:
    """Let parts, and their `scores`, begin with `state`; returns the variance of the noise."""
    at = 0
    for i, part in enumerate(parts):
        size = len(part.state())
        if size:
            scores[i] = part.restart(state[at : at + size])
        at += size
    return float(np.exp(state[at]))


def _centre(parts: Sequence[Part], scores: Sequence[Floats], i: int) -> None:
    """Let an intercept take the mean of coordinate `i`: the total score stays as it is.

    Without it, the two would share the mean out between them by many small steps.
    """
    for j, other in enumerate(parts):
        if j != i and other.give(0.0):
            mean = parts[i].take_mean()
            other.give(mean)
            scores[i][:] -= mean
            scores[j][:] += mean
            return


def row_losses(task: Task, eta: Floats, y: Floats) -> Floats:
    """(n,) the loss of each row, without its weight: half the squared error for regression."""
    match task:
        case "binary":
            return np.asarray(np.logaddexp(0.0, eta) - y * eta)
        case "count":
            return np.asarray(np.exp(eta) - y * eta)
    return np.asarray(0.5 * (eta - y) ** 2)
