"""Small regressions side by side: each lane of an array is one, and all take the same steps.

The last axis of every array is the lane, so that one instruction serves several regressions. A
block has r rows of d columns in each of n lanes. Equations: docs/method.md#random-effects.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LOGISTIC, SQUARED, POISSON, HINGE = 0, 1, 2, 3
_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93145751953125e-1, 1.42860682030941723212e-6
_EDGE = 708.0


@njit(cache=True, nogil=True, fastmath={"contract"})
def exponentials(x: Floats, power: Floats, bits: Ints) -> None:
    """Into `power` and `bits` (k,): e to the `x`, as power * 2 ** exponent.

    `bits`, looked at as floats, are the powers of two. `x` beyond ±708 counts as that. The
    remainder's series has 14 terms: the error is below 2e-16 of the value.
    """
    for i in range(len(x)):
        v = min(max(x[i], -_EDGE), _EDGE)
        k = np.floor(v * _LOG2_E + 0.5)
        r = (v - k * _LN2_HIGH) - k * _LN2_LOW
        e = 1.0 / 6227020800.0
        e = e * r + 1.0 / 479001600.0
        e = e * r + 1.0 / 39916800.0
        e = e * r + 1.0 / 3628800.0
        e = e * r + 1.0 / 362880.0
        e = e * r + 1.0 / 40320.0
        e = e * r + 1.0 / 5040.0
        e = e * r + 1.0 / 720.0
        e = e * r + 1.0 / 120.0
        e = e * r + 1.0 / 24.0
        e = e * r + 1.0 / 6.0
        e = e * r + 0.5
        e = e * r + 1.0
        power[i] = e * r + 1.0
        bits[i] = (np.int64(k) + 1023) << 52


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def slopes(
    kind: int, eta: Floats, y: Floats, weight: Floats, slope: Floats, curve: Floats, bits: Ints
) -> None:
    """Into `slope` and `curve` (k,): first and second derivative of each row's loss by `eta`.

    `kind` is one of LOGISTIC, SQUARED, POISSON and HINGE (smoothed: Rennie 2005; labels 0 and 1;
    its curvature is bounded by 1, which is what is given). `bits` (k,) is room to work in.
    """
    n = len(eta)
    if kind == LOGISTIC:
        for i in range(n):
            curve[i] = -eta[i]
        exponentials(curve, slope, bits)
        twos = bits.view(np.float64)
        for i in range(n):
            p = 1.0 / (1.0 + slope[i] * twos[i])
            slope[i] = weight[i] * (p - y[i])
            curve[i] = weight[i] * p * (1.0 - p)
    elif kind == POISSON:
        exponentials(eta, slope, bits)
        twos = bits.view(np.float64)
        for i in range(n):
            mean = slope[i] * twos[i]
            slope[i] = weight[i] * (mean - y[i])
            curve[i] = weight[i] * mean
    elif kind == SQUARED:
        for i in range(n):
            slope[i] = weight[i] * (eta[i] - y[i])
            curve[i] = weight[i]
    else:
        for i in range(n):
            sign = 2.0 * y[i] - 1.0
            slope[i] = weight[i] * sign * min(max(sign * eta[i] - 1.0, -1.0), 0.0)
            curve[i] = weight[i]


@njit(cache=True, nogil=True, fastmath={"contract"})
def products(x: Floats, by: Floats, out: Floats) -> None:
    """Into `out` (r, n): the rows of `x` (r, d, n) times the coefficients `by` (d, n)."""
    r, d, n = x.shape
    for i in range(r):
        for k in range(n):
            out[i, k] = 0.0
        for j in range(d):
            for k in range(n):
                out[i, k] += x[i, j, k] * by[j, k]


@njit(cache=True, nogil=True, fastmath={"contract"})
def add_sums(
    x: Floats, slope: Floats, curve: Floats, hessian: Floats, gradient: Floats, room: Floats
) -> None:
    """Add to `gradient` (d, n) and to the lower half of `hessian` (d, d, n) what the rows say.

    `x` is (r, d, n), `slope` and `curve` (r, n); `room` (2, n) is room to work in. Two rows at a
    time: half as often are sums read and written.
    """
    r, d, n = x.shape
    for i in range(0, r - r % 2, 2):
        for a in range(d):
            for k in range(n):
                gradient[a, k] += slope[i, k] * x[i, a, k] + slope[i + 1, k] * x[i + 1, a, k]
            for k in range(n):
                room[0, k] = curve[i, k] * x[i, a, k]
                room[1, k] = curve[i + 1, k] * x[i + 1, a, k]
            for b in range(a + 1):
                for k in range(n):
                    hessian[a, b, k] += room[0, k] * x[i, b, k] + room[1, k] * x[i + 1, b, k]
    for i in range(r - r % 2, r):
        for a in range(d):
            for k in range(n):
                gradient[a, k] += slope[i, k] * x[i, a, k]
                room[0, k] = curve[i, k] * x[i, a, k]
            for b in range(a + 1):
                for k in range(n):
                    hessian[a, b, k] += room[0, k] * x[i, b, k]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def factor(hessian: Floats) -> None:
    """The lower half of `hessian` (d, d, n) becomes its Cholesky factor, its diagonal inverted."""
    d, _, n = hessian.shape
    for j in range(d):
        for a in range(j):
            for k in range(n):
                hessian[j, j, k] -= hessian[j, a, k] * hessian[j, a, k]
        for k in range(n):
            hessian[j, j, k] = 1.0 / np.sqrt(hessian[j, j, k])
        for i in range(j + 1, d):
            for a in range(j):
                for k in range(n):
                    hessian[i, j, k] -= hessian[i, a, k] * hessian[j, a, k]
            for k in range(n):
                hessian[i, j, k] *= hessian[j, j, k]


@njit(cache=True, nogil=True, fastmath={"contract"})
def solve(factored: Floats, right: Floats, out: Floats) -> None:
    """Into `out` (d, n): the solution for the right side `right` (d, n); `factored` by `factor`."""
    d, n = right.shape
    for i in range(d):
        for k in range(n):
            out[i, k] = right[i, k]
        for a in range(i):
            for k in range(n):
                out[i, k] -= factored[i, a, k] * out[a, k]
        for k in range(n):
            out[i, k] *= factored[i, i, k]
    for i in range(d - 1, -1, -1):
        for a in range(i + 1, d):
            for k in range(n):
                out[i, k] -= factored[a, i, k] * out[a, k]
        for k in range(n):
            out[i, k] *= factored[i, i, k]


@njit(cache=True, nogil=True, fastmath={"contract"})
def invert(factored: Floats, out: Floats, room: Floats) -> None:
    """Into `out` (d, d, n): the inverse of the matrix that `factor` made `factored` of.

    `room` (2, d, n) is room to work in.
    """
    d, _, n = factored.shape
    for j in range(d):
        for a in range(d):
            for k in range(n):
                room[0, a, k] = 1.0 if a == j else 0.0
        solve(factored, room[0], room[1])
        for a in range(d):
            for k in range(n):
                out[a, j, k] = room[1, a, k]
