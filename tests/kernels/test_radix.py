"""Rows in order of group and time against NumPy's stable sort."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.kernels import radix
from tests.soak import seeds

MOST = np.iinfo(np.int64).max
LEAST = np.iinfo(np.int64).min
DAY = 86_400 * 10**6


def times(kind: str, rng: np.random.Generator, n: int) -> np.ndarray:
    near = 1_700_000_000_000_000 + rng.integers(0, 365 * DAY, n)
    made = {
        "random": near,
        "sorted": np.sort(near),
        "backwards": np.sort(near)[::-1].copy(),
        "constant": np.full(n, near[:1].sum()),
        "tied": rng.integers(-3, 3, n),
        "midnights": near // DAY * DAY,
        "two ages": np.where(rng.random(n) < 0.5, near, near - 2**60),
        "one far off": np.where(np.arange(n) == n // 2, LEAST, near),
        "all there are": rng.integers(LEAST, MOST, n, endpoint=True),
        "the ends": rng.choice([LEAST, LEAST + 1, -1, 0, MOST - 1, MOST], n),
    }
    return made[kind]


KINDS = [
    "random",
    "sorted",
    "backwards",
    "constant",
    "tied",
    "midnights",
    "two ages",
    "one far off",
    "all there are",
    "the ends",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", seeds(6))
def test_rows_are_in_the_order_of_a_stable_sort(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    n, n_groups = int(rng.choice([0, 1, 2, 500, 30_000])), int(rng.choice([1, 2, 90, 100_000]))
    group = np.minimum(rng.integers(0, n_groups, n), rng.integers(0, n_groups, n))
    if seed % 2:
        group[rng.random(n) < 0.2] = -1
    time = times(kind, rng, n)
    there = np.flatnonzero(group >= 0)
    want = there[np.lexsort((there, time[there], group[there]))]
    order, offsets, by_time = radix.layout(group, time, n_groups)
    np.testing.assert_array_equal(order, want)
    np.testing.assert_array_equal(by_time, time[want])
    counts = np.bincount(group[there], minlength=n_groups)
    np.testing.assert_array_equal(offsets, np.append(0, np.cumsum(counts)))


def test_no_row_has_a_group() -> None:
    order, offsets, by_time = radix.layout(np.full(5, -1), np.arange(5), 3)
    assert order.size == by_time.size == 0
    assert offsets.tolist() == [0, 0, 0, 0]


def test_no_group_is_there() -> None:
    none = np.empty(0, np.int64)
    order, offsets, by_time = radix.layout(none, none, 0)
    assert order.size == by_time.size == 0
    assert offsets.tolist() == [0]
