"""Penalised generalized linear models of dense columns and coded levels, by Newton steps.

Minimises, over intercept b, dense coefficients w and one coefficient a level v,
``sum_i c_i loss(y_i, eta_i) + l1 (|w|_1 + |v|_1) + l2/2 (|w|^2 + |v|^2)`` with
``eta = offset + b + Z w + sum_j v_j[codes_j]`` and weights c.
The intercept is not penalised. Equations: docs/method.md#linear.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from proml_lab.contracts import Floats, Task
from proml_lab.errors import DataError
from proml_lab.learners.encode import Codes
from proml_lab.learners.penalty import Penalty

TOLERANCE = 1e-12
"""Newton steps end when the next would gain less, as a share of the loss per row."""
EXACT = 4000
"""Parameters up to which the curvature matrix is made and factored."""
_PARTS, _FEW = 16, 1 << 14
"""Most ranges of rows that are summed apart, and how many rows are too few for two."""
_ROOM = 1 << 23
"""Numbers that the curvature matrices of all ranges may have together."""


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

    @property
    def width(self) -> int:
        """How many parameters there are: 1 + q + levels."""
        return 1 + int(self.dense.shape[1]) + sum(self.sizes)

    @cached_property
    def places(self) -> Codes:
        """(text features, n) which parameter is that of each row's level."""
        out = np.empty((len(self.coded), len(self.dense)), np.int32)
        for row, start, codes in zip(out, self._starts(), self.coded, strict=True):
            np.add(codes, start, out=row)
        return out

    def _starts(self) -> list[int]:
        first = 1 + self.dense.shape[1]
        return [first + sum(self.sizes[:j]) for j in range(len(self.sizes))]


