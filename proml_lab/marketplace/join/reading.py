"""One reading of a source for one view: of its rows, what the labels of a spine see."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import DuplicateKeyError
from proml_lab.fingerprint import Content
from proml_lab.marketplace.join.history import (
    NO_TURNS,
    History,
    Labels,
    clocks,
    lay_out,
    microseconds,
    turns,
)
from proml_lab.marketplace.join.keys import Entities
from proml_lab.marketplace.moment import Ints
from proml_lab.marketplace.source import Table
from proml_lab.marketplace.view import FeatureView

Order = tuple[Ints, Ints, Ints, Ints]
"""(m,) each: entity, event, known, and the turn, (0,) for none."""
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

    `n_rows` is how many rows it has, once it was read.
    """

    def __init__(self, table: Table, columns: list[str], *, memory: int) -> None:
        self.table, self.columns, self.n_rows = table, columns, 0
        self._room = memory // (4 * KEPT)
        self._kept: list[pl.DataFrame] | None = None

    @cached_property
    def schema(self) -> pl.Schema:
        return self.table.schema()

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
class Newest:
    """The row that each label sees: `places` (n,) are row numbers of `frame`, null for none."""

    frame: pl.DataFrame
    places: pl.Series


@dataclass(frozen=True, eq=False)
class Past:
    """All rows that some `labels` may see: a frame, laid out."""

    frame: pl.DataFrame
    history: History
    labels: Labels


class Arrivals:
    """The newest row for each label, found among rows that come in any order.

    It holds as many rows as there are labels, twice at most, however many come.
    """

    def __init__(self, view: FeatureView, labels: Labels, columns: list[str]) -> None:
        self.view, self.labels, self.columns = view, labels, columns
        self._line = labels.in_order
        n = self._line.order.size
        self._places = (
            np.empty(n, np.int64),
            np.empty(n, np.int64),
            np.empty(n, np.int64) if view.ties else NO_TURNS,
            np.full(n, -1),
            np.zeros(n, np.bool_),
        )
        self._near = self._line.offsets[:-1].copy()
        self._kept: list[pl.DataFrame] = []
        self._at = np.zeros(n, np.int64)
        self._n_come = self._n_kept = 0

    def add(self, piece: pl.DataFrame, group: Ints, event: Ints, known: Ints, turn: Ints) -> None:
        """Offer the rows of `piece`, of which the entity, both clocks and the turn are told."""
        from proml_lab.kernels import arrival

        labels = self._line.offsets, self._line.cutoff, self._near
        arrival.arrive((group, event, known, turn), self._n_come, labels, self._places)
        row = self._places[3]
        fresh = np.flatnonzero(row >= self._n_come)
        if not self._kept:
            self._kept = [piece.select(self.columns).clear()]
        if fresh.size:
            come = row[fresh] - self._n_come
            rows, place = _chosen(piece.select(self.columns), come)
            self._kept.append(rows)
            self._at[fresh] = self._n_kept + place[come]
            self._n_kept += fresh.size
        self._n_come += piece.height
        if self._n_kept > 2 * row.size:
            self._compact()

    def newest(self) -> Newest:
        """What each label sees, once all rows have come.

        Raises
        ------
        DuplicateKeyError
            A label would see one of two rows that have the same entity and times.
        """
        from proml_lab.kernels import arrival

        life = self.view.time_to_live
        longest = microseconds(life) if life else 0
        line = self._line
        found = arrival.settle(line.offsets, line.cutoff, self._places, longest)
        there = found >= 0
        self._compact()
        frame = self._kept[0]
        at = np.append(self._at, 0)[found]
        self._require_unique(frame, found)
        places = np.zeros(self.labels.group.size, np.int64)
        missing = np.ones(places.size, np.bool_)
        places[line.order[there]] = at[there]
        missing[line.order[there]] = False
        return Newest(frame, pl.Series("row", places).set(pl.Series(missing), None))

    def _compact(self) -> None:
        """Let go of the rows that newer ones have replaced."""
        used = np.flatnonzero(self._places[3] >= 0)
        rows, place = _chosen(pl.concat(self._kept), self._at[used])
        self._kept = [rows.rechunk()]
        self._at[used] = place[self._at[used]]
        self._n_kept = used.size

    def _require_unique(self, frame: pl.DataFrame, found: Ints) -> None:
        seen = found[found >= 0]
        tied = np.unique(seen[self._places[4][seen]])
        if not tied.size:
            return
        first = tied[np.argmin(self._line.order[tied])]
        raise undecided(self.view, frame.row(int(self._at[first]), named=True), tied.size)


def undecided(view: FeatureView, row: Mapping[str, object], n: int) -> DuplicateKeyError:
    """The error for `n` rows that labels see, of which `row` is one, and others like them."""
    key = ", ".join(f"{column} {row[column]!r}" for column in view.keys.values())
    time = f" at {row[view.event_time]}" if view.event_time else ""
    more = f", and {n - 1} more such rows" if n > 1 else ""
    same = f" with the same {view.ties!r}" if view.ties else ""
    return DuplicateKeyError(
        f"View {view.view!r}: {view.source} has two rows for {key}{time}{same}{more}.",
        hint="the order of rows would decide which one counts: keep one of them, or say "
        + ("by known_at or " if view.event_time else "")
        + f"by {'another ' if view.ties else ''}ties: COLUMN which one counts.",
    )


def _chosen(frame: pl.DataFrame, rows: Ints) -> tuple[pl.DataFrame, Ints]:
    """Some rows of a frame, in its order, and the place that each of its rows has among them.

    A filter reads memory in order: it takes a tenth of the time of a gather in another order.
    """
    kept = np.zeros(frame.height, np.bool_)
    kept[rows] = True
    return frame.filter(pl.Series(kept)), np.cumsum(kept) - 1


@dataclass(eq=False)
class Reading:
    """What one view's source says to the labels of one choice of entities.

    Attributes
    ----------
    pieces
        The source.
    key_types
        In which each key column is compared.
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
    key_types: tuple[pl.DataType, ...]
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
        arrivals = Arrivals(self.view, self.labels, newest) if newest else None
        first = _Kept(past, 0, 1) if past else None
        more = self._pass(arrivals, first, told=True)
        return arrivals.newest() if arrivals else None, self._parts(first, more)

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
        for piece in self.pieces:
            group = self.entities.find(
                [piece[c].cast(kind) for c, kind in zip(columns, self.key_types, strict=True)]
            )
            self.shared = self.shared or bool((group >= 0).any())
            event, known = clocks(self.view, piece)
            turn = turns(self.view, piece)
            if told:
                self._tell(piece, np.maximum(event, known) <= self.until)
            if arrivals is not None:
                arrivals.add(piece, group, event, known, turn)
            if part is not None:
                seen = (group >= 0) & (np.maximum(event, known) <= last)
                part.add(piece, (group, event, known, turn), seen)
                while part.size > room and part.n_parts < self.entities.n:
                    split.append(part.halve())
        return split

    def _tell(self, piece: pl.DataFrame, known_by: npt.NDArray[np.bool_]) -> None:
        """Count the rows of `piece` in: those `known_by` `until` as seen, the others not."""
        if self.seen is not None:
            self.seen.add(piece if known_by.all() else piece.filter(pl.Series(known_by)))
        if self.unseen is not None and not known_by.all():
            self.unseen.add(piece.filter(pl.Series(~known_by)))


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
