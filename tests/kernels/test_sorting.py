"""Sorting against Python's, which is stable too."""

from __future__ import annotations

import random

import numpy as np
import pytest

from proml_lab.kernels.sorting import sort
from tests.soak import seeds


@pytest.mark.parametrize("kind", [np.int64, np.float64])
@pytest.mark.parametrize("seed", seeds(20))
def test_sort_is_stable_and_leaves_others_alone(seed: int, kind: type) -> None:
    rng = random.Random(seed)
    n = rng.choice([0, 1, 2, 15, 16, 17, 33, 100, 1000])
    near = rng.choice([2, 10, 10**6])
    values = np.array([i + rng.randrange(-near, near) for i in range(n + 9)]).astype(kind)
    first, last = 4, 4 + n
    keys, places = values.copy(), np.arange(n + 9)
    sort(keys, places, first, last, np.empty(n, kind), np.empty(n, np.int64))
    inside = sorted(range(first, last), key=lambda i: values[i])
    want = [*range(first), *inside, *range(last, n + 9)]
    assert places.tolist() == want
    assert keys.tolist() == [values[i] for i in want]
