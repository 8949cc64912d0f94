"""The values of features as a model would have seen them, at moments that the data lend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from proml_lab.errors import DataError
from proml_lab.marketplace.join.answers import Answers
from proml_lab.marketplace.join.history import clocks
from proml_lab.marketplace.join.needs import needs
from proml_lab.marketplace.moment import NEVER, Ints
from proml_lab.marketplace.view import FeatureView

N_MOMENTS = 20_000
MOMENT = "the moment asked about"


@dataclass(frozen=True, eq=False)
class Seen:
    """Values of features: `values` has one column a feature, a row a moment.

    `moments` (UTC) are those, None where time plays no part; `n_rows` has the source that lent
    them.
    """

    values: pl.DataFrame = field(repr=False)
    moments: pl.Series | None = field(repr=False)
    n_rows: int


def seen(view: FeatureView, names: Iterable[str]) -> Seen:
    """The values of the features `names` of `view` at up to 20,000 moments.

    As many rows of the source, evenly spread, lend the moments at which they became known and, in
    another, fixed order, their entities. Of a derived view the sources of its inputs lend them;
    keys that no one source has together are put together at random.

    Raises
    ------
    SourceError, ColumnMissingError, DataError, DuplicateKeyError
        A source cannot be used; as in `training_set`.
    """
    chosen = [*names]
    if view.source:
        needs(view, chosen)
    spine, n_rows = moments(view)
    cutoff = MOMENT if MOMENT in spine.columns else None
    answers = Answers(spine, cutoff, [(view, chosen)], labelled=False)
    values = pl.DataFrame([answers.values(view, name).alias(name) for name in chosen])
    return Seen(values, spine[MOMENT] if cutoff else None, n_rows)


def moments(view: FeatureView) -> tuple[pl.DataFrame, int]:
    """Keys and moments to ask at, and how many rows the source has that lends them."""
    lent = [_lent(other, names) for other, names in _lenders(view)]
    n = max(frame.height for frame, _ in lent)
    columns: dict[str, pl.Series] = {}
    for number, (frame, _) in enumerate(lent):
        new = [name for name in frame.columns if name not in columns]
        if not new:
            continue
        rows = np.arange(n) % frame.height
        if number:  # another source: its rows have nothing to do with those of the first
            rows = np.random.default_rng(number).permutation(rows)
        columns |= {name: frame[name].gather(rows) for name in new}
    spine = pl.DataFrame([series.alias(name) for name, series in columns.items()])
    if not view.timed and MOMENT in spine.columns:
        spine = spine.drop(MOMENT)
    return spine, max(n_rows for _, n_rows in lent)


def _lenders(view: FeatureView) -> Iterator[tuple[FeatureView, dict[str, str]]]:
    """(view with a source, {its key: what the spine calls it}) whose rows lend keys to `view`."""
    if view.source:
        yield view, {name: name for name in view.keys}
        return
    for name, wanted in view.inputs.items():
        other = view.links[name]
        asked = {key: wanted.keys.get(key, key) for key in other.keys}
        own = {key: column for key, column in asked.items() if column not in view.inputs}
        if own or other.timed:
            for lender, names in _lenders(other):
                yield lender, {key: own[inner] for key, inner in names.items() if inner in own}


def is_seen(view: FeatureView) -> bool:
    """Whether there are rows that lend keys and moments, so that values can be looked at at all.

    Raises as `moments` does, save where there is no such row.
    """
    return all(_usable(other)[2].size for other, _ in _lenders(view))


def _usable(view: FeatureView) -> tuple[pl.DataFrame, Ints, Ints]:
    """Keys (m, p) of the source of `view`, when each row is known, and which have both."""
    frame = view.table.read(needs(view, []))
    ready = np.maximum(*clocks(view, frame))
    keys = frame.select(pl.col(column).alias(key) for key, column in view.keys.items())
    usable = keys.select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    return keys, ready, np.flatnonzero(usable & (ready != NEVER))


def _lent(view: FeatureView, names: dict[str, str]) -> tuple[pl.DataFrame, int]:
    """Keys under their names in the spine, and moments, of rows of the source of `view`."""
    keys, ready, rows = _usable(view)
    if not rows.size:
        raise DataError(
            f"View {view.view!r}: no row of {view.source} has a key and a time.",
            hint="rows without them are never joined; look at how the source is made.",
        )
    asked = rows[np.linspace(0, rows.size - 1, min(rows.size, N_MOMENTS)).astype(np.int64)]
    mixed = keys[np.random.default_rng(0).permutation(asked)]
    found = [mixed[key].alias(name) for key, name in names.items()]
    if view.event_time:
        found.append(pl.Series(MOMENT, ready[asked]).cast(pl.Datetime("us", "UTC")))
    return pl.DataFrame(found), keys.height
