"""Distinct values numbered by hash tables. Hashes only guide: values are compared, so that two
values with one hash cost time and never an answer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proml_lab.kernels.kernel import kernel

Ints = npt.NDArray[np.int64]
Slots = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
_SMALLEST = 1024


@kernel
def mixed(values: Ints) -> Words:
    """(n,) hashes of whole numbers: SplitMix64's finalizer."""
    out = np.empty(values.size, np.uint64)
    for i in range(values.size):
        x = np.uint64(values[i])
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        out[i] = x ^ (x >> np.uint64(31))
    return out


@kernel
def _doubled(hashes: Words, n: int, size: int) -> Slots:
    """A table of `size` slots, a power of two, of the first `n` numbers."""
    slots = np.full(size, -1, np.int32)
    mask = np.uint64(size - 1)
    for number in range(n):
        at = hashes[number] & mask
        while slots[at] >= 0:
            at = (at + np.uint64(1)) & mask
        slots[at] = number
    return slots


@kernel
def number_ints(values: Ints, hashes: Words, there: Flags) -> tuple[Ints, Slots, Ints]:
    """Whole numbers, numbered from 0 in the order in which they first appear.

    `values`, `hashes` (n,); `there` (n,) says which are not null, it is empty where all are.
    Returns the number of each (n,), -1 for a null, and what `find_ints` looks in: its slots and
    the (e,) distinct values.
    """
    codes = np.full(values.size, -1, np.int64)
    kept_values = np.empty(_SMALLEST, np.int64)
    kept_hashes = np.empty(_SMALLEST, np.uint64)
    slots = np.full(2 * _SMALLEST, -1, np.int32)
    n, mask = 0, np.uint64(slots.size - 1)
    for i in range(values.size):
        if there.size and not there[i]:
            continue
        at = hashes[i] & mask
        while slots[at] >= 0 and kept_values[slots[at]] != values[i]:
            at = (at + np.uint64(1)) & mask
        if slots[at] < 0:
            if n == kept_values.size:
                kept_values = np.concatenate((kept_values, np.empty_like(kept_values)))
                kept_hashes = np.concatenate((kept_hashes, np.empty_like(kept_hashes)))
                slots = _doubled(kept_hashes, n, 4 * n)
                mask = np.uint64(slots.size - 1)
                at = hashes[i] & mask
                while slots[at] >= 0:
                    at = (at + np.uint64(1)) & mask
            kept_values[n], kept_hashes[n] = values[i], hashes[i]
            slots[at] = n
            n += 1
        codes[i] = slots[at]
    return codes, slots, kept_values[:n].copy()


@kernel
def find_ints(values: Ints, hashes: Words, there: Flags, slots: Slots, distinct: Ints) -> Ints:
    """(m,) the numbers that `number_ints` gave `values`, -1 for others and for nulls."""
    codes = np.full(values.size, -1, np.int64)
    mask = np.uint64(slots.size - 1)
    for i in range(values.size):
        if there.size and not there[i]:
            continue
        at = hashes[i] & mask
        while slots[at] >= 0 and distinct[slots[at]] != values[i]:
            at = (at + np.uint64(1)) & mask
        codes[i] = slots[at]
    return codes


@kernel
def _same(
    offsets: Ints, data: Bytes, i: int, other_offsets: Ints, other_data: Bytes, k: int
) -> bool:
    """Whether text i of one column is text k of another, byte for byte."""
    start, other = offsets[i], other_offsets[k]
    size = offsets[i + 1] - start
    if other_offsets[k + 1] - other != size:
        return False
    j = 0
    while j < size and data[start + j] == other_data[other + j]:
        j += 1
    return bool(j == size)


@kernel
def number_texts(
    offsets: Ints, data: Bytes, hashes: Words, there: Flags
) -> tuple[Ints, Slots, Ints, Words]:
    """Texts, numbered from 0 in the order in which they first appear.

    Text i is ``data[offsets[i]:offsets[i + 1]]``; `hashes` and `there` as in `number_ints`.
    Returns the number of each (n,), -1 for a null, and what `find_texts` looks in: its slots, the
    (e,) first places of the distinct texts and their hashes.
    """
    n_texts = offsets.size - 1
    codes = np.full(n_texts, -1, np.int64)
    first = np.empty(_SMALLEST, np.int64)
    kept = np.empty(_SMALLEST, np.uint64)
    slots = np.full(2 * _SMALLEST, -1, np.int32)
    n, mask = 0, np.uint64(slots.size - 1)
    for i in range(n_texts):
        if there.size and not there[i]:
            continue
        at = hashes[i] & mask
        while slots[at] >= 0:
            known = slots[at]
            if kept[known] == hashes[i] and _same(offsets, data, i, offsets, data, first[known]):
                break
            at = (at + np.uint64(1)) & mask
        if slots[at] < 0:
            if n == first.size:
                first = np.concatenate((first, np.empty_like(first)))
                kept = np.concatenate((kept, np.empty_like(kept)))
                slots = _doubled(kept, n, 4 * n)
                mask = np.uint64(slots.size - 1)
                at = hashes[i] & mask
                while slots[at] >= 0:
                    at = (at + np.uint64(1)) & mask
            first[n], kept[n] = i, hashes[i]
            slots[at] = n
            n += 1
        codes[i] = slots[at]
    return codes, slots, first[:n].copy(), kept[:n].copy()


@kernel
def find_texts(
    offsets: Ints,
    data: Bytes,
    hashes: Words,
    there: Flags,
    table: tuple[Slots, Ints, Words, Ints, Bytes],
) -> Ints:
    """(m,) the numbers that `number_texts` gave these texts, -1 for others and for nulls.

    `table` is its slots, first places and hashes, and the offsets and data that it was given.
    """
    slots, first, kept, known_offsets, known_data = table
    codes = np.full(offsets.size - 1, -1, np.int64)
    mask = np.uint64(slots.size - 1)
    for i in range(codes.size):
        if there.size and not there[i]:
            continue
        at = hashes[i] & mask
        while slots[at] >= 0:
            known = slots[at]
            if kept[known] == hashes[i] and _same(
                offsets, data, i, known_offsets, known_data, first[known]
            ):
                break
            at = (at + np.uint64(1)) & mask
        codes[i] = slots[at]
    return codes
