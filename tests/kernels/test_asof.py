"""Look-ups by group and time against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.kernels import asof
from tests.soak import seeds


def table(rng: np.random.Generator, n: int, groups: int) -> tuple[np.ndarray, ...]:
    """(group, event, known) of n rows; a few rows have no group."""
    group = rng.integers(-1, groups, n)
    event = rng.integers(0, 40, n)
    return group, event, event + rng.integers(0, 10, n)


def laid_out(group: np.ndarray, event: np.ndarray, known: np.ndarray, groups: int):
    by_time = np.lexsort((known, event))
    order, offsets = asof.layout(group[by_time], groups)
    rows = by_time[order]
    return rows, offsets, event[rows], known[rows]


@pytest.mark.parametrize("seed", seeds(5))
def test_layout_puts_groups_together_and_keeps_their_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = rng.integers(-1, 6, rng.integers(0, 60))
    order, offsets = asof.layout(group, 8)
    want = [row for g in range(8) for row in np.flatnonzero(group == g)]
    assert order.tolist() == want
    assert np.diff(offsets).tolist() == [np.sum(group == g) for g in range(8)]


@pytest.mark.parametrize("order", ["sorted", "shuffled", "backwards"])
@pytest.mark.parametrize("seed", seeds(10))
def test_positions_count_the_times_up_to_the_limit(seed: int, order: str) -> None:
    rng = np.random.default_rng(seed)
    group, event, known = table(rng, 80, 4)
    _, offsets, times, _ = laid_out(group, event, known, 4)
    asked = rng.integers(-1, 4, 200)
    limit = rng.integers(-3, 45, 200)
    if order != "shuffled":
        limit = np.sort(limit)[:: 1 if order == "sorted" else -1].copy()
    got = asof.positions(asked, limit, offsets, times)
    for g, t, at in zip(asked, limit, got, strict=True):
        want = offsets[g] + np.sum(times[offsets[g] : offsets[g + 1]] <= t) if g >= 0 else 0
        assert at == want


def test_groups_without_rows_find_nothing() -> None:
    none = np.empty(0, np.int64)
    order, offsets = asof.layout(none, 2)
    asked, cutoff = np.array([0, 1, -1]), np.array([5, 5, 5])
    stop = asof.positions(asked, cutoff, offsets, none)
    assert order.size == 0
    assert stop.tolist() == [0, 0, 0]
