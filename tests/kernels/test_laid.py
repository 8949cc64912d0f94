"""Rows that are laid out, against a search among all of them."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.kernels import laid, windows
from tests.soak import seeds

NONE = np.empty(0, np.int64)
Case = tuple[laid.Rows, np.ndarray, list[tuple[int, int, int, int]]]


def make(seed: int, *, late: bool, turns: bool) -> Case:
    """Rows, the group of each, and all that is said of each."""
    rng = np.random.default_rng(seed)
    n, n_groups = int(rng.integers(1, 150)), 5
    group, event = rng.integers(0, n_groups, n), rng.integers(0, 30, n)
    known = event + (rng.choice([-2, 0, 0, 4, 20], n) if late else 0)
    turn = rng.integers(0, 2, n) if turns else np.zeros(n, np.int64)
    order = np.lexsort((turn, known, event, group))
    group, event, known, turn = (column[order] for column in (group, event, known, turn))
    offsets = np.searchsorted(group, np.arange(n_groups + 1))
    ready = np.maximum(event, known)
    by_ready = windows.in_order(ready, offsets)
    rows = laid.Rows(
        offsets, event, known, turn if turns else NONE, ready[by_ready],
        laid.leading(by_ready, offsets) if late else NONE,
    )  # fmt: skip
    said = zip(group.tolist(), event.tolist(), known.tolist(), turn.tolist(), strict=True)
    return rows, group, list(said)


@pytest.mark.parametrize("longest", [0, 1, 9])
@pytest.mark.parametrize(("late", "turns"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("seed", seeds(8))
def test_the_newest_ready_row_is_found(seed: int, late: bool, turns: bool, longest: int) -> None:
    rng = np.random.default_rng(seed + 100)
    rows, _, said = make(seed, late=late, turns=turns)
    of = np.array([2, -1, 0, 1, 3])
    entity, cutoff = np.sort(rng.integers(0, 4, 60)), rng.integers(-3, 60, 60)
    cutoff = cutoff[np.lexsort((cutoff, entity))]
    numbers = rng.permutation(60)
    starts = np.searchsorted(entity, np.arange(5))
    labels = starts, cutoff, numbers
    seen, place = np.zeros(60, np.uint32), np.full(60, 99, np.uint32)
    first = int(np.diff(starts)[2])
    tied = [
        laid.newest(part, of, rows, labels, longest, (seen, place))
        for part in ((2, 5, first), (0, 2, 0))
    ]
    for i in range(60):
        group = int(np.flatnonzero(of == entity[i])[0])
        ready = [
            row for row, (g, e, k, _) in enumerate(said) if g == group and max(e, k) <= cutoff[i]
        ]
        best = max(ready, key=lambda row: (said[row], row), default=-1)
        if best >= 0 and longest and said[best][1] <= cutoff[i] - longest:
            best = -1
        at = place[numbers[i]]
        assert (-1 if at == 99 else seen[at]) == best
        assert (at in np.concatenate(tied)) == (best >= 0 and said.count(said[best]) > 1)


@pytest.mark.parametrize("seed", seeds(6))
def test_visible_rows_are_those_that_are_ready(seed: int) -> None:
    rows, group, said = make(seed, late=True, turns=False)
    found, offsets = laid.visible(np.array([3, -1, 0]), rows, 17)
    for e, g in enumerate([3, -1, 0]):
        want = [i for i in np.flatnonzero(group == g) if max(said[i][1:3]) <= 17]
        assert found[offsets[e] : offsets[e + 1]].tolist() == want
