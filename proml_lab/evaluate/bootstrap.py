"""Paired bootstrap: the same resampled rows for every model. Method: docs/method.md#intervals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from proml_lab.contracts import Floats
from proml_lab.evaluate.metrics import Counts

_BLOCK_BYTES = 2**25


def resampled_counts(n: int, resamples: int, *, seed: int) -> Iterator[Counts]:
    """Blocks (b, n) of counts, `resamples` lines in all: n rows drawn with replacement.

    The lines do not depend on how they are cut into blocks. No count reaches 256: the odds are
    below 1 in 10^400.
    """
    rng = np.random.default_rng(seed)
    size = max(1, min(resamples, _BLOCK_BYTES // max(n, 1)))
    for start in range(0, resamples, size):
        block = np.empty((min(size, resamples - start), n), np.uint8)
        for line in block:
            line[:] = np.bincount(rng.integers(0, n, n), minlength=n)
        yield block


def interval(value: float, draws: Floats) -> tuple[float, float] | None:
    """The 95 % percentile interval of the resampled `draws`, shifted by their median to `value`.

    None where `value` or all but one of the draws are not defined.
    """
    known = draws[np.isfinite(draws)]
    if len(known) < 2 or not np.isfinite(value):
        return None
    low, middle, high = np.quantile(known, [0.025, 0.5, 0.975])
    return float(value + low - middle), float(value + high - middle)
