"""Windows that slide over the rows of a group: what they hold, their sums, spreads and newest rows.

Labels are in order of group and cutoff, rows laid out as in `proml_lab.kernels.asof`. From one
label to the next, rows enter as they become known and leave as they grow old: each once, so that
no cost grows with the length of a window. Method: docs/method.md#windows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from proml_lab.kernels.asof import Ints
from proml_lab.kernels.exact import plus, times, variance
from proml_lab.kernels.kernel import kernel
from proml_lab.kernels.sorting import sort

Floats = npt.NDArray[np.float64]
_SMALLER = 2.0**-16
_UNIT = 2.0**-60
_LARGE = 2.0**960


class Rows(NamedTuple):
    """The rows (m,): `offsets` (g + 1,) of `asof.layout`, and when each was known.

    `order` has their positions, group by group, in the order in which they became known; it is
    empty where that is the layout itself.
    """

    offsets: Ints
    known: Ints
    order: Ints


class Window(NamedTuple):
    """The labels (n,), ascending by group and cutoff, and their windows.

    The window of a label has the rows start : stop that were known at the cutoff. `reached` is
    the end of all rows of the group that were known and had happened by then, in `Rows.order`.
    """

    group: Ints
    cutoff: Ints
    start: Ints
    stop: Ints
    reached: Ints


@kernel
def room(group: Ints, offsets: Ints) -> int:
    """How many rows the largest group of the labels (n,) has."""
    most = 0
    for g in group:
        most = max(most, offsets[g + 1] - offsets[g])
    return int(most)


@kernel
def begins(group: Ints, i: int) -> bool:
    """Whether label i is the first of its group."""
    return i == 0 or group[i] != group[i - 1]


@kernel
def moves(window: Window, rows: Rows, i: int, entering: Ints, leaving: Ints) -> tuple[int, int]:
    """What changes between the window of label i - 1 of the group, or an empty one, and that of i.

    Fills the beginning of `entering` and `leaving` with rows and returns how many of each.
    """
    start = window.start[i]
    n_in, n_out = 0, 0
    if begins(window.group, i):
        reached = rows.offsets[window.group[i]]
    else:
        reached = window.reached[i - 1]
        for row in range(window.start[i - 1], min(start, window.stop[i - 1])):
            if rows.known[row] <= window.cutoff[i - 1]:
                leaving[n_out] = row
                n_out += 1
    if rows.order.size == 0:
        for row in range(max(reached, start), window.reached[i]):
            entering[n_in] = row
            n_in += 1
    else:
        for j in range(reached, window.reached[i]):
            if rows.order[j] >= start:
                entering[n_in] = rows.order[j]
                n_in += 1
    return n_in, n_out


@kernel
def counts(window: Window, rows: Rows) -> Ints:
    """(n,) how many rows each window has."""
    out = np.zeros(window.group.size, np.int64)
    entering = np.empty(room(window.group, rows.offsets), np.int64)
    leaving = np.empty_like(entering)
    n = 0
    for i in range(out.size):
        n_in, n_out = moves(window, rows, i, entering, leaving)
        n = n_in if begins(window.group, i) else n + n_in - n_out
        out[i] = n
    return out


@kernel
def totals(window: Window, rows: Rows, values: Floats) -> Floats:
    """(n,) the sum of `values` (m,) in each window, 0 if it is empty.

    The sum is kept in two words, and begun anew once values have left that were so large that
    they may have taken digits of the others with them.
    """
    out = np.zeros(window.group.size)
    entering = np.empty(room(window.group, rows.offsets), np.int64)
    leaving = np.empty_like(entering)
    n, s, low, size, most = 0, 0.0, 0.0, 0.0, 0.0
    for i in range(out.size):
        n_in, n_out = moves(window, rows, i, entering, leaving)
        if begins(window.group, i) or n == n_out:
            n, s, low, size, most = 0, 0.0, 0.0, 0.0, 0.0
        else:
            n -= n_out
            s, low, size = _sum(leaving[:n_out], -1.0, values, s, low, size)
        s, low, size = _sum(entering[:n_in], 1.0, values, s, low, size)
        n += n_in
        most = max(most, size)
        if not (size >= most * _SMALLER and np.isfinite(low)):
            held = _held(window, rows, i, entering)
            s, low, size = _sum(held, 1.0, values, 0.0, 0.0, 0.0)
            n, most = held.size, size
        out[i] = s + low
    return out


@kernel
def spreads(window: Window, rows: Rows, values: Floats) -> Floats:
    """(n,) the standard deviation of `values` (m,) in each window, divided by n - 1; NaN below two.

    Their sum and that of their squares are kept like those of `totals`.
    """
    out = np.full(window.group.size, np.nan)
    entering = np.empty(room(window.group, rows.offsets), np.int64)
    leaving = np.empty_like(entering)
    n, s, low, q, q_low, most = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(out.size):
        n_in, n_out = moves(window, rows, i, entering, leaving)
        if begins(window.group, i) or n == n_out:
            n, s, low, q, q_low, most = 0, 0.0, 0.0, 0.0, 0.0, 0.0
        else:
            n -= n_out
            s, low, _ = _sum(leaving[:n_out], -1.0, values, s, low, 0.0)
            q, q_low = _sum_squares(leaving[:n_out], -1.0, values, q, q_low)
        s, low, _ = _sum(entering[:n_in], 1.0, values, s, low, 0.0)
        q, q_low = _sum_squares(entering[:n_in], 1.0, values, q, q_low)
        n += n_in
        most = max(most, q)
        if not q >= most * _SMALLER:
            held = _held(window, rows, i, entering)
            s, low, _ = _sum(held, 1.0, values, 0.0, 0.0, 0.0)
            q, q_low = _sum_squares(held, 1.0, values, 0.0, 0.0)
            most = q
        if not q < _LARGE:
            out[i] = _wide(_held(window, rows, i, entering), values)
            q = np.nan  # begin anew
        elif n > 1:
            out[i] = np.sqrt(variance(n, s, low, q, q_low))
    return out


@kernel
def _sum(
    rows: Ints, sign: float, values: Floats, s: float, low: float, size: float
) -> tuple[float, float, float]:
    """A sum in two words and the values of more rows; their size without their signs too."""
    for k in range(rows.size):
        value = values[rows[k]]
        s, low = plus(s, low, sign * value)
        size += sign * _UNIT * abs(value)
        if k % 64 == 63:
            s, low = plus(s, 0.0, low)
    s, low = plus(s, 0.0, low)
    return s, low, size


@kernel
def _sum_squares(
    rows: Ints, sign: float, values: Floats, q: float, low: float
) -> tuple[float, float]:
    """A sum in two words and the squares of the values of more rows."""
    for k in range(rows.size):
        square, rest = times(values[rows[k]], values[rows[k]])
        q, low = plus(q, low + sign * rest, sign * square)
        if k % 64 == 63:
            q, low = plus(q, 0.0, low)
    q, low = plus(q, 0.0, low)
    return q, low


@kernel
def _held(window: Window, rows: Rows, i: int, room: Ints) -> Ints:
    """The rows that label i's window holds, by looking at each; written into `room`."""
    n = 0
    for row in range(window.start[i], window.stop[i]):
        if rows.known[row] <= window.cutoff[i]:
            room[n] = row
            n += 1
    return room[:n]


