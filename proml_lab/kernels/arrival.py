"""Rows that arrive in any order, each offered to the labels that may see it.

The labels of an entity stand in order of their cutoffs. A row is seen from the first cutoff on at
which it has happened and is known, so it is kept at that label's place if it is the newest there;
the newest that a label sees is then the newest of its entity's places up to its own. Times are
int64, of any one unit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@njit(cache=True, nogil=True)
def arrive(
    rows: tuple[Ints, Ints, Ints, Ints],
    base: int,
    labels: tuple[Ints, Ints, Ints],
    places: tuple[Ints, Ints, Ints, Ints, Flags],
) -> None:
    """Offer rows to the labels, changing `places` and the last of `labels` in place.

    Parameters
    ----------
    rows
        (m,) each: entity, -1 to leave it out, event, known, and the turn among rows with both
        times the same; no turns, (0,), where nothing decides between those.
    base
        Number of the first of these rows; it is greater than those of earlier calls.
    labels
        (e + 1,) where each entity's labels begin, (n,) their cutoffs, ascending inside each, and
        (e,) where the search of an entity's next row starts, at first where its labels begin.
    places
        (n,) each: event, known and turn of the newest row that is kept, its number or -1, and
        whether another row has all three of it; no turns, (0,), where rows have none.
    """
    group, event, known, turn = rows
    offsets, cutoff, near = labels
    best_event, best_known, best_turn, best_row, tied = places
    by_turn = turn.size > 0
    for i in range(group.size):
        g = group[i]
        if g < 0:
            continue
        ready = max(event[i], known[i])
        low, stop = offsets[g], offsets[g + 1]
        if low == stop or cutoff[stop - 1] < ready:
            continue
        high, guess, step = stop, near[g], 1
        if cutoff[guess] >= ready:
            high = guess
            while high - step > low and cutoff[high - step] >= ready:
                high -= step
                step *= 2
            low = max(low, high - step)
        else:
            low = guess + 1
            while low + step < high and cutoff[low + step] < ready:
                low += step
                step *= 2
            high = min(high, low + step)
        while low < high:
            middle = (low + high) >> 1
            if cutoff[middle] < ready:
                low = middle + 1
            else:
                high = middle
        near[g] = low
        if best_row[low] >= 0 and best_event[low] == event[i] and best_known[low] == known[i]:
            if not by_turn or turn[i] == best_turn[low]:
                tied[low] = True
                continue
            newer = turn[i] > best_turn[low]
        else:
            newer = (
                best_row[low] < 0
                or event[i] > best_event[low]
                or (event[i] == best_event[low] and known[i] > best_known[low])
            )
        if newer:
            best_event[low], best_known[low], best_row[low] = event[i], known[i], base + i
            tied[low] = False
            if by_turn:
                best_turn[low] = turn[i]


@njit(cache=True, nogil=True)
def settle(
    offsets: Ints, cutoff: Ints, places: tuple[Ints, Ints, Ints, Ints, Flags], longest: int
) -> Ints:
    """(n,) the place whose row each label sees, -1 where it sees none, once all have arrived.

    `offsets`, `cutoff` and `places` as in `arrive`. Rows count only while
    ``event > cutoff - longest``; 0 for no limit.
    """
    event, known, _, row, _ = places
    found = np.full(cutoff.size, -1, np.int64)
    for g in range(offsets.size - 1):
        best = -1
        for i in range(offsets[g], offsets[g + 1]):
            if row[i] >= 0 and (
                best < 0
                or event[i] > event[best]
                or (event[i] == event[best] and known[i] > known[best])
            ):
                best = i
            if best >= 0 and (longest == 0 or event[best] > cutoff[i] - longest):
                found[i] = best
    return found
