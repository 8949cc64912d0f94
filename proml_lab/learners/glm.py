"""Ridge-penalised generalized linear models of dense columns and coded levels, by Newton steps.

Minimises, over intercept b, dense coefficients w and one coefficient a level v,
``sum_i c_i loss(y_i, eta_i) + l2/2 (|w|^2 + |v|^2)`` with
``eta = offset + b + Z w + sum_j v_j[codes_j]`` and weights c.
The intercept is not penalised. Equations: docs/method.md#linear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from proml_lab.contracts import Floats, Task
from proml_lab.errors import DataError
from proml_lab.learners.encode import Codes

TOLERANCE = 1e-12
"""Newton steps end when the next would gain less, as a share of the loss per row."""
EXACT = 4000
"""Parameters up to which the curvature matrix is made and factored."""


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

    def gram(self, weights: Floats) -> Floats:
        """(1 + q + levels, same) sum over rows of `weights` times the products of two columns."""
        from proml_lab.kernels.levels import level_sums

        first = 1 + self.dense.shape[1]
        size = first + sum(self.sizes)
        out = np.zeros((size, size))
        out[0, 0] = weights.sum()
        out[1:first, 0] = np.einsum("ij,i->j", self.dense, weights)
        out[1:first, 1:first] = (self.dense * weights[:, None]).T @ self.dense
        spans = list(zip(self._starts(), self.sizes, self.coded, strict=True))
        for j, (start, n_levels, codes) in enumerate(spans):
            here = slice(start, start + n_levels)
            out[here, :first] = level_sums(codes, n_levels, self.dense, weights)
            out[here, here] = np.diag(out[here, 0])
            for below, n_below, others in spans[:j]:
                pairs = codes.astype(np.int64) * n_below + others
                cells = np.bincount(pairs, weights, n_levels * n_below)
                out[here, below : below + n_below] = cells.reshape(n_levels, n_below)
        lower = np.tril(out)
        return np.asarray(lower + np.tril(out, -1).T)

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
    weights: Floats | None = None,
    offset: Floats | None = None,
    max_steps: int = 100,
    step: Callable[[int, float], None] | None = None,
) -> Floats:
    """The parameters (1 + q + levels,) that minimise the penalised loss.

    Newton's method with halved steps. Sums run in one thread, so the same data give the same bits.

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
    weights
        (n,) how much each row counts, from 0 up; ones if None.
    offset
        (n,) added to each row's eta; zeros if None.
    max_steps
        Newton steps before giving up.
    step
        Called after each step with its number and the loss per row.

    Raises
    ------
    DataError
        No minimum within `max_steps`.
    """
    from threadpoolctl import threadpool_limits

    count = np.ones(len(y)) if weights is None else weights
    shift = np.zeros(len(y)) if offset is None else offset
    n = float(count.sum())
    centre, scale, target = 0.0, 1.0, y
    if task == "regression":
        target, shift = y - shift, np.zeros(len(y))
        centre = float(count @ target / n)
        scale = float(np.sqrt(count @ (target - centre) ** 2 / n)) or 1.0
        target = (target - centre) / scale
    link, family = _FAMILIES[task]
    penalty = np.full(1 + design.dense.shape[1] + sum(design.sizes), l2 / n)
    penalty[0] = 0.0
    theta = np.zeros(len(penalty))
    theta[0] = link(float(count @ target / n)) - float(count @ shift / n)

    def value(at: Floats) -> tuple[float, Floats, Floats]:
        losses, slope, curvature = family(design.times(at) + shift, target)
        loss = float(count @ losses / n + 0.5 * np.sum(penalty * at**2))
        return loss, count * slope, count * curvature

    with np.errstate(over="ignore", invalid="ignore"), threadpool_limits(1):
        loss, slope, curvature = value(theta)
        for k in range(1, max_steps + 1):
            gradient = design.transposed(slope) / n + penalty * theta
            move = _newton(design, curvature / n, penalty, gradient)
            gain = float(gradient @ move)
            found = _shorter(value, theta, move, loss, gain)
            if found is not None:
                theta, (loss, slope, curvature) = found
            if step:
                step(k, loss)
            if found is None or gain < TOLERANCE * max(1.0, abs(loss)):
                break
        gradient = design.transposed(slope) / n + penalty * theta
    if not np.all(np.isfinite(theta)) or np.abs(gradient).max() > 1e-6:
        raise DataError(
            f"The linear model found no best coefficients within {k} steps.",
            hint="raise l2, or look for features with extreme values.",
        )
    theta = theta * scale
    theta[0] += centre
    return np.asarray(theta)


def _newton(design: Design, weights: Floats, penalty: Floats, gradient: Floats) -> Floats:
    """The step to subtract: exact, or by conjugate gradients where the matrix is too large."""
    from scipy.linalg import cho_factor, cho_solve
    from scipy.sparse.linalg import LinearOperator, cg

    size = len(penalty)
    diagonal = design.transposed(weights, squared=True) + penalty
    ridge = (
        np.where(diagonal > 0, diagonal, 1.0) * 1e-12
    )  # an intercept may be determined by l2 only
    if size <= EXACT:
        hessian = design.gram(weights)
        hessian[np.diag_indices(size)] += penalty + ridge
        return np.asarray(cho_solve(cho_factor(hessian, lower=True), gradient))

    def times(v: Floats) -> Floats:
        return design.transposed(weights * design.times(v)) + penalty * v

    operator = LinearOperator((size, size), matvec=times, dtype=np.float64)
    scaled = LinearOperator((size, size), matvec=lambda v: v / (diagonal + ridge), dtype=np.float64)
    return np.asarray(cg(operator, gradient, rtol=1e-6, maxiter=500, M=scaled)[0])


def _shorter(
    value: Callable[[Floats], tuple[float, Floats, Floats]],
    theta: Floats,
    move: Floats,
    loss: float,
    gain: float,
) -> tuple[Floats, tuple[float, Floats, Floats]] | None:
    """The longest of ``move, move/2, move/4, …`` that lowers the loss enough; None: none does."""
    share = 1.0
    for _ in range(30):
        after = theta - share * move
        found = value(after)
        if np.isfinite(found[0]) and found[0] <= loss - 1e-4 * share * gain:
            return after, found
        share /= 2
    return None


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
