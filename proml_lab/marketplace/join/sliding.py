"""Labels in order of entity and time, and the rows of a history that windows slide over."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.kernels import asof
from proml_lab.kernels.windows import Rows, Window, in_order
from proml_lab.marketplace.join.history import History, Labels
from proml_lab.marketplace.moment import Ints

Flags = npt.NDArray[np.bool_]
T = TypeVar("T")
_SMALL = 100_000
"""So many labels and rows are not worth a second thread."""


class Asked:
    """Labels of some entity, ascending by entity and cutoff.

    Attributes
    ----------
    order
        (n,) their numbers among all `n_labels` labels.
    group, cutoff
        (n,) entity number and moment.
    parts
        Stretches of whole entities, with about as many labels and rows each.
    """

    def __init__(self, labels: Labels, offsets: Ints) -> None:
        line = labels.in_order
        self.n_labels, self.order = labels.group.size, line.order
        self.group, self._cutoff = labels.group[line.order], line.cutoff
        self._slid: dict[int, Ints] = {}
        self.parts = _parts(self.group, offsets)

    def cutoff(self, slide: int = 0) -> Ints:
        """(n,) cutoffs, or the last whole multiple of `slide` microseconds until then."""
        if not slide:
            return self._cutoff
        if slide not in self._slid:
            self._slid[slide] = self._cutoff // slide * slide
        return self._slid[slide]

    def each(self, work: Callable[[slice], T]) -> list[T]:
        """The results of `work` for each of the `parts`, which it may do at once."""
        n_threads = min(len(self.parts), pl.thread_pool_size())
        if n_threads < 2:
            return [work(part) for part in self.parts]
        with ThreadPoolExecutor(n_threads, "proml-windows") as pool:
            return list(pool.map(work, self.parts))


class Chosen:
    """Rows of a history that count for a feature, by entity and time like all of them.

    Attributes
    ----------
    rows
        (m,) their numbers in the source.
    offsets
        (g + 1,) where each entity begins.
    event, known, turn
        (m,) their clocks, and what decides between the same ones; (0,) if nothing does.
    order
        (m,) their places in the order in which they became known; empty if they lie so.
    """

    def __init__(self, history: History, order: Ints) -> None:
        self.rows, self.offsets = history.rows, history.offsets
        self.event, self.known, self.turn = history.event, history.known, history.turn
        self.order = order
        ready = np.maximum(self.event, self.known)
        self._ready = ready[order] if order.size else ready
        self._reached: dict[int, tuple[Ints, Ints]] = {}
        self._starts: dict[tuple[int, int], Ints] = {}

    @classmethod
    def all(cls, history: History) -> Chosen:
        """Every row of a history."""
        ready = np.maximum(history.event, history.known)
        order = np.empty(0, np.int64)
        later = ready[1:] >= ready[:-1]
        begins = history.offsets[(history.offsets > 0) & (history.offsets < ready.size)]
        later[begins - 1] = True
        if not later.all():
            order = in_order(ready, history.offsets)
        return cls(history, order)

    def only(self, keep: Flags) -> Chosen:
        """Those of the rows that are flagged (m,)."""
        if keep.all():
            return self
        before = self.before(keep)
        order = before[self.order[keep[self.order]]] if self.order.size else self.order
        offsets = before[self.offsets]
        turn = self.turn[keep] if self.turn.size else self.turn
        kept = History(self.rows[keep], offsets, self.event[keep], self.known[keep], turn)
        return Chosen(kept, order)

    @staticmethod
    def before(keep: Flags) -> Ints:
        """(m + 1,) how many flagged rows lie before each."""
        found = np.zeros(keep.size + 1, np.int64)
        np.cumsum(keep, out=found[1:])
        return found

    @cached_property
    def tied(self) -> Ints:
        """Places of rows of which the next one is the same entity's, and nothing decides."""
        same = (self.event[1:] == self.event[:-1]) & (self.known[1:] == self.known[:-1])
        if self.turn.size:
            same &= self.turn[1:] == self.turn[:-1]
        begins = self.offsets[(self.offsets > 0) & (self.offsets < self.rows.size)]
        same[begins - 1] = False
        return np.flatnonzero(same)

    @property
    def kernel(self) -> Rows:
        """What the kernels need of them."""
        return Rows(self.offsets, self.known, self.order)

    def window(self, asked: Asked, *, length: int | None, slide: int = 0) -> Window:
        """The windows of the labels, `length` microseconds long; None: all time."""
        cutoff = asked.cutoff(slide)
        if slide not in self._reached:
            stop = self._positions(asked, cutoff, self.event)
            self._reached[slide] = stop, self._positions(asked, cutoff, self._ready)
        if length is None:
            start = self.offsets[asked.group]
        else:
            if (slide, length) not in self._starts:
                found = self._positions(asked, cutoff - length, self.event)
                self._starts[slide, length] = found
            start = self._starts[slide, length]
        return Window(asked.group, cutoff, start, *self._reached[slide])

    def _positions(self, asked: Asked, limit: Ints, times: Ints) -> Ints:
        """(n,) where the rows with ``time <= limit`` end."""

        def find(part: slice) -> Ints:
            return asof.positions(asked.group[part], limit[part], self.offsets, times)

        return np.concatenate(asked.each(find))


def _parts(group: Ints, offsets: Ints) -> list[slice]:
    """Stretches of whole groups; one if there is little to do, and at least one."""
    first = np.flatnonzero(np.append(True, group[1:] != group[:-1])[: group.size])
    n_rows = np.diff(offsets)[group[first]]
    work = np.cumsum(np.diff(np.append(first, group.size)) + n_rows)
    if not first.size or work[-1] < _SMALL:
        return [slice(0, group.size)]
    n = 4 * pl.thread_pool_size()
    cuts = np.searchsorted(work, work[-1] * np.arange(1, n) / n)
    edges = np.unique(np.concatenate([[0], first[cuts], [group.size]]))
    return [slice(a, b) for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]
