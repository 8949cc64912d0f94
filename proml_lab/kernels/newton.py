"""Penalised regressions of many groups of rows, by Newton's method, several groups side by side.

For each group g, with rows i, columns x, offsets o and weights c, the coefficients b minimise
``sum_i c_i loss(y_i, o_i + x_i b) + 1/2 (b - m_g)' (P + diag p_g) (b - m_g)``.
Equations and why the steps cannot fail: docs/method.md#random-effects.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from proml_lab.kernels.kernel import kernel
from proml_lab.kernels.lanes import (
    SQUARED,
    Floats,
    Ints,
    add_sums,
    factor,
    invert,
    products,
    slopes,
    solve,
)

SAFE = 1.5
"""A full step lowers the loss if no row's score moves by more: (e^t - t - 1) / t^2 < 1 there."""


class Packs(NamedTuple):
    """Rows of groups in packs: pack p has the rows ``at[p]:at[p + 1]``, each n lanes wide.

    `x` is (rows, d, n), `y` and `weight` (rows, n); the weight is 0 where there is no row. Where
    `whole` (packs,) is true, all lanes hold rows of one group; else each lane is a group.
    """

    x: Floats
    y: Floats
    weight: Floats
    at: Ints
    whole: Ints


class Prior(NamedTuple):
    """`precision` (d, d) is P of all groups; `own` p and `centre` m are (packs, d, n), or
    (0, d, n): none, and zeros.
    """

    precision: Floats
    own: Floats
    centre: Floats


@kernel
def fit(
    packs: Packs,
    offset: Floats,
    prior: Prior,
    kind: int,
    coefficients: Floats,
    covariance: Floats,
    first: int,
    last: int,
    tolerance: float,
    max_steps: int,
) -> int:
    """Fit the groups of the packs first : last, from what `coefficients` holds on.

    Parameters
    ----------
    packs, prior
        The rows, and what is believed before them.
    offset
        (rows, n).
    kind
        The loss: see `lanes.slopes`.
    coefficients
        (packs, d, n), where steps begin and what is found; the same in all lanes of one group.
    covariance
        (packs, d, d, n): the inverse of the matrix of second derivatives, in the first lane alone
        where the pack is whole; or (0, d, d, n): not wanted.
    first
        The first pack to fit.
    last
        The first one after it not to fit.
    tolerance
        Steps of a pack end when no group's next step would lower its loss by more than half this.
    max_steps
        Or after so many.

    Returns
    -------
    How many packs had not come to their end.
    """
    d, n = coefficients.shape[1:]
    most = 0
    for p in range(first, last):
        most = max(most, packs.at[p + 1] - packs.at[p])
    etas, moves = np.empty((most, n)), np.empty((most, n))
    all_slopes, curves = np.empty((most, n)), np.empty((most, n))
    bits = np.empty(most * n, np.int64)
    hessian, gradient, step = np.empty((d, d, n)), np.empty((d, n)), np.empty((d, n))
    one_hessian, one_gradient, one_step = np.empty((d, d, 1)), np.empty((d, 1)), np.empty((d, 1))
    room, share, gain = np.empty((2, d, n)), np.empty(n), np.empty(n)
    unfinished = 0
    for p in range(first, last):
        start, stop = packs.at[p], packs.at[p + 1]
        r = stop - start
        x, b, whole = packs.x[start:stop], coefficients[p], packs.whole[p] != 0
        eta, move, slope, curve = etas[:r], moves[:r], all_slopes[:r], curves[:r]
        y, weight = packs.y[start:stop].reshape(r * n), packs.weight[start:stop].reshape(r * n)
        flat_eta, flat_slope = eta.reshape(r * n), slope.reshape(r * n)
        flat_curve, flat_bits = curve.reshape(r * n), bits[: r * n]
        products(x, b, eta)
        for i in range(r):
            for k in range(n):
                eta[i, k] += offset[start + i, k]
        done = False
        for _ in range(max_steps):
            slopes(kind, flat_eta, y, weight, flat_slope, flat_curve, flat_bits)
            _begin(prior, p, b, hessian, gradient, whole)
            add_sums(x, slope, curve, hessian, gradient, room[0])
            if whole:
                _gather(hessian, gradient, one_hessian, one_gradient)
                factor(one_hessian)
                solve(one_hessian, one_gradient, one_step)
                for j in range(d):
                    for k in range(n):
                        step[j, k] = one_step[j, 0]
            else:
                factor(hessian)
                solve(hessian, gradient, step)
            products(x, step, move)
            _shares(kind, move, weight.reshape(r, n), share, whole)
            most_gain = 0.0
            for k in range(n):
                gain[k] = 0.0
            for j in range(d):
                for k in range(n):
                    gain[k] += gradient[j, k] * step[j, k]
                    b[j, k] -= share[k] * step[j, k]
            for k in range(n):
                most_gain = max(most_gain, gain[k])
            if most_gain <= tolerance:
                done = True
                break
            for i in range(r):
                for k in range(n):
                    eta[i, k] -= share[k] * move[i, k]
        if not done:
            unfinished += 1
        if len(covariance) and whole:
            invert(one_hessian, covariance[p, :, :, :1], room[:, :, :1])
        elif len(covariance):
            invert(hessian, covariance[p], room)
    return unfinished


