"""The rows of one source laid out by entity and time, to be asked what was known when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from proml_lab.errors import DuplicateKeyError
from proml_lab.marketplace.join.keys import Keys
from proml_lab.marketplace.moment import ALWAYS, NEVER, Ints, moments
from proml_lab.marketplace.view import Delay, FeatureView


@dataclass(frozen=True, eq=False)
class Labels:
    """What is asked, one per row of the spine: entity number and cutoff in microseconds."""

    group: Ints
    cutoff: Ints


@dataclass(frozen=True, eq=False)
class History:
    """Rows of a source by entity and time.

    `rows` (m,) are their numbers in the source, `offsets` (n + 1,) where each entity begins,
    `event` and `known` (m,) their two clocks, ascending inside each entity. Rows with a null
    key or time are not in it.
    """

    rows: Ints
    offsets: Ints
    event: Ints
    known: Ints

    def latest(self, labels: Labels, *, time_to_live: timedelta | None) -> pl.Series:
        """(n,) number of the source row that each label sees, null where it sees none."""
        from proml_lab.kernels import asof

        longest = microseconds(time_to_live) if time_to_live else 0
        stop = asof.positions(labels.group, labels.cutoff, self.offsets, self.event)
        found = asof.latest(
            labels.group, labels.cutoff, stop, self.offsets, self.event, self.known, longest
        )
        rows = pl.Series("row", np.append(self.rows, 0)[found])
        return rows.set(pl.Series(found < 0), None)

    def repeated(self) -> Ints:
        """Numbers of source rows whose entity and times another row has too."""
        same = (self.event[1:] == self.event[:-1]) & (self.known[1:] == self.known[:-1])
        begins = self.offsets[(self.offsets > 0) & (self.offsets < self.rows.size)]
        same[begins - 1] = False
        repeated: Ints = self.rows[1:][same]
        return repeated


def lay_out(view: FeatureView, frame: pl.DataFrame, keys: Keys) -> History:
    """The rows of `frame`, the source of `view`, by entity and time."""
    from proml_lab.kernels import asof

    event, known = clocks(view, frame)
    group = np.where((event == NEVER) | (known == NEVER), -1, keys.rows)
    if _ascending(event, known):
        rows, offsets = asof.layout(group, keys.n)
    else:
        by_time = np.lexsort((known, event))
        by_group, offsets = asof.layout(group[by_time], keys.n)
        rows = by_time[by_group]
    return History(rows, offsets, event[rows], known[rows])


def require_unique(view: FeatureView, frame: pl.DataFrame, history: History) -> None:
    """Raises DuplicateKeyError where two rows of the source have the same entity and times."""
    repeated = history.repeated()
    if not repeated.size:
        return
    row = frame.row(int(repeated.min()), named=True)
    key = ", ".join(f"{column} {row[column]!r}" for column in view.keys.values())
    time = f" at {row[view.event_time]}" if view.event_time else ""
    more = f", and {repeated.size - 1} more such rows" if repeated.size > 1 else ""
    raise DuplicateKeyError(
        f"View {view.view!r}: {view.source} has two rows for {key}{time}{more}.",
        hint="the order of rows would decide which one counts: keep one of them"
        + (", or tell them apart by known_at." if view.event_time else "."),
    )


def microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def clocks(view: FeatureView, frame: pl.DataFrame) -> tuple[Ints, Ints]:
    """(event, known) of every row, in microseconds; `NEVER` for a null, `ALWAYS` if static."""
    if view.event_time is None:
        always = np.full(frame.height, ALWAYS)
        return always, always
    role = f"View {view.view!r} ({view.source})"
    event = moments(frame[view.event_time], role=role, up=True)
    if isinstance(view.known_at, str):
        return event, moments(frame[view.known_at], role=role, up=True)
    if isinstance(view.known_at, Delay):
        delay = microseconds(view.known_at.delay)
        return event, np.where(event == NEVER, NEVER, event + delay)
    return event, event


def _ascending(event: Ints, known: Ints) -> bool:
    later = event[1:] > event[:-1]
    return bool(np.all(later | ((event[1:] == event[:-1]) & (known[1:] >= known[:-1]))))
