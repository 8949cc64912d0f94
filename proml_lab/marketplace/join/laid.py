"""What labels see of a source that is laid out: the same as by reading it, without reading it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from proml_lab.marketplace.join.arrivals import NONE, Newest, Places, row_numbers, undecided
from proml_lab.marketplace.join.history import History, Labels, microseconds
from proml_lab.marketplace.join.keys import Entities
from proml_lab.marketplace.join.reading import KEPT, ROW, Past
from proml_lab.marketplace.moment import Ints
from proml_lab.marketplace.view import FeatureView

if TYPE_CHECKING:
    from proml_lab.marketplace.layout.layout import Layout

_SMALL = 10_000
"""So many labels are not worth a second thread."""


@dataclass(eq=False)
class Laid:
    """What one view's layout says to the labels of one choice of entities; as `Reading`."""

    view: FeatureView
    layout: Layout
    entities: Entities
    keys: tuple[pl.Series, ...]
    labels: Labels
    memory: int

    @cached_property
    def _of(self) -> Ints:
        """(e,) the spine's number of each entity of the layout, -1 for none."""
        keys = zip(self.layout.keys, self.keys, strict=True)
        return self.entities.find([there.cast(asked.dtype) for there, asked in keys])

    @property
    def shared(self) -> bool:
        """Whether a row of the source has an entity of the spine."""
        return bool((self._of >= 0).any())

    def read(self, newest: list[str], past: list[str]) -> tuple[Newest | None, Iterator[Past]]:
        """As `Reading.read`."""
        found = self._newest(newest) if newest else None
        return found, self._parts(past) if past else iter(())

    def _newest(self, columns: list[str]) -> Newest:
        """Raises DuplicateKeyError as `Arrivals.newest`."""
        from proml_lab.kernels import laid

        line, life = self.labels.in_order, self.view.time_to_live
        longest = microseconds(life) if life else 0
        labels = line.offsets, line.cutoff, line.order
        stretches = self._stretches()
        seen = np.empty(stretches[-1][2], np.uint32)
        place = np.full(self.labels.group.size, NONE, np.uint32)

        def work(part: tuple[int, int, int]) -> Ints:
            return laid.newest(part, self._of, self.layout.rows, labels, longest, (seen, place))

        with ThreadPoolExecutor(pl.thread_pool_size(), "proml-laid") as pool:
            tied = np.concatenate(list(pool.map(work, stretches)))
        if tied.size:
            self._refuse(seen, place, tied)
        frame = self.layout.frame.select(columns)[pl.Series(seen)]
        return Newest(frame, row_numbers(place))

    def _stretches(self) -> list[tuple[int, int, int]]:
        """Stretches of the layout's entities, with about as many labels each.

        The first of each, the last + 1, and how many labels those before have. The last one is
        empty.
        """
        n = 4 * pl.thread_pool_size() if self.labels.group.size >= _SMALL else 1
        sizes = np.append(np.diff(self.labels.in_order.offsets), 0)  # 0 at -1
        before = np.append(0, np.cumsum(sizes[self._of]))
        cuts = np.searchsorted(before, before[-1] * np.arange(1, n) / n)
        edges = np.unique(np.concatenate([[0], cuts, [self._of.size]]))
        ends = np.append(edges[1:], edges[-1])
        return list(zip(edges.tolist(), ends.tolist(), before[edges].tolist(), strict=True))

    def _refuse(self, seen: Places, place: Places, tied: Ints) -> None:
        """Raise for rows that labels see, and another row could be as well: `tied` of `seen`."""
        tied = np.sort(tied)
        _, first = np.unique(seen[tied], return_index=True)
        label = int(np.flatnonzero(np.isin(place, tied[first]))[0])
        event = int(self.layout.rows.event[seen[place[label]]])
        raise undecided(self.view, self.keys, label, event, first.size)

    def _parts(self, columns: list[str]) -> Iterator[Past]:
        """All rows that labels may see, in as many parts of the entities as the memory asks for."""
        rows, of = self.layout.rows, self._of
        groups = np.full(self.labels.n, -1, np.int64)
        groups[of[of >= 0]] = np.flatnonzero(of >= 0)
        sizes = np.where(groups < 0, 0, np.diff(rows.offsets)[groups])
        width, n_parts = sum(self.layout.width[c] for c in columns) + ROW, 1
        while (
            n_parts < self.labels.n
            and width * max(int(sizes[part::n_parts].sum()) for part in range(n_parts))
            > self.memory // KEPT
        ):
            n_parts *= 2
        for part in range(n_parts):
            mine = np.arange(groups.size) % n_parts == part
            labels = self.labels
            if n_parts > 1:
                labels = labels.only(labels.group % n_parts == part)
            yield self._past(np.where(mine, groups, -1), columns, labels)

    def _past(self, groups: Ints, columns: list[str], labels: Labels) -> Past:
        from proml_lab.kernels import laid

        rows = self.layout.rows
        last = int(self.labels.cutoff.max())
        chosen, offsets = laid.visible(groups, rows, last)
        turn = rows.turn[chosen] if rows.turn.size else rows.turn
        history = History(
            np.arange(chosen.size), offsets, rows.event[chosen], rows.known[chosen], turn
        )
        return Past(self.layout.frame.select(columns)[chosen], history, labels)