@njit(cache=True, nogil=True)
def _begin(prior: Prior, p: int, b: Floats, hessian: Floats, gradient: Floats, whole: bool) -> None:
    """Hessian and gradient of the penalty alone; of a whole group in the first lane only."""
    d, n = gradient.shape
    for j in range(d):
        for k in range(n):
            gradient[j, k] = 0.0
        for a in range(j + 1):
            for k in range(n):
                hessian[j, a, k] = 0.0
    lanes = 1 if whole else n
    for j in range(d):
        for k in range(lanes):
            hessian[j, j, k] = prior.own[p, j, k] if len(prior.own) else 0.0
            centre = prior.centre[p, j, k] if len(prior.centre) else 0.0
            gradient[j, k] = hessian[j, j, k] * (b[j, k] - centre)
        for a in range(j + 1):
            for k in range(lanes):
                hessian[j, a, k] += prior.precision[j, a]
        for a in range(d):
            for k in range(lanes):
                centre = prior.centre[p, a, k] if len(prior.centre) else 0.0
                gradient[j, k] += prior.precision[j, a] * (b[a, k] - centre)


@njit(cache=True, nogil=True)
def _gather(hessian: Floats, gradient: Floats, one_hessian: Floats, one_gradient: Floats) -> None:
    """Into the one lane of the latter two: the sums of all lanes, which hold rows of one group.

    `gradient` gets the sums in every lane.
    """
    d, n = gradient.shape
    for j in range(d):
        total = 0.0
        for k in range(n):
            total += gradient[j, k]
        one_gradient[j, 0] = total
        for k in range(n):
            gradient[j, k] = total
        for a in range(j + 1):
            total = 0.0
            for k in range(n):
                total += hessian[j, a, k]
            one_hessian[j, a, 0] = total


@njit(cache=True, nogil=True)
def _shares(kind: int, move: Floats, weight: Floats, share: Floats, whole: bool) -> None:
    """Into `share` (n,): the part of the step that each lane takes."""
    r, n = move.shape
    for k in range(n):
        share[k] = 0.0
    if kind != SQUARED:
        for i in range(r):
            for k in range(n):
                if weight[i, k] > 0.0:
                    share[k] = max(share[k], abs(move[i, k]))
    if whole:
        most = 0.0
        for k in range(n):
            most = max(most, share[k])
        for k in range(n):
            share[k] = most
    for k in range(n):
        share[k] = 1.0 if share[k] <= SAFE else np.log1p(share[k]) / share[k]


@kernel
def score(packs: Packs, coefficients: Floats, out: Floats) -> None:
    """Into `out` (rows, n): every row times the coefficients (packs, d, n) of its lane."""
    for p in range(len(coefficients)):
        start, stop = packs.at[p], packs.at[p + 1]
        products(packs.x[start:stop], coefficients[p], out[start:stop])
