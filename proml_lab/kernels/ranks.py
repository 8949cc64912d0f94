"""Different values and quantiles of windows that slide: values as numbers inside their group."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proml_lab.kernels.asof import Ints
from proml_lab.kernels.kernel import kernel
from proml_lab.kernels.sorting import sort
from proml_lab.kernels.windows import Floats, Rows, Window, begins, moves, room

Words = npt.NDArray[np.uint64]
_MIX = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(1)
_EMPTY = -1


@kernel
def number(group: Ints, offsets: Ints, values: Ints, out: Ints) -> None:
    """Fills `out` (m,) where groups have labels: a number, from 0, for each value of a group."""
    most = room(group, offsets)
    bits = 1
    while (1 << bits) < 2 * most:
        bits += 1
    places = np.empty(1 << bits, np.int64)
    for i in range(group.size):
        if not begins(group, i):
            continue
        first, last = offsets[group[i]], offsets[group[i] + 1]
        bits = 1
        while (1 << bits) < 2 * (last - first):
            bits += 1
        places[: 1 << bits] = _EMPTY
        n = 0
        for row in range(first, last):
            place = np.int64((np.uint64(values[row]) * _MIX) >> np.uint64(64 - bits))
            while places[place] != _EMPTY and values[places[place]] != values[row]:
                place = (place + 1) & ((1 << bits) - 1)
            if places[place] == _EMPTY:
                places[place] = row
                out[row] = n
                n += 1
            else:
                out[row] = out[places[place]]


@kernel
def distinct(window: Window, rows: Rows, numbers: Ints) -> Ints:
    """(n,) how many of the `numbers` (m,), from `number`, each window has."""
    out = np.zeros(window.group.size, np.int64)
    most = room(window.group, rows.offsets)
    entering = np.empty(most, np.int64)
    leaving = np.empty_like(entering)
    times = np.zeros(most, np.int64)
    n = 0
    for i in range(out.size):
        n_in, n_out = moves(window, rows, i, entering, leaving)
        if begins(window.group, i):
            n = 0
            times[: rows.offsets[window.group[i] + 1] - rows.offsets[window.group[i]]] = 0
        for row in leaving[:n_out]:
            times[numbers[row]] -= 1
            n -= times[numbers[row]] == 0
        for row in entering[:n_in]:
            n += times[numbers[row]] == 0
            times[numbers[row]] += 1
        out[i] = n
    return out


@kernel
def rank(group: Ints, offsets: Ints, values: Floats, ranks: Ints, ascending: Floats) -> None:
    """Fills `ranks` and `ascending` (m,), for groups with labels.

    The rank of a row is its place, from 0, among the values of its group, `ascending` inside it.
    """
    most = room(group, offsets)
    spare, aside, places = np.empty(most), np.empty(most, np.int64), np.empty(most, np.int64)
    for i in range(group.size):
        if not begins(group, i):
            continue
        first, last = offsets[group[i]], offsets[group[i] + 1]
        for row in range(first, last):
            ascending[row], ranks[row] = values[row], row
        sort(ascending, ranks, first, last, spare, aside)
        for row in range(first, last):
            places[ranks[row] - first] = row - first
        for row in range(first, last):
            ranks[row] = places[row - first]


@kernel
def quantiles(window: Window, rows: Rows, ranks: Ints, ascending: Floats, q: float) -> Floats:
    """(n,) the quantile `q` of each window, linear between two values; NaN if it is empty.

    `ranks` and `ascending` are those of `rank`. A window is a set of ranks: a bit each, with
    counts of 64 and of 64 · 64 words.
    """
    out = np.full(window.group.size, np.nan)
    most = room(window.group, rows.offsets)
    entering = np.empty(most, np.int64)
    leaving = np.empty_like(entering)
    bits = np.zeros((most >> 6) + 1, np.uint64)
    fine = np.zeros((most >> 12) + 1, np.int64)
    coarse = np.zeros((most >> 18) + 1, np.int64)
    n = 0
    for i in range(out.size):
        first = rows.offsets[window.group[i]]
        n_in, n_out = moves(window, rows, i, entering, leaving)
        if begins(window.group, i):
            size = rows.offsets[window.group[i] + 1] - first
            bits[: (size >> 6) + 1] = 0
            fine[: (size >> 12) + 1] = 0
            coarse[: (size >> 18) + 1] = 0
            n = 0
        for row in leaving[:n_out]:
            _turn(bits, fine, coarse, ranks[row], -1)
        for row in entering[:n_in]:
            _turn(bits, fine, coarse, ranks[row], 1)
        n += n_in - n_out
        if n:
            place = (n - 1) * q
            below = int(place)
            one = _select(bits, fine, coarse, below)
            other = _next(bits, one) if below + 1 < n else one
            part = place - below
            out[i] = _between(ascending[first + one], ascending[first + other], part)
    return out


@kernel
def _turn(bits: Words, fine: Ints, coarse: Ints, rank: int, change: int) -> None:
    """Put a rank in or take it out."""
    bits[rank >> 6] ^= _ONE << np.uint64(rank & 63)
    fine[rank >> 12] += change
    coarse[rank >> 18] += change


@kernel
def _select(bits: Words, fine: Ints, coarse: Ints, k: int) -> int:
    """The rank that has k others below it."""
    place = 0
    while k >= coarse[place]:
        k -= coarse[place]
        place += 1
    place <<= 6
    while k >= fine[place]:
        k -= fine[place]
        place += 1
    place <<= 6
    n = _ones(bits[place])
    while k >= n:
        k -= n
        place += 1
        n = _ones(bits[place])
    word = bits[place]
    for _ in range(k):
        word &= word - _ONE
    return (place << 6) + _lowest(word)


@kernel
def _next(bits: Words, rank: int) -> int:
    """The next rank that is in."""
    place = rank >> 6
    word = (bits[place] >> np.uint64(rank & 63)) >> _ONE
    if word:
        return rank + 1 + _lowest(word)
    place += 1
    while bits[place] == 0:
        place += 1
    return (place << 6) + _lowest(bits[place])


@kernel
def _ones(word: np.uint64) -> int:
    """How many bits are set."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def _lowest(word: np.uint64) -> int:
    """The place of the lowest bit that is set."""
    return _ones(~word & (word - _ONE))


@kernel
def _between(a: float, b: float, part: float) -> float:
    """The value at `part` of the way from a to b, reckoned from the nearer end, as NumPy does."""
    if np.isinf(b - a):
        return a * (1.0 - part) + b * part
    return b - (b - a) * (1.0 - part) if part >= 0.5 else a + (b - a) * part
