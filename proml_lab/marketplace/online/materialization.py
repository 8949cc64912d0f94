"""Materialization: the newest values of every entity, as of one moment, into an online store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import time_ns

import polars as pl

from proml_lab.errors import StoreError, UsageError
from proml_lab.marketplace.join.answers import Answers
from proml_lab.marketplace.join.needs import needs
from proml_lab.marketplace.moment import moment_text
from proml_lab.marketplace.online.definition import Kept, definition_of, kept
from proml_lab.marketplace.online.key import key_bytes, key_kind
from proml_lab.marketplace.online.ledger import BYTES, KEY, dump, load, look, same
from proml_lab.marketplace.online.record import Layout
from proml_lab.marketplace.online.report import Materialized
from proml_lab.marketplace.online.state import OnlineTable, State
from proml_lab.marketplace.online.store import Change, Store
from proml_lab.marketplace.view import FeatureView

_TRIES = 5
_ASKED = ":asked"


def materialize(
    views: Iterable[FeatureView],
    store: Store,
    *,
    until: datetime | str | None = None,
    full: bool = False,
) -> Materialized:
    """Write the values of every entity of `views`, as known at `until`, to `store`.

    Parameters
    ----------
    views, store
        Views of a catalogue, and where they go. Of a derived view the views of its inputs are
        written: it is computed at look-up.
    until
        The moment that values are of, with its time zone, also as ISO 8601; by default now.
    full
        Compute and write every entity, also those whose rows are the same as the last time. Only
        then may `until` be earlier than the last time.

    Returns
    -------
    What was written of each view. Readers see all views at the old moment until all are at the new.

    Raises
    ------
    StoreError
        The store cannot be used; it is left as it was.
    UsageError
        `until` is no moment, has no time zone, or is earlier than what the store holds.
    SourceError, DataError, DuplicateKeyError, ColumnMissingError
        A source cannot be used; as in `training_set`.

    Notes
    -----
    Entities are written again where their visible rows are not those of the last time, or one
    crossed the edge of a window: docs/method.md#online.
    """
    wanted = sourced(views)
    for _ in range(_TRIES):
        moment = microseconds_of(until)
        before = store.state()
        parts = [
            _part(view, store, before, moment, before.next_slot + i, full=full)
            for i, view in enumerate(wanted)
        ]
        after, dropped = before.with_tables(part.table for part in parts)
        if store.write(before, after, [part.change for part in parts], dropped):
            return Materialized(tuple(part.done for part in parts))
    raise StoreError(
        f"{store.name} was written by others {_TRIES} times while this was computed.",
        hint="let one process materialize it.",
    )


def sourced(views: Iterable[FeatureView]) -> list[FeatureView]:
    """The views with a source among `views` and behind their inputs, each once.

    Raises
    ------
    UsageError
        A derived view is of no catalogue.
    """
    found: dict[str, FeatureView] = {}
    for view in views:
        if not view.inputs:
            found[view.view] = view
            continue
        if not view.links:
            raise UsageError(
                f"View {view.view!r} is derived from others, and no catalogue says what they are.",
                hint="take it from one: catalog.view(name).",
            )
        for one in sourced(view.links.values()):
            found.setdefault(one.view, one)
    return list(found.values())


@dataclass(frozen=True)
class _Part:
    """What is to be written of one view, and what is told of it."""

    table: OnlineTable
    change: Change
    done: dict[str, object]


def _part(
    view: FeatureView, store: Store, before: State, until: int, slot: int, *, full: bool
) -> _Part:
    keep = kept(view)
    old = before.table(view.view, definition_of(view))
    if old and not full and until < old.until:
        raise UsageError(
            f"View {view.view!r} is online as of {moment_text(old.until)}, which is later than "
            f"{moment_text(until)}.",
            hint=f"to go back, write it anew: proml features materialize {view.view} --full.",
        )
    frame = keep.view.table.read(needs(keep.view, keep.view.features))
    new = _table(keep, frame.schema, until, slot)
    data = store.ledger(old.slot) if old and not full and old.laid_out_as(new) else None
    seen = look(keep.view, frame, until)
    entities = seen.entities()
    if old is None or data is None:
        same_, gone = entities.select(KEY, pl.lit(0).alias(BYTES)).clear(), []
    else:
        new, last = replace(new, slot=old.slot), load(data)
        same_ = same(entities, last, seen.crossing(view.features.values(), old.until, until))
        gone = last.join(entities, on=KEY, how="anti")[KEY].to_list()
    changed = entities.join(same_, on=KEY, how="anti", maintain_order="left")
    records = _records(keep, new, changed, frame)
    sizes = pl.Series(BYTES, [len(key) + len(record) for key, record in records], pl.Int64)
    after = pl.concat([changed.select(KEY, sizes), same_.cast({BYTES: pl.Int64})])
    entities = entities.join(after, on=KEY, maintain_order="left")
    change = Change(new.slot, data is None, records, key_bytes(gone, new.prefix), dump(entities))
    new = replace(new, n_entities=entities.height, n_bytes=int(entities[BYTES].sum()))
    done: dict[str, object] = {
        "view": view.view,
        "until": until,
        "entities": new.n_entities,
        "written": len(records),
        "removed": len(gone),
        "bytes": new.n_bytes,
    }
    return _Part(new, change, done)


def _table(keep: Kept, schema: Mapping[str, pl.DataType], until: int, slot: int) -> OnlineTable:
    """The table of a view, still empty."""
    view = keep.source
    return OnlineTable(
        view=view.view,
        version=view.version,
        definition=definition_of(view),
        slot=slot,
        until=until,
        made=microseconds_of(None),
        keys={name: key_kind(view, name, schema[column]) for name, column in view.keys.items()},
        columns=keep.columns,
        types=keep.types,
        n_entities=0,
        n_bytes=0,
    )


def _records(
    keep: Kept, table: OnlineTable, entities: pl.DataFrame, rows: pl.DataFrame
) -> list[tuple[bytes, bytes]]:
    """(key, record) of each of the entities, from the rows of the source."""
    if not entities.height:
        return []
    asked = pl.lit(table.until).cast(pl.Datetime("us", "UTC")).alias(_ASKED)
    spine = entities.select(*table.keys, asked)
    names = [column.name for column in table.columns]
    answers = Answers(
        spine, _ASKED, [(keep.view, names)], labelled=False, rows={keep.view.view: rows}
    )
    values = pl.DataFrame([answers.values(keep.view, name).alias(name) for name in names])
    packed = Layout(table.columns).pack(values)
    return list(zip(key_bytes(entities[KEY], table.prefix), packed, strict=True))


def microseconds_of(moment: datetime | str | None) -> int:
    """A moment, by default now, as microseconds since 1970; raises UsageError for what is none."""
    if moment is None:
        return time_ns() // 1000
    try:
        found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        raise UsageError(
            f"{moment!r} is no moment.", hint="write one such as 2024-03-01T18:30Z."
        ) from None
    if found.tzinfo is None:
        raise UsageError(
            f"The moment {moment} has no time zone.",
            hint="if it is UTC, say so: 2024-03-01T18:30Z, or moment.replace(tzinfo=UTC).",
        )
    return (found - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
