"""Sums by level: what a one-hot column costs without making it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proml_lab.kernels.kernel import kernel

Floats = npt.NDArray[np.float64]


@kernel
def level_sums(
    codes: npt.NDArray[np.int32], n_levels: int, block: Floats, weights: Floats
) -> Floats:
    """(n_levels, 1 + q) weighted sums of the rows of each level, in row order.

    `codes` (n,) is the level of each row, `block` is (n, q), `weights` (n,). Column 0 sums the
    weights alone.
    """
    n, q = block.shape
    out = np.zeros((n_levels, 1 + q))
    for i in range(n):
        w = weights[i]
        into = out[codes[i]]
        into[0] += w
        for k in range(q):
            into[k + 1] += w * block[i, k]
    return out
