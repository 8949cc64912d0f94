"""Hashes of values and rows in two lanes of 64 bits, and sums of them that know no row order.

Lane `a` mixes with the finalizer of SplitMix64, lane `b` with that of MurmurHash3: both are one to
one, and each bit in moves about half of the bits out. All sums are modulo 2**64. The rule is in
docs/formats.md#fingerprint.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from proml_lab.kernels.kernel import kernel

Words = npt.NDArray[np.uint64]
START = 0x9E3779B97F4A7C15
NULL_A = 0xD1B54A32D192ED03
NULL_B = 0x8CB92BA72F3D8DD7

_START = np.uint64(START)
_NULL_A, _NULL_B = np.uint64(NULL_A), np.uint64(NULL_B)
_A1, _A2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_B1, _B2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_S27, _S30, _S31, _S33 = (np.uint64(shift) for shift in (27, 30, 31, 33))
_ZERO, _ONE, _EIGHT = np.uint64(0), np.uint64(1), np.uint64(8)
_SIGN, _INFINITY = np.uint64(0x8000000000000000), np.uint64(0x7FF0000000000000)
_NAN = np.uint64(0x7FF8000000000000)


@njit(cache=True, nogil=True, inline="always")
def mix_a(x: np.uint64) -> np.uint64:
    """SplitMix64's finalizer (Steele, Lea, Flood 2014)."""
    x = (x ^ (x >> _S30)) * _A1
    x = (x ^ (x >> _S27)) * _A2
    return x ^ (x >> _S31)


@njit(cache=True, nogil=True, inline="always")
def mix_b(x: np.uint64) -> np.uint64:
    """MurmurHash3's finalizer (Appleby 2011)."""
    x = (x ^ (x >> _S33)) * _B1
    x = (x ^ (x >> _S33)) * _B2
    return x ^ (x >> _S33)


@kernel
def add_column(
    words: tuple[Words, Words],
    keys: Words,
    there: npt.NDArray[np.bool_],
    lanes: tuple[Words, Words],
) -> None:
    """Add a column's mixed words to the row sums `lanes`, each (n,), in place.

    `words` are those of the values, (n,) each; `keys` (2,) are the column's own. `there` (n,) says
    which values are not null, which add nothing; it is empty where none is null.
    """
    word_a, word_b = words
    row_a, row_b = lanes
    key_a, key_b = keys[0], keys[1]
    if there.size:
        for i in range(row_a.size):
            keep = np.uint64(there[i])
            row_a[i] += keep * mix_a(word_a[i] + key_a)
            row_b[i] += keep * mix_b(word_b[i] + key_b)
    else:
        for i in range(row_a.size):
            row_a[i] += mix_a(word_a[i] + key_a)
            row_b[i] += mix_b(word_b[i] + key_b)


@kernel
def add_rows(lanes: tuple[Words, Words], sums: Words) -> None:
    """Mix each row's sums once more and add them to `sums` (2,), in place."""
    row_a, row_b = lanes
    total_a, total_b = _ZERO, _ZERO
    for i in range(row_a.size):
        total_a += mix_a(row_a[i] + _START)
        total_b += mix_b(row_b[i] + _START)
    sums[0] += total_a
    sums[1] += total_b


@kernel
def add_rows_by(
    lanes: tuple[Words, Words], parts: npt.NDArray[np.int64], sums: npt.NDArray[np.uint64]
) -> None:
    """As `add_rows`, for each of the `parts` (n,) that rows belong to; `sums` (p, 2)."""
    row_a, row_b = lanes
    for i in range(row_a.size):
        sums[parts[i], 0] += mix_a(row_a[i] + _START)
        sums[parts[i], 1] += mix_b(row_b[i] + _START)


@kernel
def floats(bits: Words) -> Words:
    """(n,) the bits of float64 values, with one zero and one NaN."""
    out = np.empty_like(bits)
    for i in range(bits.size):
        bare = bits[i] & ~_SIGN
        word = _ZERO if bare == _ZERO else bits[i]
        out[i] = _NAN if bare > _INFINITY else word
    return out


