"""One pass over a column: moments, a table of few values, registers that count many, a sample.

What two passes find can be put together: tables add up, registers take the greater, samples are
weighed. Words are hashed with `rowhash.mix_a`, so that the same value has the same hash in every
pass, on every machine.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from proml_lab.kernels.kernel import kernel
from proml_lab.kernels.rowhash import START, mix_a

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
FEW = 4096
"""So many different values are counted one by one."""
REGISTERS = 4096
_SLOTS = 4 * FEW
_START = np.uint64(START)
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_S12, _S32, _S52 = np.uint64(12), np.uint64(32), np.uint64(52)
_REST = np.uint64((1 << 52) - 1)
_LOW = np.uint64(0xFFFFFFFF)
_LAST = np.uint64(_SLOTS - 1)


@kernel
def numbers(
    values: Floats, step: int, seed: int
) -> tuple[Ints, Floats, Words, Ints, Bytes, Floats]:
    """What there is to know of `values` (n,), NaN for those that are missing.

    Returns
    -------
    counts
        (3,) finite values, infinite ones, different finite ones or -1 if more than `FEW`.
    moments
        (4,) least, greatest, mean, sum of squared distances to the mean; of finite values.
    words, tally
        Bits of the different values and how often each stands; empty if more than `FEW`.
    registers
        (4096,) of HyperLogLog (Flajolet et al. 2007).
    sample
        One finite value of every `step`, drawn by `seed`.
    """
    counts = np.zeros(3, np.int64)
    slots, tally = np.zeros(_SLOTS, np.uint64), np.zeros(_SLOTS, np.int64)
    bounds = np.full(REGISTERS, _REST, np.uint64)
    sample = np.empty(values.size // step + 1, np.float64)
    n, infinite, different, taken = 0, 0, 0, 0
    low, high, total, shift, squares = np.inf, -np.inf, 0.0, 0.0, 0.0
    drawn = _draw(seed, 0, step)
    inside = 0
    for value in values:
        if not np.isfinite(value):
            infinite += value == value
            continue
        x = value + 0.0  # one zero
        if n == 0:
            shift = x
        n += 1
        low, high = min(low, x), max(high, x)
        apart = x - shift
        total += apart
        squares += apart * apart
        if inside == drawn:
            sample[taken] = x
            taken += 1
        inside += 1
        if inside == step:
            inside = 0
            drawn = _draw(seed, n, step)
        word = np.float64(x).view(np.uint64)
        hashed = mix_a(word + _START)
        if different >= 0:
            different = _add(word, hashed, slots, tally, different)
        if different < 0:
            _note(hashed, bounds)
    counts[0], counts[1], counts[2] = n, infinite, different
    moments = np.array([low, high, np.nan, 0.0])
    if n:
        moments[2] = shift + total / n
        moments[3] = max(0.0, squares - total * total / n)
    words, often = _filled(slots, tally, different, bounds)
    return counts, moments, words, often, _registers(bounds), sample[:taken]


@kernel
def words(given: Words, there: npt.NDArray[np.bool_]) -> tuple[int, Words, Ints, Ints, Bytes]:
    """The same of `given` (n,) hashes, of which those count that are `there`; empty if all are.

    Returns how many are different or -1 if more than `FEW`, these with how often each stands and
    the first row that has it, and the registers.
    """
    slots, tally = np.zeros(_SLOTS, np.uint64), np.zeros(_SLOTS, np.int64)
    bounds = np.full(REGISTERS, _REST, np.uint64)
    different = 0
    everything = there.size == 0
    for i in range(given.size):
        if not (everything or there[i]):
            continue
        hashed = mix_a(given[i] + _START)
        if different >= 0:
            different = _add(given[i], hashed, slots, tally, different)
        if different < 0:
            _note(hashed, bounds)
    found, often = _filled(slots, tally, different, bounds)
    rows = np.full(found.size, -1, np.int64)
    if found.size:
        place_of = np.full(_SLOTS, -1, np.int64)
        for k in range(found.size):
            place_of[_slot(found[k], mix_a(found[k] + _START), slots, tally)] = k
        missing = found.size
        for i in range(given.size):
            if everything or there[i]:
                k = place_of[_slot(given[i], mix_a(given[i] + _START), slots, tally)]
                if rows[k] < 0:
                    rows[k] = i
                    missing -= 1
                    if missing == 0:
                        break
    return different, found, often, rows, _registers(bounds)


@kernel
def short_texts(views: Words) -> Words:
    """(n,) the first words of `rowhash.texts` for texts of at most 12 bytes.

    `views` (2 n,) are Arrow's string views: the length and the bytes themselves.
    """
    out = np.empty(views.size // 2, np.uint64)
    for i in range(out.size):
        head, tail = views[2 * i], views[2 * i + 1]
        length = head & _LOW
        word = mix_a(length + _START)
        if length > _ZERO:
            word = mix_a(word + ((head >> _S32) | (tail << _S32)))
        if length > np.uint64(8):
            word = mix_a(word + (tail >> _S32))
        out[i] = word
    return out


@kernel
def lengths(views: Words) -> np.int64:
    """The greatest length of texts, from their string views."""
    longest = _ZERO
    for i in range(views.size // 2):
        longest = max(longest, views[2 * i] & _LOW)
    return np.int64(longest)


@njit(cache=True, nogil=True, inline="always")
def _draw(seed: int, block: int, step: int) -> np.int64:
    if step == 1:
        return np.int64(0)
    return np.int64(mix_a(np.uint64(seed) * _START + np.uint64(block)) % np.uint64(step))


@njit(cache=True, nogil=True, inline="always")
def _slot(word: np.uint64, hashed: np.uint64, slots: Words, tally: Ints) -> np.uint64:
    """The slot that has `word`, or the first free one for it."""
    at = hashed & _LAST
    while tally[at] and slots[at] != word:
        at = (at + _ONE) & _LAST
    return at


@njit(cache=True, nogil=True, inline="always")
def _note(hashed: np.uint64, bounds: Words) -> None:
    """Let the register of a hash know its rest: the least rest is what counts."""
    place = hashed >> _S52
    rest = hashed & _REST
    if rest < bounds[place]:
        bounds[place] = rest


@njit(cache=True, nogil=True, inline="always")
def _add(word: np.uint64, hashed: np.uint64, slots: Words, tally: Ints, different: int) -> int:
    """Count `word`; the number of different ones, -1 once they are too many."""
    at = _slot(word, hashed, slots, tally)
    if tally[at] == 0:
        if different == FEW:
            return -1
        slots[at] = word
        different += 1
    tally[at] += 1
    return different


@kernel
def _filled(slots: Words, tally: Ints, different: int, bounds: Words) -> tuple[Words, Ints]:
    """The different words and how often each stands, none if too many; all are noted."""
    n = max(different, 0)
    found, often = np.empty(n, np.uint64), np.empty(n, np.int64)
    k = 0
    for at in range(_SLOTS):
        if tally[at]:
            _note(mix_a(slots[at] + _START), bounds)
            if n:
                found[k], often[k] = slots[at], tally[at]
                k += 1
    return found, often


@kernel
def _registers(bounds: Words) -> Bytes:
    """One more than the zeros before the first one, of the least rest of each register."""
    out = np.zeros(REGISTERS, np.uint8)
    for i in range(REGISTERS):
        rest = bounds[i]
        if rest == _REST:
            continue
        zeros = 1
        bit = _ONE << np.uint64(51)
        while bit and not rest & bit:
            zeros += 1
            bit >>= _ONE
        out[i] = zeros
    return out
