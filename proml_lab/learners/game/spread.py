"""How coefficients vary among entities, estimated from the data (empirical Bayes)."""

from __future__ import annotations

import numpy as np

from proml_lab.contracts import Floats

LEAST = 1e-8
"""A variance below this counts as none: the coefficients are those of all entities."""


def spread(coefficients: Floats, covariances: Floats, before: Floats, *, full: bool) -> Floats:
    """(d, d) covariance of the coefficients among entities, a step nearer to the most likely one.

    Parameters
    ----------
    coefficients
        (g, d) of the entities that have rows.
    covariances
        (g, d, d) how unsure each of them is, given `before`.
    before
        (d, d) the estimate that they were fitted with.
    full
        Whether coefficients may vary together; else the covariance is diagonal, and the step is
        MacKay's (1992), which goes further than EM's and has the same end.
    """
    n_groups, d = coefficients.shape
    if full:
        found = (coefficients.T @ coefficients + covariances.sum(axis=0)) / n_groups
        return np.asarray(found + LEAST * np.eye(d))
    variance = np.diag(before)
    unsure = covariances[:, np.arange(d), np.arange(d)].sum(axis=0)
    known = np.maximum(n_groups - unsure / variance, 1e-3)
    return np.diag(np.maximum((coefficients**2).sum(axis=0) / known, LEAST))
