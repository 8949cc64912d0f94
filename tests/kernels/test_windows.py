"""Window sums, counts and minima against brute force, whatever is late, used or long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from proml_lab.kernels import asof, windows
from tests.soak import seeds


@dataclass
class Case:
    """Rows in their layout, labels, and the window between."""

    group: np.ndarray
    cutoff: np.ndarray
    offsets: np.ndarray
    event: np.ndarray
    known: np.ndarray
    values: np.ndarray
    used: np.ndarray
    by_known: np.ndarray
    window: windows.Window
    length: int

    def rows(self, i: int) -> np.ndarray:
        """Used rows of label i's window that were known, by looking at every row."""
        g, t = self.group[i], self.cutoff[i]
        if g < 0:
            return np.empty(0, np.int64)
        inside = np.arange(self.offsets[g], self.offsets[g + 1])
        event, known = self.event[inside], self.known[inside]
        keep = (event <= t) & (event > t - self.length) & (known <= t)
        return inside[keep & self.used[inside]]


def case(seed: int, *, n: int, length: int, late: int, span: int) -> Case:
    rng = np.random.default_rng(seed)
    groups = 3
    group = rng.integers(0, groups, n)
    event = np.sort(rng.integers(0, span, n))
    known = event + (rng.random(n) < 0.3) * rng.integers(-2, late + 1, n)
    order, offsets = asof.layout(group, groups + 1)
    event, known = event[order], known[order]
    entity = np.repeat(np.arange(groups + 1), np.diff(offsets))
    ready = np.maximum(event, known)
    by_known = np.lexsort((ready, entity))
    asked, cutoff = rng.integers(-1, groups + 1, 120), rng.integers(-5, span + late, 120)
    stop = asof.positions(asked, cutoff, offsets, event)
    newest = windows.newest(known, offsets)
    window = windows.Window(
        np.where(asked < 0, 0, offsets[asked]),
        asof.positions(asked, cutoff - length, offsets, event),
        stop,
        np.minimum(asof.positions(asked, cutoff, offsets, newest), stop),
        asof.positions(asked, cutoff, offsets, ready[by_known]),
    )
    values, used = rng.integers(-50, 50, n).astype(float), rng.random(n) < 0.8
    return Case(asked, cutoff, offsets, event, known, values, used, by_known, window, length)


CASES = [
    {"n": 60, "length": 5, "late": 10, "span": 50},
    {"n": 900, "length": 30, "late": 3, "span": 80},
    {"n": 900, "length": 40, "late": 200, "span": 80},
    {"n": 900, "length": 500, "late": 30, "span": 300},
    {"n": 1, "length": 1, "late": 1, "span": 2},
]


@pytest.mark.parametrize("shape", CASES)
@pytest.mark.parametrize("seed", seeds(4))
def test_totals_equal_brute_force(seed: int, shape: dict[str, int]) -> None:
    c = case(seed, **shape)
    n, total = windows.totals(
        c.window,
        c.cutoff,
        c.known,
        c.values,
        c.used,
        windows.running(c.values, c.used, c.offsets),
        windows.running(c.values[c.by_known], c.used[c.by_known], c.offsets),
    )
    want = [c.rows(i) for i in range(c.cutoff.size)]
    assert n.tolist() == [rows.size for rows in want]
    assert total.tolist() == [c.values[rows].sum() for rows in want]


@pytest.mark.parametrize("shape", CASES)
@pytest.mark.parametrize("seed", seeds(4))
def test_minima_equal_brute_force(seed: int, shape: dict[str, int]) -> None:
    c = case(seed, **shape)
    blocks = windows.block_minima(c.values, c.used)
    got = windows.minima(c.window, c.cutoff, c.known, c.values, c.used, blocks)
    want = [c.values[c.rows(i)].min(initial=np.inf) for i in range(c.cutoff.size)]
    assert got.tolist() == want


def test_running_begins_anew_in_each_group() -> None:
    values, used = np.array([1.0, 2.0, 4.0, 8.0]), np.array([True, False, True, True])
    found = windows.running(values, used, np.array([0, 2, 2, 4]))
    assert found.counts.tolist() == [1, 1, 1, 2]
    assert found.sums.tolist() == [1.0, 1.0, 4.0, 12.0]


def test_newest_is_the_running_maximum_of_each_group() -> None:
    found = windows.newest(np.array([3, 1, 5, 2, 4]), np.array([0, 3, 5]))
    assert found.tolist() == [3, 3, 5, 2, 4]


def test_centred_keeps_whole_numbers_whole() -> None:
    values = np.array([1000.0, 1003.0, np.inf, -7.0, -8.0])
    used = np.array([True, True, False, True, True])
    found = windows.centred(values, used, np.array([0, 3, 5]))
    assert found[[0, 1]].tolist() in ([-1.0, 2.0], [-2.0, 1.0])
    assert found[2] == 0.0
    assert sorted(found[3:].tolist()) in ([-1.0, 0.0], [0.0, 1.0])
