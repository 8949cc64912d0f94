"""Loss, gradient and curvature of a generalized linear model, in one run over its rows.

The columns of a row are the intercept, q dense numbers, and one of the levels of each coded
feature. Rows are taken in blocks that stay in the processor's cache. Equations:
docs/method.md#linear.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from proml_lab.kernels.lanes import LOGISTIC, POISSON, SQUARED, Floats, Ints, exponentials

BLOCK = 512
"""Rows of a block."""


class Rows(NamedTuple):
    """n rows: `dense` (n, q), `coded` (t, n) which parameter each level is, and three (n,)."""

    dense: Floats
    coded: npt.NDArray[np.int32]
    y: Floats
    weight: Floats
    offset: Floats


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def add_rows(
    rows: Rows,
    theta: Floats,
    kind: int,
    first: int,
    last: int,
    gradient: Floats,
    hessian: Floats,
    curves: Floats,
) -> float:
    """The loss of the rows first : last, whose derivatives are added to what is there.

    Parameters
    ----------
    rows, theta
        The rows, and the parameters (p,): the intercept, q dense ones, levels.
    kind
        The loss: LOGISTIC, SQUARED, POISSON or HINGE, see `lanes.slopes`.
    first, last
        The first row, and the one after the last.
    gradient
        (p,) is added to.
    hessian
        (p, p), its lower half is added to; or (0, 0): not wanted.
    curves
        (n,) gets the second derivative of each row's loss by its score; or (0,): not wanted.
    """
    q, t = rows.dense.shape[1], len(rows.coded)
    scores, loss = np.empty(BLOCK), np.empty(BLOCK)
    slopes, bends = np.empty(BLOCK), np.empty(BLOCK)
    bits, bent = np.empty(BLOCK, np.int64), np.empty((BLOCK, q))
    of_dense, gram = np.zeros(q), np.zeros((q, q))
    total = 0.0
    for start in range(first, last, BLOCK):
        k = min(BLOCK, last - start)
        z, eta, slope, bend = rows.dense[start : start + k], scores[:k], slopes[:k], bends[:k]
        if q:
            np.dot(z, theta[1 : q + 1], eta)
        else:
            eta[:] = 0.0
        for i in range(k):
            eta[i] += rows.offset[start + i] + theta[0]
        for j in range(t):
            for i in range(k):
                eta[i] += theta[rows.coded[j, start + i]]
        y, weight = rows.y[start : start + k], rows.weight[start : start + k]
        derivatives(kind, eta, y, weight, loss[:k], slope, bend, bits[:k])
        for i in range(k):
            total += loss[i]
            gradient[0] += slope[i]
        if q:
            np.dot(slope, z, of_dense)
            for a in range(q):
                gradient[1 + a] += of_dense[a]
        for j in range(t):
            for i in range(k):
                gradient[rows.coded[j, start + i]] += slope[i]
        if len(curves):
            curves[start : start + k] = bend
        if len(hessian):
            for i in range(k):
                hessian[0, 0] += bend[i]
                for a in range(q):
                    bent[i, a] = bend[i] * z[i, a]
            if q:
                _add_dense(bent[:k], z, gram, hessian)
            _add_levels(rows.coded, start, bend, bent, hessian)
    return total


@njit(cache=True, nogil=True, fastmath={"contract"})
def _add_dense(bent: Floats, z: Floats, gram: Floats, hessian: Floats) -> None:
    """Add what the dense columns of a block say; `gram` (q, q) is room to work in."""
    k, q = z.shape
    np.dot(bent.T, z, gram)
    for i in range(k):
        for a in range(q):
            hessian[1 + a, 0] += bent[i, a]
    for a in range(q):
        for b in range(a + 1):
            hessian[1 + a, 1 + b] += gram[a, b]


@njit(cache=True, nogil=True)
def _add_levels(
    coded: npt.NDArray[np.int32], start: int, bend: Floats, bent: Floats, hessian: Floats
) -> None:
    """Add what the levels of a block's rows say; those of a later feature stand further down."""
    q = bent.shape[1]
    for j in range(len(coded)):
        for i in range(len(bend)):
            at = coded[j, start + i]
            hessian[at, 0] += bend[i]
            for a in range(q):
                hessian[at, 1 + a] += bent[i, a]
            for below in range(j + 1):
                hessian[at, coded[below, start + i]] += bend[i]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def derivatives(
    kind: int,
    eta: Floats,
    y: Floats,
    weight: Floats,
    loss: Floats,
    slope: Floats,
    bend: Floats,
    bits: Ints,
) -> None:
    """Into `loss`, `slope` and `bend` (k,): each row's loss and its derivatives by `eta`, weighted.

    With t = e^-|eta|, the logarithm of 1 + t is twice the area tangent of t / (2 + t), which is
    at most a third: 17 terms of its series leave less than 1e-17. `bits` (k,) is room to work in.
    """
    n = len(eta)
    if kind == LOGISTIC:
        for i in range(n):
            bend[i] = -abs(eta[i])
        exponentials(bend, slope, bits)
        twos = bits.view(np.float64)
        for i in range(n):
            t = slope[i] * twos[i]
            s = t / (2.0 + t)
            square = s * s
            series = 1.0 / 35.0
            for odd in range(33, 0, -2):
                series = series * square + 1.0 / odd
            one = 1.0 / (1.0 + t)
            p = one if eta[i] >= 0.0 else t * one
            loss[i] = weight[i] * (max(eta[i], 0.0) - y[i] * eta[i] + 2.0 * s * series)
            slope[i] = weight[i] * (p - y[i])
            bend[i] = weight[i] * (t * one * one)
    elif kind == POISSON:
        exponentials(eta, slope, bits)
        twos = bits.view(np.float64)
        for i in range(n):
            mean = slope[i] * twos[i]
            loss[i] = weight[i] * (mean - y[i] * eta[i])
            slope[i] = weight[i] * (mean - y[i])
            bend[i] = weight[i] * mean
    elif kind == SQUARED:
        for i in range(n):
            gap = eta[i] - y[i]
            loss[i] = weight[i] * 0.5 * gap * gap
            slope[i] = weight[i] * gap
            bend[i] = weight[i]
    else:
        for i in range(n):
            sign = 2.0 * y[i] - 1.0
            short = max(1.0 - sign * eta[i], 0.0)
            loss[i] = weight[i] * (0.5 * short * short if short < 1.0 else short - 0.5)
            slope[i] = -weight[i] * sign * min(short, 1.0)
            bend[i] = weight[i]
