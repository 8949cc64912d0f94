"""What labels see of rows that are laid out by group and time. Times are int64, of any one unit.

Group g has the rows ``offsets[g]:offsets[g + 1]``, ascending by event, known and turn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from proml_lab.kernels.kernel import kernel

Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.uint32]


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


@kernel
def leading(order: Ints, offsets: Ints) -> Ints:
    """(m,) the greatest number of `order` so far, inside each group."""
    out = np.empty_like(order)
    for g in range(offsets.size - 1):
        most = np.int64(-1)
        for i in range(offsets[g], offsets[g + 1]):
            most = max(most, order[i])
            out[i] = most
    return out


@kernel
def _same(rows: Rows, row: int) -> bool:
    """Whether a row has the times and the turn of the one before it."""
    return bool(
        rows.event[row - 1] == rows.event[row]
        and rows.known[row - 1] == rows.known[row]
        and (rows.turn.size == 0 or rows.turn[row - 1] == rows.turn[row])
    )


@kernel
def newest(
    part: tuple[int, int, int],
    of: Ints,
    rows: Rows,
    labels: tuple[Ints, Ints, Ints],
    longest: int,
    found: tuple[Places, Places],
) -> Ints:
    """What each label of some groups sees.

    Parameters
    ----------
    part
        The first of the groups, the last + 1, and where their labels begin in `found`.
    of
        (g,) which entity of the labels each group is, -1 for none.
    rows
        The rows of all groups.
    labels
        (e + 1,) where each entity's labels begin, and (n,) each: their cutoffs, ascending inside
        each, and their numbers.
    longest
        Rows count only while ``event > cutoff - longest``; 0 for no limit.
    found
        Are filled: rows, one for each label of the groups, ascending from group to group; and
        where among these the row of a label is, by its number. Of a label that sees none, the
        first is any row, and the second stays as it was.

    Returns
    -------
    (t,) where among the rows those stand that nothing puts after the one before them.
    """
    starts, cutoff, order = labels
    seen, place = found
    tied = np.empty(0, np.int64)
    at, n_tied = part[2], 0
    for g in range(part[0], part[1]):
        if of[g] < 0:
            continue
        begin, stop = rows.offsets[g], rows.offsets[g + 1]
        low = begin
        for i in range(starts[of[g]], starts[of[g] + 1]):
            limit, step = cutoff[i], 1
            while low + step < stop and rows.ready[low + step] <= limit:
                low += step
                step *= 2
            left = min(stop, low + step) - low
            while left > 0:  # without branches: they could not be foreseen
                half = left >> 1
                before = np.int64(rows.ready[low + half] <= limit)
                low += before * (half + 1)
                left = half + before * (left - 2 * half - 1)
            row = begin if low == begin else low - 1
            if rows.best.size:
                row = rows.best[row]
            seen[at] = row
            if low > begin and (longest == 0 or rows.event[row] > limit - longest):
                place[order[i]] = at
                if row > begin and _same(rows, row):
                    if n_tied == tied.size:
                        tied = np.concatenate((tied, np.empty(max(64, tied.size), np.int64)))
                    tied[n_tied] = at
                    n_tied += 1
            at += 1
    return tied[:n_tied]


@kernel
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
