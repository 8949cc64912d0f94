"""The rows of one source laid out by entity and time, to be asked what was known when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from proml_lab.errors import DuplicateKeyError
from proml_lab.marketplace.source import NEVER, Ints, moments
from proml_lab.marketplace.view import Delay, FeatureView

ALWAYS = np.iinfo(np.int64).min
"""The moment of what is static: before every cutoff."""


@dataclass(frozen=True, eq=False)
class Keys:
    """Entities as numbers, of each source row and of each label; -1 for a null key.

    A label's entity that the source lacks has the number `n` - 1, a group without rows.
    """

    rows: Ints
    labels: Ints
    n: int


@dataclass(frozen=True, eq=False)
class Labels:
    """What is asked, one per row of the spine: entity number and cutoff in microseconds."""

    group: Ints
    cutoff: Ints


def encode(rows: pl.DataFrame, labels: pl.DataFrame) -> Keys:
    """Number the keys of source rows and labels; their columns correspond in order and type."""
    names = [f"k{i}" for i in range(rows.width)]
    rows = rows.rename(dict(zip(rows.columns, names, strict=True)))
    labels = labels.rename(dict(zip(labels.columns, names, strict=True)))
    found = rows.drop_nulls().unique().with_row_index("group")
    of_rows, of_labels = (
        table.join(found, on=names, how="left", maintain_order="left")["group"].cast(pl.Int64)
        for table in (rows, labels)
    )
    of_labels = of_labels.fill_null(found.height)
    nameless = labels.select(pl.any_horizontal(pl.all().is_null())).to_series()
    return Keys(
        of_rows.fill_null(-1).to_numpy(),
        np.where(nameless.to_numpy(), -1, of_labels.to_numpy()),
        found.height + 1,
    )


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
    key = ", ".join(f"{column} {row[column]!r}" for column in view.entities.values())
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
