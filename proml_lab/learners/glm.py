"""Ridge-penalised generalized linear models of dense columns and coded levels, by L-BFGS.

Minimises, over intercept b, dense coefficients w and one coefficient a level v,
``sum_i loss(y_i, eta_i) + l2/2 (|w|^2 + |v|^2)`` with ``eta = b + Z w + sum_j v_j[codes_j]``.
The intercept is not penalised. Equations: docs/method.md#linear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from proml_lab.contracts import Floats, Task
from proml_lab.errors import DataError
from proml_lab.learners.encode import Codes

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult


@dataclass(frozen=True)
class Design:
    """`dense` is (n, q) centred columns, `coded` one (n,) array of level numbers a text feature.

    `sizes` says how many levels each has; codes run from 0 to size - 1.
    """

    dense: Floats
    coded: Sequence[Codes]
    sizes: Sequence[int]

    def times(self, theta: Floats) -> Floats:
        """(n,) eta of the parameters `theta`: intercept, dense, then levels."""
        q = self.dense.shape[1]
        eta: Floats = theta[0] + np.einsum("ij,j->i", self.dense, theta[1 : q + 1])
        for start, codes in zip(self._starts(), self.coded, strict=True):
            eta += theta[start:][codes]
        return eta

    def transposed(self, r: Floats, *, squared: bool = False) -> Floats:
        """(1 + q + levels,) sum over rows of `r` times each column, or its square."""
        power = "ij,ij,i->j" if squared else "ij,i->j"
        dense = [self.dense] * (2 if squared else 1)
        parts = [[r.sum()], np.einsum(power, *dense, r)]
        parts += [
            np.bincount(codes, r, size) for codes, size in zip(self.coded, self.sizes, strict=True)
        ]
        return np.concatenate(parts)

    def split(self, theta: Floats) -> tuple[float, Floats, list[Floats]]:
        """(intercept, dense, levels of each text feature) of `theta`."""
        q = self.dense.shape[1]
        starts = self._starts()
        parts = [theta[s : s + n] for s, n in zip(starts, self.sizes, strict=True)]
        return float(theta[0]), theta[1 : q + 1], parts

    def _starts(self) -> list[int]:
        first = 1 + self.dense.shape[1]
        return [first + sum(self.sizes[:j]) for j in range(len(self.sizes))]


def solve(
    design: Design,
    y: Floats,
    *,
    task: Task,
    l2: float,
    max_steps: int = 2000,
    step: Callable[[int, float], None] | None = None,
) -> Floats:
    """The parameters (1 + q + levels,) that minimise the penalised loss.

    Sums run in one thread and one order, so the same data give the same bits. Every parameter is
    scaled by the root of its curvature at the start, where all but the intercept are 0.

    Parameters
    ----------
    design
        (n, 1 + q + levels) columns.
    y
        (n,) label: 0 and 1, counts, or values.
    task
        Which loss: logistic, squared or Poisson, each the negative log-likelihood of its family.
    l2
        Weight of the penalty, above 0: the solution is unique.
    max_steps
        Steps of L-BFGS before giving up.
    step
        Called after each step with its number and the loss per row.

    Raises
    ------
    DataError
        No minimum within `max_steps`.
    """
    from scipy.optimize import minimize

    scale = float(y.std()) if task == "regression" else 1.0
    target = (y - y.mean()) / scale if task == "regression" else y
    link, family = _FAMILIES[task]
    n = len(y)
    penalty = np.full(1 + design.dense.shape[1] + sum(design.sizes), l2 / n)
    penalty[0] = 0.0
    start = np.zeros(len(penalty))
    start[0] = link(float(target.mean()))
    _, _, curvature = family(np.full(n, start[0]), target)
    bend = design.transposed(curvature, squared=True) / n + penalty
    unit = 1 / np.sqrt(np.where(bend > 0, bend, 1.0))

    def objective(u: Floats) -> tuple[float, Floats]:
        theta = u * unit
        loss, slope, _ = family(design.times(theta), target)
        value = loss.sum() / n + 0.5 * np.sum(penalty * theta**2)
        gradient = design.transposed(slope) / n + penalty * theta
        return float(value), gradient * unit

    steps = 0

    def after(intermediate_result: OptimizeResult) -> None:
        nonlocal steps
        steps += 1
        if step:
            step(steps, float(intermediate_result.fun))

    with np.errstate(over="ignore"):
        found = minimize(
            objective,
            start / unit,
            jac=True,
            method="L-BFGS-B",
            callback=after,
            options={
                "maxiter": max_steps, "maxfun": 2 * max_steps, "maxcor": 20,
                "gtol": 1e-9, "ftol": 1e-16,
            },
        )  # fmt: skip
    if not np.all(np.isfinite(found.x)) or np.abs(found.jac).max() > 1e-5:
        raise DataError(
            f"The linear model found no best coefficients within {steps} steps.",
            hint="raise l2, or look for features with extreme values.",
        )
    theta = np.asarray(found.x * unit) * scale
    if task == "regression":
        theta[0] += y.mean()
    return theta


def _binary(eta: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    p = np.exp(-np.logaddexp(0.0, -eta))
    return np.logaddexp(0.0, eta) - y * eta, p - y, p * (1 - p)


def _count(eta: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    mean = np.exp(eta)
    return mean - y * eta, mean - y, mean


def _normal(eta: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    gap = eta - y
    return 0.5 * gap**2, gap, np.ones_like(gap)


_FAMILIES: dict[Task, tuple[Callable[[float], float], Callable[..., tuple[Floats, Floats, Floats]]]]
_FAMILIES = {
    "binary": (lambda mean: float(np.log(mean / (1 - mean))), _binary),
    "count": (lambda mean: float(np.log(mean)), _count),
    "regression": (float, _normal),
}
