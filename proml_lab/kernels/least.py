"""Least values of windows that slide, by a pyramid in which every stone is the least of eight."""

from __future__ import annotations

import numpy as np

from proml_lab.kernels.asof import Ints
from proml_lab.kernels.kernel import kernel
from proml_lab.kernels.windows import Floats, Rows, Window, begins, moves, room

_BITS = 3
_FAN = 1 << _BITS


@kernel
def least(window: Window, rows: Rows, values: Floats) -> Floats:
    """(n,) the least of `values` (m,) in each window, infinity if it is empty.

    A row is put into the pyramid when it becomes known. What has left a window lies before its
    start, and is not looked at.
    """
    out = np.full(window.group.size, np.inf)
    most = room(window.group, rows.offsets)
    entering = np.empty(most, np.int64)
    leaving = np.empty_like(entering)
    levels = np.zeros(32, np.int64)
    pyramid = np.empty(_shape(most, levels)[1])
    n_levels = 0
    for i in range(out.size):
        first = rows.offsets[window.group[i]]
        if begins(window.group, i):
            n_levels, size = _shape(rows.offsets[window.group[i] + 1] - first, levels)
            pyramid[:size] = np.inf
        n_in, _ = moves(window, rows, i, entering, leaving)
        for row in entering[:n_in]:
            _put(pyramid, levels, n_levels, row - first, values[row])
        out[i] = _look(pyramid, levels, window.start[i] - first, window.stop[i] - first)
    return out


@kernel
def _shape(m: int, levels: Ints) -> tuple[int, int]:
    """Fills in where each level of a pyramid over m rows begins; their number, and its size."""
    size, n = 0, 0
    while m > 0:
        levels[n] = size
        size += m
        n += 1
        m = 0 if m == 1 else (m + _FAN - 1) >> _BITS
    return n, size


@kernel
def _put(pyramid: Floats, levels: Ints, n_levels: int, place: int, value: float) -> None:
    for level in range(n_levels):
        at = levels[level] + place
        if pyramid[at] <= value:
            return
        pyramid[at] = value
        place >>= _BITS


@kernel
def _look(pyramid: Floats, levels: Ints, start: int, stop: int) -> float:
    """The least value of the places start : stop."""
    found, level = np.inf, 0
    while start < stop:
        while start < stop and start % _FAN:
            found = min(found, pyramid[levels[level] + start])
            start += 1
        while start < stop and stop % _FAN:
            stop -= 1
            found = min(found, pyramid[levels[level] + stop])
        start >>= _BITS
        stop >>= _BITS
        level += 1
    return found
