"""Labels by entity and cutoff against NumPy's stable sort, few and many of them."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.marketplace.join.history import Labels


@pytest.mark.parametrize("n", [0, 1, 200, 25_000])
@pytest.mark.parametrize("way", ["any", "ascending", "one cutoff", "no entity"])
def test_labels_are_in_order_of_entity_and_cutoff(n: int, way: str) -> None:
    rng = np.random.default_rng(n)
    group, cutoff = rng.integers(-1, 30, n), rng.integers(-50, 10**12, n)
    if way == "ascending":
        cutoff.sort()
    elif way == "one cutoff":
        cutoff[:] = 7
    elif way == "no entity":
        group[:] = -1
    there = np.flatnonzero(group >= 0)
    want = there[np.lexsort((there, cutoff[there], group[there]))]
    line = Labels(group, cutoff, 31).in_order
    np.testing.assert_array_equal(line.order, want)
    np.testing.assert_array_equal(line.cutoff, cutoff[want])
    assert np.diff(line.offsets).tolist() == np.bincount(group[there], minlength=31).tolist()
