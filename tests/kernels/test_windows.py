"""What windows hold, their sums, spreads, newest rows and limits, against every row looked at."""

from __future__ import annotations

import math
from statistics import stdev

import numpy as np
import pytest

from proml_lab.kernels import windows
from tests.kernels.sliding_case import SHAPES, make_case
from tests.soak import seeds


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", seeds(4))
def test_windows_equal_brute_force(seed: int, shape: dict[str, int]) -> None:
    c = make_case(seed, **shape)
    held = [c.values[rows] for rows in c.inside]
    assert windows.counts(c.window, c.rows).tolist() == [len(some) for some in held]
    assert windows.totals(c.window, c.rows, c.values).tolist() == [sum(some) for some in held]
    spreads = windows.spreads(c.window, c.rows, c.values)
    for found, some in zip(spreads, held, strict=True):
        want = stdev(some.tolist()) if len(some) > 1 else math.nan
        assert found == pytest.approx(want, rel=1e-14, abs=0, nan_ok=True)
    newest = windows.newest(c.window, c.rows)
    assert newest.tolist() == [rows.max(initial=-1) for rows in c.inside]


@pytest.mark.parametrize("limit", [1, 3, 50])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_limit_keeps_the_newest_rows(shape: dict[str, int], limit: int) -> None:
    c = make_case(7, **shape)
    start = windows.limited(c.window, c.rows, limit)
    fewer = c.window._replace(start=start)
    assert (start >= c.window.start).all()
    assert windows.counts(fewer, c.rows).tolist() == [len(r[-limit:]) for r in c.inside]
    want = [c.values[rows[-limit:]].sum() for rows in c.inside]
    assert windows.totals(fewer, c.rows, c.values).tolist() == want


def test_parts_of_whole_groups_give_the_same() -> None:
    c = make_case(3, **SHAPES[2])
    cut = int(np.searchsorted(c.window.group, 1))
    parts = [
        windows.Window(*(column[part] for column in c.window))
        for part in (slice(0, cut), slice(cut, None))
    ]
    for kernel in (windows.totals, windows.spreads):
        whole = kernel(c.window, c.rows, c.values * math.pi)
        found = np.concatenate([kernel(part, c.rows, c.values * math.pi) for part in parts])
        assert found.tobytes() == whole.tobytes()


def test_in_order_is_stable_inside_each_group() -> None:
    found = windows.in_order(np.array([3, 1, 1, 9, 2]), np.array([0, 3, 3, 5]))
    assert found.tolist() == [1, 2, 0, 4, 3]


def test_room_is_that_of_the_largest_group_asked() -> None:
    offsets = np.array([0, 2, 9, 12])
    assert windows.room(np.array([0, 2, 2]), offsets) == 3
    assert windows.room(np.array([], np.int64), offsets) == 0
