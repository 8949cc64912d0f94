"""Look-ups in rows that are laid out by group and time. Times are int64, of any one unit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proml_lab.kernels.kernel import kernel

Ints = npt.NDArray[np.int64]


@kernel
def layout(groups: Ints, n_groups: int) -> tuple[Ints, Ints]:
    """Rows put together by group, in their old order inside it: a counting sort.

    `groups` (n,) is the group of each row, -1 to leave it out. Returns the row numbers (m,) in
    their new order and the (n_groups + 1,) offsets: group g has rows offsets[g] : offsets[g + 1].
    """
    offsets = np.zeros(n_groups + 1, np.int64)
    for group in groups:
        if group >= 0:
            offsets[group + 1] += 1
    for g in range(n_groups):
        offsets[g + 1] += offsets[g]
    free = offsets[:-1].copy()
    order = np.empty(offsets[-1], np.int64)
    for row in range(groups.size):
        group = groups[row]
        if group >= 0:
            order[free[group]] = row
            free[group] += 1
    return order, offsets


@kernel
def positions(group: Ints, limit: Ints, offsets: Ints, times: Ints) -> Ints:
    """Per label (n,), where the rows of its group with ``time <= limit`` end; 0 for group -1.

    `times` (m,) ascend inside each group. The search gallops from where the group's last label
    ended, so labels in order of time cost next to nothing, and others a binary search.
    """
    out = np.zeros(group.size, np.int64)
    near = offsets[:-1].copy()
    for i in range(group.size):
        g = group[i]
        if g < 0:
            continue
        low, high = offsets[g], offsets[g + 1]
        guess, step = near[g], 1
        if guess > low and times[guess - 1] > limit[i]:
            high = guess - 1
            while high - step > low and times[high - step] > limit[i]:
                high -= step
                step *= 2
            low = max(low, high - step)
        else:
            low = guess
            while low + step < high and times[low + step] <= limit[i]:
                low += step
                step *= 2
            high = min(high, low + step)
        while low < high:
            middle = (low + high) >> 1
            if times[middle] <= limit[i]:
                low = middle + 1
            else:
                high = middle
        out[i] = low
        near[g] = low
    return out
