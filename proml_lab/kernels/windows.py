"""Sums, counts and least values of the rows in a window of time that were known at its end.

Rows are laid out as in `proml_lab.kernels.asof`, in groups and by event time. Method and cost:
docs/method.md#windows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from proml_lab.kernels.asof import Ints

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
BLOCK = 64
SHORT = 64


class Window(NamedTuple):
    """Per label (n,): the rows of its window, start : stop, and how much of them was known.

    `begin` is the first row of the label's group. All rows before `settled` were known at the
    cutoff. `reached` is the end of the rows that were known, among rows in the order in which
    they became known.
    """

    begin: Ints
    start: Ints
    stop: Ints
    settled: Ints
    reached: Ints


class Running(NamedTuple):
    """Per row (m,): count and sum of the used values of its group up to it."""

    counts: Ints
    sums: Floats


@njit(cache=True, nogil=True)
def newest(times: Ints, offsets: Ints) -> Ints:
    """(m,) the greatest of the times of the group up to each row."""
    out = times.copy()
    for g in range(offsets.size - 1):
        for row in range(offsets[g] + 1, offsets[g + 1]):
            out[row] = max(out[row], out[row - 1])
    return out


@njit(cache=True, nogil=True)
def running(values: Floats, used: Flags, offsets: Ints) -> Running:
    """Counts and sums of the used values, begun anew in each group."""
    counts = np.zeros(values.size, np.int64)
    sums = np.zeros(values.size, np.float64)
    for g in range(offsets.size - 1):
        count, total = 0, 0.0
        for row in range(offsets[g], offsets[g + 1]):
            if used[row]:
                count += 1
                total += values[row]
            counts[row] = count
            sums[row] = total
    return Running(counts, sums)


@njit(cache=True, nogil=True)
def totals(
    window: Window,
    cutoff: Ints,
    known: Ints,
    values: Floats,
    used: Flags,
    by_event: Running,
    by_known: Running,
) -> tuple[Ints, Floats]:
    """Per label, the count and the sum of the used values in its window.

    What was known by the cutoff, less what lies before the window, plus those of the latter that
    were not known yet. A short window is added up row by row: its sum then owes nothing to the
    rows before it.
    """
    n = np.zeros(cutoff.size, np.int64)
    total = np.zeros(cutoff.size, np.float64)
    for i in range(cutoff.size):
        begin, start, stop = window.begin[i], window.start[i], window.stop[i]
        if stop - start <= max(SHORT, start - window.settled[i]):
            for row in range(start, stop):
                if used[row] and known[row] <= cutoff[i]:
                    n[i] += 1
                    total[i] += values[row]
            continue
        last = window.reached[i] - 1
        if last >= begin:
            n[i] = by_known.counts[last]
            total[i] = by_known.sums[last]
        if start > begin:
            n[i] -= by_event.counts[start - 1]
            total[i] -= by_event.sums[start - 1]
        for row in range(window.settled[i], start):
            if used[row] and known[row] > cutoff[i]:
                n[i] += 1
                total[i] += values[row]
    return n, total


@njit(cache=True, nogil=True)
def block_minima(values: Floats, used: Flags) -> Floats:
    """Least used value of every `BLOCK` rows, infinity where none is used."""
    out = np.full((values.size + BLOCK - 1) // BLOCK, np.inf)
    for row in range(values.size):
        if used[row] and values[row] < out[row // BLOCK]:
            out[row // BLOCK] = values[row]
    return out


@njit(cache=True, nogil=True)
def minima(
    window: Window, cutoff: Ints, known: Ints, values: Floats, used: Flags, blocks: Floats
) -> Floats:
    """Per label, the least used value in its window; infinity where there is none.

    Settled rows are taken by blocks, the others one by one.
    """
    out = np.full(cutoff.size, np.inf)
    for i in range(cutoff.size):
        row, settled = window.start[i], window.settled[i]
        while row < window.stop[i]:
            if row % BLOCK == 0 and row + BLOCK <= settled:
                out[i] = min(out[i], blocks[row // BLOCK])
                row += BLOCK
                continue
            if used[row] and (row < settled or known[row] <= cutoff[i]):
                out[i] = min(out[i], values[row])
            row += 1
    return out


@njit(cache=True, nogil=True)
def centred(values: Floats, used: Flags, offsets: Ints) -> Floats:
    """Values less the mean of their group, rounded: whole numbers stay whole, sums stay exact."""
    out = np.zeros(values.size, np.float64)
    for g in range(offsets.size - 1):
        count, mean = 0, 0.0
        for row in range(offsets[g], offsets[g + 1]):
            if used[row]:
                count += 1
                mean += (values[row] - mean) / count
        for row in range(offsets[g], offsets[g + 1]):
            if used[row]:
                out[row] = values[row] - np.rint(mean)
    return out