@njit(cache=True, nogil=True, inline="always")
def _eight(data: npt.NDArray[np.uint8], at: np.uint64) -> np.uint64:
    """Eight bytes as one number, the first the least; written so that it becomes one load."""
    return (
        np.uint64(data[at])
        | (np.uint64(data[at + np.uint64(1)]) << np.uint64(8))
        | (np.uint64(data[at + np.uint64(2)]) << np.uint64(16))
        | (np.uint64(data[at + np.uint64(3)]) << np.uint64(24))
        | (np.uint64(data[at + np.uint64(4)]) << np.uint64(32))
        | (np.uint64(data[at + np.uint64(5)]) << np.uint64(40))
        | (np.uint64(data[at + np.uint64(6)]) << np.uint64(48))
        | (np.uint64(data[at + np.uint64(7)]) << np.uint64(56))
    )


@kernel
def _few(data: npt.NDArray[np.uint8], at: np.uint64, stop: np.uint64) -> np.uint64:
    """The bytes ``at:stop``, fewer than eight, as one number."""
    word = _ZERO
    for k in range(at, stop):
        word |= np.uint64(data[k]) << (_EIGHT * (np.uint64(k) - at))
    return word


@kernel
def texts(offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> tuple[Words, Words]:
    """Two (n,) words of byte strings; string i is ``data[offsets[i]:offsets[i + 1]]``."""
    n, size = offsets.size - 1, np.uint64(data.size)
    out_a, out_b = np.empty(n, np.uint64), np.empty(n, np.uint64)
    for i in range(n):
        at, stop = np.uint64(offsets[i]), np.uint64(offsets[i + 1])
        length = stop - at
        a, b = mix_a(length + _START), mix_b(length + _START)
        while at + _EIGHT <= stop:
            word = _eight(data, at)
            a, b = mix_a(a + word), mix_b(b + word)
            at += _EIGHT
        if at < stop:
            if at + _EIGHT <= size:
                rest = (stop - at) * _EIGHT
                word = _eight(data, at) & ((_ONE << rest) - _ONE)
            else:
                word = _few(data, at, stop)
            a, b = mix_a(a + word), mix_b(b + word)
        out_a[i], out_b[i] = a, b
    return out_a, out_b


@kernel
def firsts(
    codes: npt.NDArray[np.uint32], there: npt.NDArray[np.bool_], most: int
) -> npt.NDArray[np.int64]:
    """For each code from 0 to the greatest, a row that has it, or -1.

    Empty if the greatest is over `most`, or no row counts. `there` says which rows count; it is
    empty where all do.
    """
    greatest, known = np.uint32(0), there.size == 0
    for i in range(codes.size):
        keep = np.uint32(1) if there.size == 0 else np.uint32(there[i])
        greatest = max(greatest, np.uint32(codes[i] * keep))
        known = known or bool(keep > 0)
    if np.int64(greatest) > most or not known:
        return np.empty(0, np.int64)
    rows = np.full(np.int64(greatest) + 1, -1, np.int64)
    for i in range(codes.size):
        keep = np.uint32(1) if there.size == 0 else np.uint32(there[i])
        code = np.uint32(codes[i] * keep)
        rows[code] = i if keep > 0 else rows[code]
    return rows


@kernel
def gather(
    codes: npt.NDArray[np.uint32], there: npt.NDArray[np.bool_], table: tuple[Words, Words]
) -> tuple[Words, Words]:
    """Two (n,) words: those that `table` has for each code; any where a row is not `there`."""
    of_a, of_b = table
    out_a, out_b = np.empty(codes.size, np.uint64), np.empty(codes.size, np.uint64)
    for i in range(codes.size):
        keep = np.uint32(1) if there.size == 0 else np.uint32(there[i])
        code = np.uint32(codes[i] * keep)
        out_a[i], out_b[i] = of_a[code], of_b[code]
    return out_a, out_b


@kernel
def lists(
    offsets: npt.NDArray[np.int64],
    words: tuple[Words, Words],
    there: npt.NDArray[np.bool_],
) -> tuple[Words, Words]:
    """Two (n,) words of lists; list i has the elements ``offsets[i]:offsets[i + 1]`` of `words`.

    `there` says which elements are not null; it is empty where none is null.
    """
    word_a, word_b = words
    n = offsets.size - 1
    out_a, out_b = np.empty(n, np.uint64), np.empty(n, np.uint64)
    for i in range(n):
        length = np.uint64(offsets[i + 1] - offsets[i])
        a, b = mix_a(length + _START), mix_b(length + _START)
        for k in range(offsets[i], offsets[i + 1]):
            if there.size and not there[k]:
                a, b = mix_a(a + _NULL_A), mix_b(b + _NULL_B)
            else:
                a, b = mix_a(a + word_a[k]), mix_b(b + word_b[k])
        out_a[i], out_b[i] = a, b
    return out_a, out_b
