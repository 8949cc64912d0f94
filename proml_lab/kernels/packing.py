"""Rows of groups, put side by side for `proml_lab.kernels.newton`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proml_lab.kernels.kernel import kernel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@kernel
def places(group: Ints, start: Ints, step: Ints) -> Ints:
    """(n,) where each row goes: the first of group g to ``start[g]``, the next ``step[g]`` on.

    A row goes nowhere, to -1, where its group is below 0 or the group's start is.
    """
    found = np.empty(len(group), np.int64)
    following = start.copy()
    for i in range(len(group)):
        g = group[i]
        if g < 0 or start[g] < 0:
            found[i] = -1
        else:
            found[i] = following[g]
            following[g] += step[g]
    return found


@kernel
def scatter(values: Floats, place: Ints, out: Floats) -> None:
    """``out[place[i]] = values[i]`` for the rows (n,) that have a place."""
    for i in range(len(place)):
        if place[i] >= 0:
            out[place[i]] = values[i]


@kernel
def gather(values: Floats, place: Ints, out: Floats) -> None:
    """``out[i] = values[place[i]]`` for the rows (n,) that have a place."""
    for i in range(len(place)):
        if place[i] >= 0:
            out[i] = values[place[i]]
