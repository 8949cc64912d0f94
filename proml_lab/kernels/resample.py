"""Metrics of many weighted versions of the same rows: each pass reads a row of counts once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proml_lab.kernels.kernel import kernel

Counts = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


@kernel
def weighted_sums(counts: Counts, values: Floats) -> Floats:
    """(k, b) sums of `values` (k, n), each column counted `counts` (b, n) times.

    They are added in order, so equal values give equal bits.
    """
    n_times, n = counts.shape
    k = len(values)
    sums = np.empty((k, n_times))
    for j in range(k):
        row = values[j]
        for b in range(n_times):
            total = 0.0
            for i in range(n):
                total += counts[b, i] * row[i]
            sums[j, b] = total
    return sums


@kernel
def group_sums(
    counts: Counts, values: Floats, groups: npt.NDArray[np.int64], n_groups: int
) -> Floats:
    """(b, g) sums of `values` (n,) in each of `groups` (n,), counted `counts` (b, n) times."""
    n_times, n = counts.shape
    sums = np.zeros((n_times, n_groups))
    for b in range(n_times):
        for i in range(n):
            sums[b, groups[i]] += counts[b, i] * values[i]
    return sums


@kernel
def ranking(
    counts: Counts,
    order: npt.NDArray[np.int64],
    last: npt.NDArray[np.bool_],
    positive: npt.NDArray[np.bool_],
) -> Floats:
    """(b, 2) area under the ROC curve, and average precision.

    Parameters
    ----------
    counts
        (b, n) how often each row counts.
    order
        (n,) row numbers, highest score first.
    last
        (n,) in that order: the last row of those with its score. Ties are one step of the curve.
    positive
        (n,) in that order: the row is of the positive class.

    Returns
    -------
    NaN in a line whose counts leave only one class.
    """
    n_times, n = counts.shape
    areas = np.full((n_times, 2), np.nan)
    for b in range(n_times):
        hits = falls = hits_before = falls_before = np.int64(0)
        area = precision = 0.0
        for i in range(n):
            count = np.int64(counts[b, order[i]])
            if positive[i]:
                hits += count
            else:
                falls += count
            if last[i]:
                area += (falls - falls_before) * 0.5 * (hits + hits_before)
                if hits > hits_before:
                    precision += (hits - hits_before) * (hits / (hits + falls))
                hits_before = hits
                falls_before = falls
        if hits > 0 and falls > 0:
            areas[b, 0] = area / (float(hits) * float(falls))
            areas[b, 1] = precision / hits
    return areas
