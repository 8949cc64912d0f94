"""One reading of a source for one view: of its rows, what the labels of a spine see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.fingerprint import Content
from proml_lab.marketplace.join.arrivals import Arrivals, Newest
from proml_lab.marketplace.join.history import History, Labels, Order, clocks, lay_out, turns
from proml_lab.marketplace.join.keys import Entities
from proml_lab.marketplace.moment import Ints
from proml_lab.marketplace.source import Table
from proml_lab.marketplace.view import FeatureView

KEPT = 4
"""Of the memory that a join may use, the part that rows of one source may hold at once: what is
computed of them takes some three times as much."""
ROW = 32
"""Bytes of a row's entity and clocks and its place in the layout."""


def default_memory() -> int:
    """A quarter of the machine's memory, in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4


class Pieces:
    """The columns of a source, in pieces; kept for the next reader if they are small.

    `n_rows` is how many rows it has, once it was read. `rows`, if it was read already, are those
    of all columns that are needed.
    """

    def __init__(
        self,
        table: Table,
        columns: list[str],
        *,
        memory: int,
        rows: pl.DataFrame | None = None,
    ) -> None:
        self.table, self.columns, self.n_rows = table, columns, 0
        self._room = memory // (4 * KEPT)
        self._kept: list[pl.DataFrame] | None = None
        self._given = rows
        if rows is not None:
            self._kept, self.n_rows = [rows.select(columns)], rows.height

    @cached_property
    def schema(self) -> pl.Schema:
        return self.table.schema() if self._given is None else self._given.schema

    def __iter__(self) -> Iterator[pl.DataFrame]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[pl.DataFrame] | None = []
        size = n_rows = 0
        for piece in self.table.pieces(self.columns):
            n_rows += piece.height
            if kept is not None:
                size += int(piece.estimated_size())
                kept = [*kept, piece] if size <= self._room else None
            yield piece
        self._kept, self.n_rows = kept, n_rows


@dataclass(frozen=True, eq=False)
class Past:
    """All rows that some `labels` may see: a frame, laid out."""

    frame: pl.DataFrame
    history: History
    labels: Labels


@dataclass(eq=False)
class Reading:
    """What one view's source says to the labels of one choice of entities.

    Attributes
    ----------
    pieces
        The source.
    keys
        Key columns of the labels, in the types in which keys are compared.
    memory
        How many bytes the join may hold.
    seen, unseen, until
        Are given the rows, of all entities, that were known by the moment `until`, and the others.
    shared
        Whether a row of the source has an entity of the spine, once it was read.
    """

    view: FeatureView
    pieces: Pieces
    entities: Entities
    keys: tuple[pl.Series, ...]
    labels: Labels
    memory: int
    seen: Content | None = None
    unseen: Content | None = None
    until: int = 0
    shared: bool = field(default=False, init=False)

    def read(self, newest: list[str], past: list[str]) -> tuple[Newest | None, Iterator[Past]]:
        """The newest row of each label, with the columns `newest`, and all that labels may see,
        with the columns `past`; no columns, nothing.

        Rows of the past come in parts of the entities, as many as the memory asks for, and the
        source is read again for each: each part is a `Past` of its labels.
        """
        arrivals = Arrivals(self.labels, newest) if newest else None
        first = _Kept(past, 0, 1) if past else None
        more = self._pass(arrivals, first, told=True)
        found = arrivals.newest(self.view, self.keys) if arrivals else None
        return found, self._parts(first, more)

    def _parts(self, part: _Kept | None, todo: list[_Kept]) -> Iterator[Past]:
        while part is not None:
            yield part.past(self.labels)
            part = todo.pop() if todo else None
            if part is not None:
                todo += self._pass(None, part, told=False)

    def _pass(self, arrivals: Arrivals | None, part: _Kept | None, *, told: bool) -> list[_Kept]:
        """Read the source once; returns the parts that were split off for want of memory."""
        room = self.memory // KEPT
        split: list[_Kept] = []
        last = int(self.labels.cutoff.max())
        columns = list(self.view.keys.values())
        with ThreadPoolExecutor(1, "proml-join") as beside:
            for piece in self.pieces:
                event, known = clocks(self.view, piece)
                ready = np.maximum(event, known)
                counted = beside.submit(self._tell, piece, ready) if told else None
                group = self.entities.find(
                    [piece[c].cast(k.dtype) for c, k in zip(columns, self.keys, strict=True)]
                )
                self.shared = self.shared or bool((group >= 0).any())
                order = group, event, known, turns(self.view, piece)
                if arrivals is not None:
                    arrivals.add(piece, order)
                if part is not None:
                    part.add(piece, order, (group >= 0) & (ready <= last))
                    while part.size > room and part.n_parts < self.entities.n:
                        split.append(part.halve())
                if counted is not None:
                    counted.result()
        return split

    def _tell(self, piece: pl.DataFrame, ready: Ints) -> None:
        """Count the rows of `piece` in: those `ready` by `until` as seen, the others not."""
        known_by = ready <= self.until
        if self.seen is not None:
            seen = piece if known_by.all() else piece.filter(pl.Series(known_by))
            self.seen.add(seen, threads=1)
        if self.unseen is not None and not known_by.all():
            self.unseen.add(piece.filter(pl.Series(~known_by)), threads=1)


class _Kept:
    """The rows of the entities whose number divided by `n_parts` leaves `part`."""

    def __init__(self, columns: list[str], part: int, n_parts: int) -> None:
        self.columns, self.part, self.n_parts = columns, part, n_parts
        self.size = 0
        self._rows: list[tuple[pl.DataFrame, Order]] = []

    def add(self, piece: pl.DataFrame, order: Order, seen: npt.NDArray[np.bool_]) -> None:
        group, event, known, turn = order
        seen = self._mine(group) & seen
        frame = piece.select(self.columns)
        if not seen.all():
            frame = frame.filter(pl.Series(seen))
            turn = turn[seen] if turn.size else turn
            group, event, known = group[seen], event[seen], known[seen]
        self._rows.append((frame, (group, event, known, turn)))
        self.size += int(frame.estimated_size()) + ROW * frame.height

    def halve(self) -> _Kept:
        """Leave half of the entities to another part, which is given back without rows."""
        other = _Kept(self.columns, self.part + self.n_parts, 2 * self.n_parts)
        rows, self._rows = self._rows, []
        self.n_parts, self.size = 2 * self.n_parts, 0
        for frame, order in rows:
            self.add(frame, order, np.ones(order[0].size, np.bool_))
        return other

    def past(self, labels: Labels) -> Past:
        """The rows laid out, for those of `labels` that are of these entities; they are let go."""
        frames, orders = zip(*self._rows, strict=True)
        self._rows = []
        group, event, known, turn = (np.concatenate(part) for part in zip(*orders, strict=True))
        mine = labels.only(self._mine(labels.group)) if self.n_parts > 1 else labels
        return Past(pl.concat(frames), lay_out(group, event, known, labels.n, turn), mine)

    def _mine(self, group: Ints) -> npt.NDArray[np.bool_]:
        mine: npt.NDArray[np.bool_] = group % self.n_parts == self.part
        return mine
