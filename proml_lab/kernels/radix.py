"""Rows put in order of group and time by their bits. Times are int64, of one unit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proml_lab.kernels.kernel import kernel
from proml_lab.kernels.sorting import sort

Ints = npt.NDArray[np.int64]
_WORD = 63
_DIGIT = 11
"""Bits a pass looks at: 2,048 places to write to keep within the processor's nearest caches."""
_MORE = 8
"""A row's group and time are sorted by so many bits more than it takes to number the rows."""


def layout(groups: Ints, times: Ints, n_groups: int) -> tuple[Ints, Ints, Ints]:
    """Rows by group and time; rows with both the same stay in their old order.

    `groups` (n,) is the group of each row, -1 to leave it out, `times` (n,) its time. Returns the
    row numbers (m,) in their new order, the (n_groups + 1,) offsets, group g having rows
    offsets[g] : offsets[g + 1], and the times (m,) of the rows in that order.

    Each row is one word: group, the leading bits of those in which times differ, and its number.
    Words are sorted by all but the number, from the last digit to the first; what differs in the
    bits that had no room in the word is then merged.
    """
    room = np.empty(groups.size, np.int64), np.empty(groups.size, np.int64)
    by_time = np.empty(groups.size, np.int64)  # by numpy: it asks for large pages
    return _laid_out(groups, times, n_groups, room, by_time)


@kernel
def _laid_out(
    groups: Ints, times: Ints, n_groups: int, room: tuple[Ints, Ints], by_time: Ints
) -> tuple[Ints, Ints, Ints]:
    """As `layout`, whose results lie in `room` (n,) twice and `by_time` (n,)."""
    offsets, first, most, varying = _measured(groups, times, n_groups)
    for_place, for_group = _width(groups.size), _width(max(n_groups - 1, 0))
    unused = 0
    while varying and not (varying >> np.uint64(unused)) & np.uint64(1):
        unused += 1
    for_time = _width(most >> np.uint64(unused))
    n_passes = -(-min(for_group + for_time, max(for_place + _MORE, for_group)) // _DIGIT)
    kept = min(for_time, n_passes * _DIGIT - for_group, _WORD - for_place - for_group)
    shift = np.uint64(unused + for_time - kept)
    n = offsets[-1]
    words, spare, by_time = room[0][:n], room[1][:n], by_time[:n]
    at = 0
    for row in range(groups.size):
        if groups[row] >= 0:
            time = np.int64((np.uint64(times[row]) - first) >> shift) if kept else np.int64(0)
            words[at] = (((groups[row] << kept) | time) << for_place) | row
            at += 1
    words, order = _sorted(words, spare, for_place, for_group + kept)
    for i in range(n):
        order[i] = words[i] & ((1 << for_place) - 1)
        by_time[i] = times[order[i]]
    if kept < for_time:
        _merge(words, for_place, by_time, order)
    return order, offsets, by_time


@kernel
def _width(number: int | np.uint64) -> int:
    """How many bits a whole number takes."""
    bits, left = 0, np.uint64(number)
    while left:
        left >>= np.uint64(1)
        bits += 1
    return bits


@kernel
def _measured(
    groups: Ints, times: Ints, n_groups: int
) -> tuple[Ints, np.uint64, np.uint64, np.uint64]:
    """The offsets, the least time, the greatest above it, and the bits in which times differ."""
    offsets = np.zeros(n_groups + 1, np.int64)
    low, high, varying = np.iinfo(np.int64).max, np.iinfo(np.int64).min, np.uint64(0)
    for row in range(groups.size):
        if groups[row] >= 0:
            offsets[groups[row] + 1] += 1
            low, high = min(low, times[row]), max(high, times[row])
    first = np.uint64(low)
    for row in range(groups.size):
        if groups[row] >= 0:
            varying |= np.uint64(times[row]) - first
    for group in range(n_groups):
        offsets[group + 1] += offsets[group]
    return offsets, first, np.uint64(high) - first, varying


@kernel
def _sorted(words: Ints, spare: Ints, low: int, width: int) -> tuple[Ints, Ints]:
    """The words (m,) by their `width` bits from bit `low` on; equal ones stay in their order.

    They lie in one of the two arrays (m,) afterwards, which is the first that is returned.
    """
    n_passes = -(-width // _DIGIT)
    starts = np.zeros((n_passes, 1 << _DIGIT), np.int64)
    mask = (1 << _DIGIT) - 1
    for word in words:
        for k in range(n_passes):
            starts[k, (word >> (low + k * _DIGIT)) & mask] += 1
    for k in range(n_passes):
        to = 0
        for digit in range(1 << _DIGIT):
            n = starts[k, digit]
            starts[k, digit] = to
            to += n
        free, shift = starts[k], low + k * _DIGIT
        for word in words:
            digit = (word >> shift) & mask
            spare[free[digit]] = word
            free[digit] += 1
        words, spare = spare, words
    return words, spare


@kernel
def _merge(words: Ints, low: int, times: Ints, order: Ints) -> None:
    """Sort rows of which the words are the same from bit `low` on by their whole times."""
    begin, room = 0, 0
    spare, aside = np.empty(0, np.int64), np.empty(0, np.int64)
    while begin < words.size:
        end = begin + 1
        while end < words.size and words[end] >> low == words[begin] >> low:
            end += 1
        if end - begin > room:
            room = min(2 * (end - begin), words.size)
            spare, aside = np.empty(room, np.int64), np.empty(room, np.int64)
        if end - begin > 1:
            sort(times, order, begin, end, spare, aside)
        begin = end
