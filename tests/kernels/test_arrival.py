"""Rows in any order and in pieces, against the newest of the visible ones."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.kernels import arrival, asof
from tests.soak import seeds


def seen(
    rows: list[tuple[int, int, int]], entity: int, cutoff: int, longest: int
) -> tuple[int, int] | None:
    times = [(e, k) for g, e, k in rows if g == entity and max(e, k) <= cutoff]
    return max(((e, k) for e, k in times if not longest or e > cutoff - longest), default=None)


@pytest.mark.parametrize("order", ["sorted", "shuffled", "backwards"])
@pytest.mark.parametrize("longest", [0, 1, 7])
@pytest.mark.parametrize("seed", seeds(6))
def test_the_newest_visible_row_is_found(seed: int, longest: int, order: str) -> None:
    rng = np.random.default_rng(seed)
    n, groups = int(rng.integers(1, 120)), 4
    group = rng.integers(-1, groups, n)
    event = rng.integers(0, 30, n)
    if order != "shuffled":
        event = np.sort(event)[:: 1 if order == "sorted" else -1].copy()
    known = event + rng.choice([-3, 0, 0, 2, 15], n)
    asked, cutoff = rng.integers(0, groups, 80), rng.integers(-3, 50, 80)
    by_time = np.argsort(cutoff, kind="stable")
    by_group, offsets = asof.layout(asked[by_time], groups)
    asked, cutoff = asked[by_time[by_group]], cutoff[by_time[by_group]]
    places = (
        np.zeros(80, np.int64), np.zeros(80, np.int64), np.full(80, -1), np.zeros(80, np.bool_)
    )  # fmt: skip
    near = offsets[:-1].copy()
    for base in range(0, n, 50):
        part = slice(base, base + 50)
        rows = group[part], event[part], known[part]
        arrival.arrive(rows, base, (offsets, cutoff, near), places)
    found = arrival.settle(offsets, cutoff, places, longest)
    all_ = list(zip(group.tolist(), event.tolist(), known.tolist(), strict=True))
    for entity, limit, place in zip(asked.tolist(), cutoff.tolist(), found.tolist(), strict=True):
        want = seen(all_, entity, limit, longest)
        assert (None if place < 0 else (places[0][place], places[1][place])) == want
        if place >= 0:
            row = places[2][place]
            assert all_[row] == (entity, *want)
            assert places[3][place] == (all_.count(all_[row]) > 1)


def test_entities_without_labels_are_left_out() -> None:
    offsets, cutoff = np.array([0, 0, 1]), np.array([5])
    places = np.zeros(1, np.int64), np.zeros(1, np.int64), np.full(1, -1), np.zeros(1, np.bool_)
    rows = np.array([0, 1, 1]), np.array([1, 2, 9]), np.array([1, 2, 9])
    arrival.arrive(rows, 0, (offsets, cutoff, offsets[:-1].copy()), places)
    assert arrival.settle(offsets, cutoff, places, 0).tolist() == [0]
    assert places[2].tolist() == [1]