def solve(
    design: Design,
    y: Floats,
    *,
    task: Task,
    l2: float,
    l1: float = 0.0,
    bounds: tuple[Floats, Floats] | None = None,
    weights: Floats | None = None,
    offset: Floats | None = None,
    start: Floats | None = None,
    max_steps: int = 100,
    step: Callable[[int, float], None] | None = None,
) -> Floats:
    """The parameters (1 + q + levels,) that minimise the penalised loss.

    Newton's method with halved steps. Sums are added up in an order that does not depend on the
    number of threads, so the same data give the same bits.

    Parameters
    ----------
    design
        (n, 1 + q + levels) columns.
    y
        (n,) label: 0 and 1, counts, or values.
    task
        Which loss: logistic, squared or Poisson, each the negative log-likelihood of its family.
    l2
        Weight of the squares; above 0 the solution is unique.
    l1
        Weight of the sizes, for a label of deviation 1 (task regression): makes some zero.
    bounds
        (1 + q + levels,) least and greatest value of each parameter; none if None.
    weights
        (n,) how much each row counts, from 0 up; ones if None.
    offset
        (n,) added to each row's eta; zeros if None.
    start
        (1 + q + levels,) where steps begin: the solution of a similar problem; the mean if None.
    max_steps
        Newton steps before giving up.
    step
        Called after each step with its number and the loss per row.

    Raises
    ------
    DataError
        No minimum within `max_steps`, or too many parameters for `l1` or `bounds`.
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
    held = np.append(0.0, np.ones(design.width - 1))
    low, high = bounds or (np.full(design.width, -np.inf), np.full(design.width, np.inf))
    penalty = Penalty(l2 * held, l1 * held, low / scale, high / scale)
    if design.width > EXACT and not penalty.is_smooth:
        raise DataError(
            f"The linear model has {design.width:,} coefficients; l1 and bounds are for up to "
            f"{EXACT:,}.",
            hint="leave out text features with many levels, or raise min_count.",
        )
    if start is None:
        theta = np.zeros(design.width)
        theta[0] = _LINKS[task](float(count @ target / n)) - float(count @ shift / n)
    else:
        theta = start / scale
        theta[0] = (start[0] - centre) / scale
    theta = penalty.within(theta)
    likelihood = Likelihood(design, target, count, shift, _KINDS[task])
    with np.errstate(over="ignore", invalid="ignore"), threadpool_limits(1):
        theta, converged, k = _descend(likelihood, penalty, theta, max_steps, step)
    if not converged:
        raise DataError(
            f"The linear model found no best coefficients within {k} steps.",
            hint="raise l2, or look for features with extreme values.",
        )
    theta = theta * scale
    theta[0] += centre
    return np.asarray(theta)


def _descend(
    likelihood: Likelihood,
    penalty: Penalty,
    theta: Floats,
    max_steps: int,
    step: Callable[[int, float], None] | None,
) -> tuple[Floats, bool, int]:
    """(theta, whether it is the minimum, how many steps it took)."""
    here = likelihood.at(theta)
    loss = here.loss + penalty.of(theta)
    for k in range(1, max_steps + 1):
        move = _newton(likelihood, here, penalty, theta)
        gain, unit = penalty.gain(theta, move, here.gradient), max(likelihood.n, abs(loss))
        if gain < TOLERANCE * unit:  # after such a step nothing is left to gain but rounding
            if step:
                step(k, loss / likelihood.n)
            return theta - move, True, k
        share = 1.0
        for _ in range(30):
            after = theta - share * move
            found = likelihood.at(after)
            lower = found.loss + penalty.of(after)
            if np.isfinite(lower) and lower <= loss - 1e-4 * share * gain:
                break
            share /= 2
        else:
            return theta, gain < 1e-9 * unit, k
        theta, here, loss = after, found, lower
        if step:
            step(k, loss / likelihood.n)
    return theta, False, max_steps


@dataclass(frozen=True)
class Derivatives:
    """`loss` of all rows, its `gradient` (p,), and its second derivatives.

    These are the lower half of `hessian` (p, p) or, where that would be too large, only those by
    the score of each row, `curves` (n,); the other is empty.
    """

    loss: float
    gradient: Floats
    hessian: Floats
    curves: Floats


class Likelihood:
    """The loss of (n,) labels by the parameters of a design."""

    def __init__(
        self, design: Design, y: Floats, weights: Floats, offset: Floats, kind: int
    ) -> None:
        from proml_lab.kernels.likelihood import Rows

        self.design, self.n, self._kind = design, float(weights.sum()), kind
        self._rows = Rows(design.dense, design.places, y, weights, offset)

    def at(self, theta: Floats) -> Derivatives:
        """Loss and derivatives at `theta` (p,): rows in ranges, their sums added in order."""
        from proml_lab.kernels.likelihood import add_rows

        n, p = len(self._rows.y), len(theta)
        exact = p <= EXACT
        n_parts = max(1, min(_PARTS, 1 + n // _FEW, _ROOM // p**2 if exact else _PARTS))
        cuts = [n * k // n_parts for k in range(n_parts + 1)]
        gradients = np.zeros((n_parts, p))
        hessians = np.zeros((n_parts, p, p) if exact else (n_parts, 0, 0))
        curves = np.empty(0 if exact else n)

        def part(k: int) -> float:
            first, last = cuts[k], cuts[k + 1]
            return add_rows(
                self._rows, theta, self._kind, first, last, gradients[k], hessians[k], curves
            )

        if n_parts == 1:
            losses = [part(0)]
        else:
            with ThreadPoolExecutor(os.cpu_count() or 1, "proml-linear") as pool:
                losses = list(pool.map(part, range(n_parts)))
        return Derivatives(sum(losses), gradients.sum(axis=0), hessians.sum(axis=0), curves)


def _newton(likelihood: Likelihood, here: Derivatives, penalty: Penalty, theta: Floats) -> Floats:
    """The step to subtract: exact, or by conjugate gradients where the matrix is too large."""
    from scipy.linalg import cho_factor, cho_solve
    from scipy.sparse.linalg import LinearOperator, cg

    size, design = len(theta), likelihood.design
    gradient = here.gradient + penalty.l2 * theta
    if not penalty.is_smooth:
        whole = here.hessian + np.tril(here.hessian, -1).T
        return penalty.step(whole, here.gradient, theta)
    if len(here.hessian):
        hessian = here.hessian.copy()
        diagonal = np.diag(hessian) + penalty.l2
        hessian[np.diag_indices(size)] += penalty.l2 + _ridge(diagonal)
        return np.asarray(cho_solve(cho_factor(hessian, lower=True), gradient))

    def times(v: Floats) -> Floats:
        return design.transposed(here.curves * design.times(v)) + penalty.l2 * v

    diagonal = design.transposed(here.curves, squared=True) + penalty.l2
    diagonal += _ridge(diagonal)
    operator = LinearOperator((size, size), matvec=times, dtype=np.float64)
    scaled = LinearOperator((size, size), matvec=lambda v: v / diagonal, dtype=np.float64)
    return np.asarray(cg(operator, gradient, rtol=1e-6, maxiter=500, M=scaled)[0])


def _ridge(diagonal: Floats) -> Floats:
    """What is added to `diagonal`, because an intercept may be determined by l2 only."""
    return np.asarray(np.where(diagonal > 0, diagonal, 1.0) * 1e-12)


_KINDS: dict[Task, int] = {"binary": 0, "regression": 1, "count": 2}
_LINKS: dict[Task, Callable[[float], float]] = {
    "binary": lambda mean: float(np.log(mean / (1 - mean))),
    "count": lambda mean: float(np.log(mean)),
    "regression": float,
}
