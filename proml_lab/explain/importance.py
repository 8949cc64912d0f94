"""How far each feature moves the prediction on average, and which way."""

from __future__ import annotations

import numpy as np
import polars as pl

from proml_lab.contracts import Contributions, Floats
from proml_lab.explain.swarm import scaled

Z = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""
CLEAR = 0.5
"""Rank correlation from which a direction is named."""
UP, DOWN = "higher values push up", "higher values push down"
NONE, CATEGORY, NOTHING = "no single direction", "differs by category", "no effect"


def importance(found: Contributions) -> pl.DataFrame:
    """A row a feature, most important first.

    ``importance`` is the mean absolute contribution, ``low`` to ``high`` its 95 % interval over
    rows (normal approximation: mean ± 1.96 standard errors, not below zero), ``share`` its part
    of the sum over features, ``direction`` which way higher values push, where rank correlation
    says it clearly. Source: docs/method.md#explanations.
    """
    sizes = np.abs(found.values)
    n_rows = len(sizes)
    mean = sizes.mean(axis=0)
    error = Z * sizes.std(axis=0, ddof=1) / np.sqrt(n_rows) if n_rows > 1 else np.zeros_like(mean)
    frame = pl.DataFrame(
        {
            "feature": list(found.features),
            "importance": mean,
            "low": np.maximum(mean - error, 0.0),
            "high": mean + error,
            "share": mean / (mean.sum() or 1.0),
            "direction": [
                _direction(found.frame[name], found.values[:, i])
                for i, name in enumerate(found.features)
            ],
        }
    )
    return frame.sort("importance", descending=True, maintain_order=True)


def _direction(values: pl.Series, pushes: Floats) -> str:
    if not np.any(pushes):
        return NOTHING
    ranks = scaled(values)
    known = ~np.isnan(ranks)
    if not known.any():
        return CATEGORY
    mine = ranks[known]
    theirs = pl.Series(pushes[known]).rank("average").to_numpy().astype(np.float64)
    if np.ptp(mine) == 0 or np.ptp(theirs) == 0:
        return NONE
    rho = float(np.corrcoef(mine, theirs)[0, 1])
    return UP if rho >= CLEAR else DOWN if rho <= -CLEAR else NONE
