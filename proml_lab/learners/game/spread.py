"""How coefficients vary among entities, estimated from the data (empirical Bayes)."""

from __future__ import annotations

import numpy as np

from proml_lab.contracts import Floats

LEAST = 1e-8
"""A variance below this counts as none: the coefficients are those of all entities."""
FARTHEST = 10.0
"""A variance becomes at most so many times larger or smaller in one step."""


def spread(coefficients: Floats, covariances: Floats, before: Floats, *, full: bool) -> Floats:
    """(d, d) covariance of the coefficients among entities, a step nearer to the most likely one.

    A step of Fisher scoring, in which the rows' loss counts as quadratic. The end is that of EM.
    Equations: docs/method.md#how-entities-vary.

    Parameters
    ----------
    coefficients
        (g, d) of the entities that have rows.
    covariances
        (g, d, d) how unsure each of them is, given `before`.
    before
        (d, d) the estimate that they were fitted with.
    full
        Whether coefficients may vary together; else the covariance is diagonal.
    """
    n_groups, d = coefficients.shape
    if not n_groups:
        return before
    root = np.linalg.cholesky(before)
    ways = np.linalg.inv(root)  # in units of `before`, which is 1 there
    z = coefficients @ ways.T
    unsure = covariances.reshape(n_groups, d * d) @ np.kron(ways, ways).T
    known = np.eye(d).ravel() - unsure
    gap = z.T @ z - known.sum(axis=0).reshape(d, d)
    if full:
        pairs = (known.T @ known).reshape(d, d, d, d).transpose(1, 2, 3, 0).reshape(d * d, d * d)
        move = _solve(pairs, gap.ravel(), _symmetric(d)).reshape(d, d)
        values, axes = np.linalg.eigh(np.eye(d) + (move + move.T) / 2)
        step = (axes * np.clip(values, 1 / FARTHEST, FARTHEST)) @ axes.T
    else:
        pairs = (known**2).sum(axis=0).reshape(d, d)
        move = _solve(pairs, np.diag(gap), np.eye(d))
        step = np.diag(np.clip(1 + move, 1 / FARTHEST, FARTHEST))
    return apart(root @ step @ root.T)


def logs(spread: Floats, *, full: bool) -> Floats:
    """(k,) `spread` (d, d) as numbers that may each be any: a factor, its diagonal as logs."""
    root = np.linalg.cholesky(spread)
    root[np.diag_indices(len(root))] = np.log(np.diag(root))
    return np.asarray(root[np.tril_indices(len(root))] if full else np.diag(root), np.float64)


def of_logs(kept: Floats, before: Floats, *, full: bool) -> Floats:
    """(d, d) the spread of which `logs` made `kept`, but not too far from `before` (d, d)."""
    d = len(before)
    root = np.zeros((d, d))
    root[np.tril_indices(d) if full else np.diag_indices(d)] = kept
    near = np.log(np.diag(np.linalg.cholesky(before)))
    far = 0.5 * np.log(FARTHEST)
    root[np.diag_indices(d)] = np.exp(np.clip(np.diag(root), near - far, near + far))
    return apart(root @ root.T)


def apart(found: Floats) -> Floats:
    """(d, d) `found` with no variance, in whatever direction, below `LEAST`."""
    values, axes = np.linalg.eigh(found)
    least = max(LEAST, 1e-12 * float(values[-1]))
    if values[0] >= least:
        return found
    return np.asarray((axes * np.maximum(values, least)) @ axes.T)


def _solve(information: Floats, gap: Floats, basis: Floats) -> Floats:
    """The move along `basis` (k, m) that closes `gap` (k,), by the information (k, k)."""
    inner = basis.T @ information @ basis
    inner[np.diag_indices(len(inner))] += 1e-12 * np.trace(inner) + np.finfo(float).tiny
    return np.asarray(basis @ np.linalg.solve(inner, basis.T @ gap))


def _symmetric(d: int) -> Floats:
    """(d * d, d (d + 1) / 2): the flat matrices that symmetric ones of size d are made of."""
    rows, columns = np.tril_indices(d)
    basis = np.zeros((d * d, len(rows)))
    basis[rows * d + columns, np.arange(len(rows))] = 1.0
    basis[columns * d + rows, np.arange(len(rows))] = 1.0
    return basis