@kernel
def _wide(rows: Ints, values: Floats) -> float:
    """The standard deviation of values of which the squares may be too large; NaN below two."""
    largest, mean, squares = 0.0, 0.0, 0.0
    for row in rows:
        largest = max(largest, abs(values[row]))
    for row in rows:
        mean += values[row] / largest / rows.size
    for row in rows:
        squares += (values[row] / largest - mean) ** 2
    return float(np.sqrt(squares / (rows.size - 1)) * largest) if rows.size > 1 else np.nan


@kernel
def newest(window: Window, rows: Rows) -> Ints:
    """(n,) the last row of each window, -1 if it is empty."""
    out = np.full(window.group.size, -1, np.int64)
    entering = np.empty(room(window.group, rows.offsets), np.int64)
    leaving = np.empty_like(entering)
    last = -1
    for i in range(out.size):
        if begins(window.group, i):
            last = -1
        n_in, _ = moves(window, rows, i, entering, leaving)
        for row in entering[:n_in]:
            last = max(last, row)
        if last >= window.start[i]:
            out[i] = last
    return out


@kernel
def limited(window: Window, rows: Rows, limit: int) -> Ints:
    """(n,) where each window starts if it is to have at most `limit` rows, the newest."""
    out = np.zeros(window.group.size, np.int64)
    n, start, reached = 0, 0, 0
    for i in range(out.size):
        if begins(window.group, i):
            n, start = 0, rows.offsets[window.group[i]]
            reached = start
        for j in range(reached, window.reached[i]):
            row = j if rows.order.size == 0 else rows.order[j]
            n += row >= start
        reached = window.reached[i]
        while start < window.start[i] or n > limit:
            n -= start < window.stop[i] and rows.known[start] <= window.cutoff[i]
            start += 1
        out[i] = start
    return out


@kernel
def in_order(times: Ints, offsets: Ints) -> Ints:
    """(m,) the rows of each group by time; equal times stay in their order."""
    most = room(np.arange(offsets.size - 1), offsets)
    keys, spare, aside = times.copy(), np.empty(most, np.int64), np.empty(most, np.int64)
    out = np.arange(times.size)
    for g in range(offsets.size - 1):
        sort(keys, out, offsets[g], offsets[g + 1], spare, aside)
    return out
