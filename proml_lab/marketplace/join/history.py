"""Labels and rows of a source by entity and time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import DataError
from proml_lab.marketplace.moment import ALWAYS, NEVER, Ints, moments
from proml_lab.marketplace.view import Delay, FeatureView

Order = tuple[Ints, Ints, Ints, Ints]
"""(m,) each of some rows: entity, event, known, and the turn as in `turns`."""
NO_TURNS: Ints = np.empty(0, np.int64)
"""Where nothing decides between rows with the same clocks."""
_TOO_WIDE = (pl.UInt64, pl.Int128, pl.UInt128)
_MANY = 20_000
"""So many labels are sorted by their bits: for fewer, to load that code takes longer."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What is asked, one per row of the spine: entity number and cutoff in microseconds.

    `n` is how many entities there are; a label without one has the number -1.
    """

    group: Ints
    cutoff: Ints
    n: int

    @cached_property
    def in_order(self) -> Timeline:
        """The labels by entity and cutoff; those without an entity are not in it."""
        from proml_lab.kernels import asof

        if np.all(self.cutoff[1:] >= self.cutoff[:-1]):
            order, offsets = asof.layout(self.group, self.n)
        elif self.cutoff.size >= _MANY:
            from proml_lab.kernels import radix

            return Timeline(*radix.layout(self.group, self.cutoff, self.n))
        else:
            by_time = np.argsort(self.cutoff, kind="stable")
            by_group, offsets = asof.layout(self.group[by_time], self.n)
            order = by_time[by_group]
        return Timeline(order, offsets, self.cutoff[order])

    def only(self, chosen: npt.NDArray[np.bool_]) -> Labels:
        """The same labels, those that are not chosen (n,) without an entity."""
        return Labels(np.where(chosen, self.group, -1), self.cutoff, self.n)


@dataclass(frozen=True, eq=False)
class Timeline:
    """Labels by entity and cutoff.

    `order` (m,) are their numbers in the spine, `offsets` (n + 1,) where each entity begins,
    `cutoff` (m,) ascends inside each entity.
    """

    order: Ints
    offsets: Ints
    cutoff: Ints


@dataclass(frozen=True, eq=False)
class History:
    """Rows of a frame by entity and time.

    `rows` (m,) are their numbers in the frame, `offsets` (n + 1,) where each entity begins,
    `event` and `known` (m,) their two clocks, ascending inside each entity; `turn` (m,) decides
    between rows with both the same, and is (0,) where nothing does.
    """

    rows: Ints
    offsets: Ints
    event: Ints
    known: Ints
    turn: Ints = field(default_factory=lambda: NO_TURNS)


def lay_out(group: Ints, event: Ints, known: Ints, n: int, turn: Ints = NO_TURNS) -> History:
    """Rows by entity and time.

    `group`, `event` and `known` (m,) say which of `n` entities each belongs to, and its two
    clocks; `turn` decides between rows with both the same, as in `turns`.
    """
    from proml_lab.kernels import asof

    if not turn.size and _ascending(event, known):
        rows, offsets = asof.layout(group, n)
        return History(rows, offsets, event[rows], known[rows])
    by_time = np.lexsort((turn, known, event) if turn.size else (known, event))
    by_group, offsets = asof.layout(group[by_time], n)
    rows = by_time[by_group]
    return History(rows, offsets, event[rows], known[rows], turn[rows] if turn.size else turn)


def microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def clocks(view: FeatureView, frame: pl.DataFrame) -> tuple[Ints, Ints]:
    """(event, known) of every row, in microseconds; `NEVER` for a null, `ALWAYS` if static."""
    if view.event_time is None:
        always = np.full(frame.height, ALWAYS)
        return always, always
    event = _moments(view, frame, "event_time", view.event_time)
    if isinstance(view.known_at, str):
        return event, _moments(view, frame, "known_at", view.known_at)
    if isinstance(view.known_at, Delay):
        delay = microseconds(view.known_at.delay)
        return event, np.where(event == NEVER, NEVER, event + delay)
    return event, event


def _moments(view: FeatureView, frame: pl.DataFrame, clock: str, column: str) -> Ints:
    with view.places.at(clock):
        role = f"View {view.view!r} ({view.source})"
        return moments(frame[column], role=role, up=True, naive=_naive(view))


def _naive(view: FeatureView) -> str:
    """The hint for times without a zone: what to write into the view."""
    place = view.source.place if view.source else "…"
    return f"say where its clocks stood: source: {{{place}, time_zone: UTC}}."


def turns(view: FeatureView, frame: pl.DataFrame) -> Ints:
    """(m,) the view's `ties` as whole numbers, a null before all others; (0,) if it has none.

    Raises
    ------
    DataError
        The column is no whole number, date or time.
    """
    if view.ties is None:
        return NO_TURNS
    column = frame[view.ties]
    kind = column.dtype
    if not (kind.is_integer() or kind.is_temporal()) or kind in _TOO_WIDE:
        with view.places.at("ties"):
            raise DataError(
                f"View {view.view!r}: ties {view.ties!r} of {view.source} is {kind}.",
                hint="rows are put in order by a whole number of up to 63 bits, a date or a time.",
            )
    return column.to_physical().cast(pl.Int64).fill_null(ALWAYS).to_numpy()


def _ascending(event: Ints, known: Ints) -> bool:
    later = event[1:] > event[:-1]
    return bool(np.all(later | ((event[1:] == event[:-1]) & (known[1:] >= known[:-1]))))
