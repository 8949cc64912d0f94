"""The newest row for each label, of rows that come in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import DuplicateKeyError
from proml_lab.marketplace.join.history import Labels, Order, microseconds
from proml_lab.marketplace.moment import Ints, moment_text
from proml_lab.marketplace.view import FeatureView

Places = npt.NDArray[np.uint32]
NONE = np.iinfo(np.uint32).max
"""The row of a label that sees none."""


@dataclass(frozen=True, eq=False)
class Newest:
    """The row that each label sees: `places` (n,) are row numbers of `frame`, null for none."""

    frame: pl.DataFrame
    places: pl.Series


def row_numbers(places: Places) -> pl.Series:
    """(n,) rows of a frame, null where they are `NONE`."""
    rows, missing = pl.Series("row", places), pl.Series(places == NONE)
    return rows.set(missing, None) if missing.any() else rows


class Arrivals:
    """The newest row for each label, found among rows that come in any order.

    It holds as many rows as there are labels, twice at most, however many come.
    """

    def __init__(self, labels: Labels, columns: list[str]) -> None:
        from proml_lab.kernels import arrival

        self.labels, self.columns = labels, columns
        self._order = labels.in_order.order
        self._line = arrival.line(labels.in_order.offsets, labels.in_order.cutoff)
        self._kept: list[pl.DataFrame] = []
        self._at = np.zeros(self._order.size, np.int64)
        self._n_come = self._n_kept = 0

    def add(self, piece: pl.DataFrame, order: Order) -> None:
        """Offer the rows of `piece` (m, p)."""
        from proml_lab.kernels import arrival

        fresh = arrival.arrive(order, self._n_come, self._line)
        if not self._kept:
            self._kept = [piece.select(self.columns).clear()]
        if fresh.size:
            come = self._line.kept[fresh, arrival.ROW] - self._n_come
            rows, place = _chosen(piece.select(self.columns), come)
            self._kept.append(rows)
            self._at[fresh] = self._n_kept + place[come]
            self._n_kept += fresh.size
        self._n_come += piece.height
        if self._n_kept > 2 * self._at.size:
            self._compact()

    def newest(self, view: FeatureView, keys: Sequence[pl.Series]) -> Newest:
        """What each label sees, once all rows have come; no more may be added.

        `keys` (n,) of the labels are for an error.

        Raises
        ------
        DuplicateKeyError
            A label would see one of two rows that have the same entity and times.
        """
        from proml_lab.kernels import arrival

        life = view.time_to_live
        found = arrival.settle(self._line, microseconds(life) if life else 0)
        used = arrival.distinct(found)
        self._require_unique(view, keys, used)
        del self._line
        at = self._at[used]
        rows, place = self._rows(at)
        places = np.full(self.labels.group.size, NONE, np.uint32)
        arrival.hand_out(found, place[at].astype(np.uint32), self._order, places)
        return Newest(rows, row_numbers(places))

    def _compact(self) -> None:
        """Let go of the rows that newer ones have replaced."""
        from proml_lab.kernels import arrival

        used = np.flatnonzero(self._line.kept[:, arrival.ROW] >= 0)
        rows, place = self._rows(self._at[used])
        self._kept = [rows]
        self._at[used] = place[self._at[used]]
        self._n_kept = used.size

    def _rows(self, at: Ints) -> tuple[pl.DataFrame, Ints]:
        """Those of the kept rows, as `_chosen` gives them; the others are let go."""
        rows, place = _chosen(pl.concat(self._kept), at)
        self._kept = []
        return rows, place

    def _require_unique(self, view: FeatureView, keys: Sequence[pl.Series], used: Ints) -> None:
        from proml_lab.kernels import arrival

        tied = used[self._line.tied[used]]
        if not tied.size:
            return
        first = tied[np.argmin(self._order[tied])]
        event = int(self._line.kept[first, arrival.EVENT])
        raise undecided(view, keys, int(self._order[first]), event, tied.size)


def undecided(
    view: FeatureView, keys: Sequence[pl.Series], label: int, event: int, n: int
) -> DuplicateKeyError:
    """The error for `n` rows that labels see, and others like them.

    The first `label` of them sees one of that `event`; `keys` (n,) are those of all labels.
    """
    names = zip(view.keys.values(), keys, strict=True)
    key = ", ".join(f"{column} {values[label]!r}" for column, values in names)
    time = f" at {moment_text(event).replace('T', ' ')}" if view.event_time else ""
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

    A filter reads memory in order: it takes a tenth of the time of a gather in another order. It
    goes column by column, so that little is held twice.
    """
    kept = np.zeros(frame.height, np.bool_)
    kept[rows] = True
    places: Ints = np.cumsum(kept, dtype=np.int64)
    places -= 1
    chosen = pl.Series(kept)
    return pl.DataFrame([column.filter(chosen).rechunk() for column in frame]), places
