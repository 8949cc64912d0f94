"""The rows of a random effect, group by group, as its kernel reads them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from proml_lab.contracts import Floats

if TYPE_CHECKING:
    from proml_lab.kernels.newton import Packs

Ints = npt.NDArray[np.int64]
LANES = 32
LARGE = 2 * LANES
"""Groups with more rows fill all lanes of a pack; those with less share one, a lane each."""


@dataclass(frozen=True)
class GroupedRows:
    """n rows of g groups with d columns each, in packs of `LANES` lanes.

    Attributes
    ----------
    packs
        What `proml_lab.kernels.newton.fit` reads.
    groups
        (packs, lanes) the group of each lane; -1 where a lane is empty.
    place
        (n,) where each row stands in ``packs.y``, flat; -1 for a row that stands nowhere.
    n_groups
        g; groups without rows have no lane.
    """

    packs: Packs
    groups: Ints
    place: Ints
    n_groups: int

    @property
    def n_columns(self) -> int:
        return int(self.packs.x.shape[1])

    @cached_property
    def first_lane(self) -> tuple[Ints, Ints]:
        """(pack, lane) of each group that has rows, ascending by group: see `present`."""
        at = np.full(self.n_groups, -1, np.int64)
        pack, lane = np.nonzero(self.groups[:, ::-1] >= 0)  # of a whole pack, lane 0 comes last
        lane = self.groups.shape[1] - 1 - lane
        at[self.groups[pack, lane]] = pack * self.groups.shape[1] + lane
        found = at[at >= 0]
        return found // self.groups.shape[1], found % self.groups.shape[1]

    @cached_property
    def present(self) -> Ints:
        """The groups that have rows, ascending."""
        return np.unique(self.groups[self.groups >= 0])

    def spread(self, values: Floats) -> Floats:
        """(rows, lanes) of `values` (n,), one a row; 0 where there is no row."""
        from proml_lab.kernels.packing import scatter

        out = np.zeros(self.packs.y.shape)
        scatter(values, self.place, out.reshape(-1))
        return out

    def to_lanes(self, table: Floats) -> Floats:
        """(packs, d, lanes) of a `table` (g, d) with a line a group; 0 in empty lanes."""
        out = np.where(self.groups[:, :, None] >= 0, table[self.groups], 0.0)
        return np.ascontiguousarray(out.transpose(0, 2, 1))

    def of_present(self, lanes: Floats) -> Floats:
        """(present, …): what each group that has rows has in `lanes` (packs, …, lanes)."""
        pack, lane = self.first_lane
        return np.asarray(np.moveaxis(lanes, -1, 1)[pack, lane])


def grouped(
    columns: list[Floats], group: Ints, n_groups: int, y: Floats, weight: Floats
) -> GroupedRows:
    """Put rows side by side: groups of like sizes together, so that few places stay empty.

    Parameters
    ----------
    columns
        d arrays (n,), without NaN.
    group
        (n,) from 0 to `n_groups` - 1; below 0 for rows to leave out.
    n_groups
        How many groups there are, with rows or without.
    y, weight
        (n,) labels, and how much each row counts.
    """
    from proml_lab.kernels.newton import Packs
    from proml_lab.kernels.packing import places, scatter

    counts = np.bincount(group[group >= 0], minlength=n_groups)
    order = np.argsort(-counts, kind="stable")
    n_large = int((counts > LARGE).sum())
    n_used = int((counts > 0).sum())
    large, small = order[:n_large], order[n_large:n_used]
    heads = small[::LANES]
    heights = np.concatenate([-(-counts[large] // LANES), counts[heads]])
    at = np.concatenate([[0], np.cumsum(heights)])
    groups = np.full((len(heights), LANES), -1, np.int64)
    groups[:n_large] = large[:, None]
    rest = groups[n_large:].reshape(-1)
    rest[: len(small)] = small
    start, step = np.full(n_groups, -1, np.int64), np.ones(n_groups, np.int64)
    start[large] = at[:n_large] * LANES
    position = np.arange(len(small))
    start[small] = at[n_large + position // LANES] * LANES + position % LANES
    step[small] = LANES
    place = places(group, start, step)
    x = np.zeros((at[-1], len(columns), LANES))
    for j, column in enumerate(columns):
        line, lane = place // LANES, place % LANES
        scatter(column, (line * len(columns) + j) * LANES + lane, x.reshape(-1))
    packs = Packs(
        x,
        np.zeros((at[-1], LANES)),
        np.zeros((at[-1], LANES)),
        at,
        (np.arange(len(heights)) < n_large).astype(np.int64),
    )
    found = GroupedRows(packs, groups, place, n_groups)
    packs.y[:] = found.spread(y)
    packs.weight[:] = found.spread(weight)
    return found
