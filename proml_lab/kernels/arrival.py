"""Rows that arrive in any order, each offered to the labels that may see it.

The labels of an entity stand in order of their cutoffs. A row is seen from the first cutoff on at
which it has happened and is known, so it is kept at that label's place if it is the newest there;
the newest that a label sees is then the newest of its entity's places up to its own. Times are
int64, of any one unit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from proml_lab.kernels.kernel import kernel

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.uint32]
EVENT, KNOWN, TURN, ROW = range(4)
_PLACE, _AFTER, _UPTO, _LAST = range(4)
_LEAST = np.iinfo(np.int64).min


class Line(NamedTuple):
    """Labels by entity and cutoff, and the rows that are kept at their places.

    Attributes
    ----------
    offsets
        (e + 1,) where each entity's labels begin.
    cutoff
        (n,) ascending inside each entity.
    kept
        (n, 4) event, known, turn and number of the newest row at each place, the number -1 where
        there is none.
    tied
        (n,) whether another row has both times of it, and its turn.
    near
        (e, 4) the place at which the last row of each entity arrived; rows that become known after
        the second and up to the third of these times do so too; its greatest cutoff. What belongs
        together lies together: a row costs two fetches from memory where it comes in order.
    """

    offsets: Ints
    cutoff: Ints
    kept: Ints
    tied: Flags
    near: Ints


def line(offsets: Ints, cutoff: Ints) -> Line:
    """The places of labels, before any row has arrived."""
    kept = np.empty((cutoff.size, 4), np.int64)  # by numpy: it asks for large pages
    return _line(offsets, cutoff, kept)


@kernel
def _line(offsets: Ints, cutoff: Ints, kept: Ints) -> Line:
    """As `line`, with `kept` (n, 4) to fill."""
    for i in range(cutoff.size):
        kept[i, EVENT], kept[i, KNOWN], kept[i, TURN], kept[i, ROW] = 0, 0, 0, -1
    near = np.full((offsets.size - 1, 4), _LEAST, np.int64)
    for g in range(offsets.size - 1):
        near[g, _PLACE] = offsets[g]
        if offsets[g] < offsets[g + 1]:
            near[g, _UPTO] = cutoff[offsets[g]]
            near[g, _LAST] = cutoff[offsets[g + 1] - 1]
    return Line(offsets, cutoff, kept, np.zeros(cutoff.size, np.bool_), near)


@kernel
def arrive(rows: tuple[Ints, Ints, Ints, Ints], base: int, line: Line) -> Ints:
    """Offer rows to the labels, changing what `line` keeps in place.

    Parameters
    ----------
    rows
        (m,) each: entity, -1 to leave it out, event, known, and the turn among rows with both
        times the same; no turns, (0,), where nothing decides between those.
    base
        Number of the first of these rows; it is greater than those of earlier calls.
    line
        The labels' places.

    Returns
    -------
    The places (k,) whose newest row is one of these now, each once.
    """
    group, event, known, turn = rows
    kept, tied, near = line.kept, line.tied, line.near
    fresh = np.empty(min(group.size, line.cutoff.size), np.int64)
    n_fresh = 0
    for i in range(group.size):
        g = group[i]
        if g < 0:
            continue
        ready = max(event[i], known[i])
        if not near[g, _AFTER] < ready <= near[g, _UPTO] and not _moved(g, ready, line):
            continue
        at = near[g, _PLACE]
        before = kept[at, ROW]
        if before >= 0 and kept[at, EVENT] == event[i] and kept[at, KNOWN] == known[i]:
            if not turn.size or turn[i] == kept[at, TURN]:
                tied[at] = True
                continue
            newer = turn[i] > kept[at, TURN]
        else:
            newer = (
                before < 0
                or event[i] > kept[at, EVENT]
                or (event[i] == kept[at, EVENT] and known[i] > kept[at, KNOWN])
            )
        if newer:
            if before < base:
                fresh[n_fresh] = at
                n_fresh += 1
            kept[at, EVENT], kept[at, KNOWN], kept[at, ROW] = event[i], known[i], base + i
            kept[at, TURN] = turn[i] if turn.size else 0
            tied[at] = False
    return fresh[:n_fresh].copy()


@kernel
def _moved(g: int, ready: int, line: Line) -> bool:
    """Move an entity to the first of its places at which `ready` has come; False if none is.

    The search gallops from where it is.
    """
    offsets, cutoff, near = line.offsets, line.cutoff, line.near
    first, stop = offsets[g], offsets[g + 1]
    if first == stop or near[g, _LAST] < ready:
        return False
    low, high, guess, step = first, stop, near[g, _PLACE], 1
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
    near[g, _PLACE], near[g, _UPTO] = low, cutoff[low]
    near[g, _AFTER] = cutoff[low - 1] if low > first else _LEAST
    return True


@kernel
def settle(line: Line, longest: int) -> Ints:
    """(n,) the place whose row each label sees, -1 where it sees none, once all have arrived.

    Rows count only while ``event > cutoff - longest``; 0 for no limit.
    """
    offsets, cutoff, kept = line.offsets, line.cutoff, line.kept
    found = np.full(cutoff.size, -1, np.int64)
    for g in range(offsets.size - 1):
        best = -1
        for i in range(offsets[g], offsets[g + 1]):
            if kept[i, ROW] >= 0 and (
                best < 0
                or kept[i, EVENT] > kept[best, EVENT]
                or (kept[i, EVENT] == kept[best, EVENT] and kept[i, KNOWN] > kept[best, KNOWN])
            ):
                best = i
            if best >= 0 and (longest == 0 or kept[best, EVENT] > cutoff[i] - longest):
                found[i] = best
    return found


@kernel
def distinct(found: Ints) -> Ints:
    """The places (k,) in what `settle` found (n,), each once."""
    places = np.empty(found.size, np.int64)
    n, last = 0, -1
    for place in found:
        if place >= 0 and place != last:
            places[n] = last = place
            n += 1
    return places[:n].copy()


@kernel
def hand_out(found: Ints, rows: Places, order: Ints, given: Places) -> None:
    """Note in `given` the row of each label, by its number; of one that sees none it stays.

    `found` (n,) is what `settle` found, `rows` (k,) are those of the places that `distinct` gives,
    `order` (n,) the numbers of the labels.
    """
    n, last = -1, -1
    for i in range(found.size):
        if found[i] >= 0:
            n += found[i] != last
            last = found[i]
            given[order[i]] = rows[n]
