"""Keys of one group put in order together with their places; quick where they nearly are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proml_lab.kernels.asof import Ints
from proml_lab.kernels.kernel import kernel

Keys = npt.NDArray[np.int64] | npt.NDArray[np.float64]
_RUN = 16


@kernel
def sort(keys: Keys, places: Ints, first: int, last: int, spare: Keys, aside: Ints) -> None:
    """Sort first : last of `keys`, which are no NaN, and of `places` alike; equal keys stay put.

    `spare` and `aside` have room for last - first of each. A merge sort of runs of 16; two runs
    that are in order already cost one comparison.
    """
    for start in range(first, last, _RUN):
        for i in range(start + 1, min(start + _RUN, last)):
            key, place, j = keys[i], places[i], i
            while j > start and keys[j - 1] > key:
                keys[j], places[j] = keys[j - 1], places[j - 1]
                j -= 1
            keys[j], places[j] = key, place
    width = _RUN
    while width < last - first:
        for start in range(first, last - width, 2 * width):
            middle, end = start + width, min(start + 2 * width, last)
            if keys[middle - 1] > keys[middle]:
                _merge(keys, places, start, middle, end, spare, aside)
        width *= 2


@kernel
def _merge(
    keys: Keys, places: Ints, start: int, middle: int, end: int, spare: Keys, aside: Ints
) -> None:
    width = middle - start
    for i in range(width):
        spare[i], aside[i] = keys[start + i], places[start + i]
    left, right, to = 0, middle, start
    while left < width and right < end:
        if spare[left] <= keys[right]:
            keys[to], places[to] = spare[left], aside[left]
            left += 1
        else:
            keys[to], places[to] = keys[right], places[right]
            right += 1
        to += 1
    while left < width:
        keys[to], places[to] = spare[left], aside[left]
        left += 1
        to += 1
