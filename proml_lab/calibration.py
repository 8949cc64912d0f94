"""Calibrators: from a binary model's score to a probability that holds on rows it did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from proml_lab.contracts import Floats, Json

Kind = Literal["isotonic", "platt", "beta"]
LEAST = 1e-6
"""Probabilities are kept this far from 0 and 1: a few rows cannot say that more is certain."""
_STEPS = 100


@dataclass(frozen=True)
class Calibration:
    """How scores (log-odds) become probabilities.

    Attributes
    ----------
    kind
        ``isotonic``: straight lines between the points (`scores`, `values`), flat beyond them;
        ``platt``: the logistic function of a·s + c; ``beta``: of a·ln p - b·ln(1 - p) + c, with p
        the logistic function of s.
    numbers
        ``platt``: (a, c); ``beta``: (a, b, c); else empty.
    scores, values
        ``isotonic``: ascending points; else empty.
    """

    kind: Kind
    numbers: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()
    values: tuple[float, ...] = ()

    def apply(self, raw: Floats) -> Floats:
        """(n,) probabilities of the scores `raw` (n,); NaN stays NaN."""
        if self.kind == "isotonic":
            return np.asarray(np.interp(raw, self.scores, self.values))
        with np.errstate(invalid="ignore"):
            score = _columns(self.kind, raw) @ np.array(self.numbers)
            found = np.exp(-np.logaddexp(0.0, -score))
        return np.asarray(np.clip(found, LEAST, 1 - LEAST))

    def to_json(self) -> dict[str, Json]:
        """Its fields as JSON has them."""
        return {
            "kind": self.kind,
            "numbers": list(self.numbers),
            "scores": list(self.scores),
            "values": list(self.values),
        }


def calibrate(kind: Kind, raw: Floats, y: Floats, weights: Floats) -> Calibration:
    """The calibration that fits rows that the model was not fitted to.

    Parameters
    ----------
    kind
        `isotonic` needs some hundred rows of each class; the others have two or three numbers.
    raw, y, weights
        (n,) scores as log-odds, labels 0 and 1 of which both are there, how much each row counts.

    Notes
    -----
    Sources: Zadrozny and Elkan, KDD 2002 (isotonic); Platt 1999, with his targets that keep away
    from 0 and 1; Kull, Silva Filho and Flach, AISTATS 2017 (beta). docs/method.md#calibration.
    """
    if kind == "isotonic":
        return _isotonic(raw, y, weights)
    if kind == "platt":
        hits = float(weights @ y)
        misses = float(weights.sum()) - hits
        target = np.where(y > 0, (hits + 1) / (hits + 2), 1 / (misses + 2))
        return Calibration("platt", _logistic(_columns("platt", raw), target, weights))
    columns, found = _columns("beta", raw), []
    for kept in ([0, 1, 2], [0, 2], [1, 2], [2]):  # convex: the best whose slopes keep the order
        numbers = np.zeros(3)
        numbers[kept] = _logistic(columns[:, kept], y, weights)
        if numbers[:2].min() >= 0:
            found.append((_loss(columns @ numbers, y, weights), tuple(numbers.tolist())))
    return Calibration("beta", min(found)[1])


def _isotonic(raw: Floats, y: Floats, weights: Floats) -> Calibration:
    from scipy.optimize import isotonic_regression

    scores, at = np.unique(raw, return_inverse=True)
    size = np.bincount(at, weights)
    used = size > 0
    scores, size = scores[used], size[used]
    mean = np.bincount(at, weights * y)[used] / size
    fitted = np.clip(isotonic_regression(mean, weights=size).x, LEAST, 1 - LEAST)
    ends = np.flatnonzero(np.diff(fitted))  # of each level its first and last score are enough
    kept = np.unique(np.concatenate([[0], ends, ends + 1, [len(fitted) - 1]]))
    return Calibration(
        "isotonic", scores=tuple(scores[kept].tolist()), values=tuple(fitted[kept].tolist())
    )


def _columns(kind: Kind, raw: Floats) -> Floats:
    ones = np.ones(len(raw))
    if kind == "platt":
        return np.column_stack([raw, ones])
    return np.column_stack([-np.logaddexp(0.0, -raw), np.logaddexp(0.0, raw), ones])


def _logistic(x: Floats, target: Floats, weights: Floats) -> tuple[float, ...]:
    """The coefficients of least weighted log loss, by Newton steps that are halved at need."""
    theta = np.zeros(x.shape[1])
    here = _loss(x @ theta, target, weights)
    for _ in range(_STEPS):
        p = np.exp(-np.logaddexp(0.0, -(x @ theta)))
        gradient = x.T @ (weights * (p - target))
        hessian = (x * (weights * p * (1 - p))[:, None]).T @ x
        hessian[np.diag_indices(len(theta))] += 1e-12 * (1 + np.trace(hessian))
        step = np.linalg.solve(hessian, gradient)
        share = 1.0
        while (
            after := _loss(x @ (theta - share * step), target, weights)
        ) > here and share > 1e-10:
            share /= 2
        gain, here, theta = here - after, min(after, here), theta - share * step
        if gain <= 1e-12 * max(here, 1.0):
            break
    return tuple(theta.tolist())


def _loss(eta: Floats, target: Floats, weights: Floats) -> float:
    return float(weights @ (np.logaddexp(0.0, eta) - target * eta))
