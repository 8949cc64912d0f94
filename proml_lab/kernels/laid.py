"""What labels see of rows that are laid out by group and time. Times are int64, of any one unit.

Group g has the rows ``offsets[g]:offsets[g + 1]``, ascending by event, known and turn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]


class Rows(NamedTuple):
    """Rows (m,) by group and time, with their clocks; `turn` is (0,) if they have no turns.

    `ready` (m,) ascends inside each group: when each of its rows has happened and is known, in that
    order; `best` (m,) is the newest of the rows that are ready by then. `best` is empty where rows
    become ready in the order in which they lie.
    """

    offsets: Ints
    event: Ints
    known: Ints
    turn: Ints
    ready: Ints
    best: Ints


@njit(cache=True, nogil=True)
def leading(order: Ints, offsets: Ints) -> Ints:
    """(m,) the greatest number of `order` so far, inside each group."""
    out = np.empty_like(order)
    for g in range(offsets.size - 1):
        most = np.int64(-1)
        for i in range(offsets[g], offsets[g + 1]):
            most = max(most, order[i])
            out[i] = most
    return out


@njit(cache=True, nogil=True)
def _same(rows: Rows, row: int) -> bool:
    """Whether a row has the times and the turn of the one before it."""
    return bool(
        rows.event[row - 1] == rows.event[row]
        and rows.known[row - 1] == rows.known[row]
        and (rows.turn.size == 0 or rows.turn[row - 1] == rows.turn[row])
    )


@njit(cache=True, nogil=True)
def newest(
    groups: tuple[int, int], of: Ints, rows: Rows, labels: tuple[Ints, Ints], longest: int
) -> tuple[Ints, Ints, Ints]:
    """What each label of some groups sees.

    Parameters
    ----------
    groups
        First and last + 1 of the groups.
    of
        (g,) which entity of the labels each group is, -1 for none.
    rows
        The rows of all groups.
    labels
        (e + 1,) where each entity's labels begin, and (n,) their cutoffs, ascending inside each.
    longest
        Rows count only while ``event > cutoff - longest``; 0 for no limit.

    Returns
    -------
    (k,) each, for the labels that see one: the row, ascending from group to group, and the place
    of the label; and (t,) the places of those whose row nothing puts after the one before it.
    """
    starts, cutoff = labels
    n = 0
    for g in range(groups[0], groups[1]):
        if of[g] >= 0:
            n += starts[of[g] + 1] - starts[of[g]]
    seen, place = np.empty(n, np.int64), np.empty(n, np.int64)
    tied = np.empty(n, np.int64)
    found = n_tied = 0
    for g in range(groups[0], groups[1]):
        if of[g] < 0:
            continue
        begin, stop = rows.offsets[g], rows.offsets[g + 1]
        near = begin
        for i in range(starts[of[g]], starts[of[g] + 1]):
            limit, step, low = cutoff[i], 1, near
            while low + step < stop and rows.ready[low + step] <= limit:
                low += step
                step *= 2
            high = min(stop, low + step)
            while low < high:
                middle = (low + high) >> 1
                if rows.ready[middle] <= limit:
                    low = middle + 1
                else:
                    high = middle
            near = low
            if low == begin:
                continue
            row = rows.best[low - 1] if rows.best.size else low - 1
            if longest != 0 and rows.event[row] <= limit - longest:
                continue
            seen[found], place[found] = row, i
            found += 1
            if row > begin and _same(rows, row):
                tied[n_tied] = i
                n_tied += 1
    return seen[:found], place[:found], tied[:n_tied]


@njit(cache=True, nogil=True)
def visible(groups: Ints, rows: Rows, last: int) -> tuple[Ints, Ints]:
    """The rows of some groups (e,), -1 for none, that are ready by `last`, in that order.

    Returns them (k,), and the (e + 1,) offsets of the groups among them.
    """
    offsets = np.zeros(groups.size + 1, np.int64)
    for e in range(groups.size):
        n = 0
        if groups[e] >= 0:
            for row in range(rows.offsets[groups[e]], rows.offsets[groups[e] + 1]):
                n += max(rows.event[row], rows.known[row]) <= last
        offsets[e + 1] = offsets[e] + n
    out = np.empty(offsets[-1], np.int64)
    for e in range(groups.size):
        at = offsets[e]
        if groups[e] >= 0:
            for row in range(rows.offsets[groups[e]], rows.offsets[groups[e] + 1]):
                if max(rows.event[row], rows.known[row]) <= last:
                    out[at] = row
                    at += 1
    return out, offsets
