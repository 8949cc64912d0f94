"""Lay out a source: its rows are put in order once, its columns one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import polars as pl

from proml_lab.contracts import Progress
from proml_lab.marketplace.join.history import clocks, lay_out, turns
from proml_lab.marketplace.join.keys import Weaken, key_type, number
from proml_lab.marketplace.layout.layout import (
    Layout,
    Places,
    block_sums,
    column_file,
    frame_of,
    key_file,
    sums_file,
)
from proml_lab.marketplace.layout.store import Store
from proml_lab.marketplace.moment import Ints
from proml_lab.marketplace.view import FeatureView

_Told = Callable[[int], None]


def build(
    view: FeatureView,
    columns: list[str],
    folder: Path,
    *,
    tell: Progress,
    weaken: Weaken | None = None,
) -> Store:
    """Lay out the source of `view`, with some of its columns, in the empty `folder`.

    `weaken` as in `join.keys.number`. Nothing counts before `Store.tell`.

    Raises
    ------
    SourceError, DataError
        The source cannot be read, or its keys or clocks cannot be used; as in `training_set`.
    OSError
        The files cannot be written.
    """
    steps = len(columns) + 4
    tell(0, f"laying out {view.view}")
    store = Store(folder, {}, {})
    rows = _put_in_order(view, store, weaken)
    _add_columns(view, store, rows, columns, lambda n: tell((n + 2) / steps, view.view))
    tell((steps - 2) / steps, view.view)
    _add_sums(store, columns)
    store.facts |= {"rows": rows.size, "keys": len(view.keys), "content": ""}
    if len(columns) == len(view.table.schema()):
        store.facts["content"] = Layout.of(store, columns).whole().digest()
    else:
        store.facts["content"] = view.table.content()
    return store


def extend(view: FeatureView, columns: list[str], store: Store, *, tell: Progress) -> None:
    """Add those of `columns` that the layout in `store` lacks; raises as `build`."""
    tell(0, f"laying out {view.view}")
    todo = [name for name in columns if column_file(name) not in store]
    _add_columns(
        view, store, store.array("rows.npy"), todo, lambda n: tell(n / (len(todo) + 1), view.view)
    )
    _add_sums(store, columns)


def _put_in_order(view: FeatureView, store: Store, weaken: Weaken | None) -> Places:
    """Write what a layout has beside columns; gives the source's row numbers in its order."""
    names = [*view.keys.values()]
    also = [one for one in (view.event_time, view.known_at, view.ties) if isinstance(one, str)]
    frame = view.table.read(list(dict.fromkeys([*names, *also])))
    keys = [frame[c].cast(key_type(frame[c], frame.schema[c], view)) for c in names]
    entities = number(keys, weaken=weaken)
    group = np.where(entities.labels < 0, entities.n, entities.labels)
    event, known = clocks(view, frame)
    laid = lay_out(group, event, known, entities.n + 1, turns(view, frame))
    firsts = laid.rows[laid.offsets[:-2]]
    for i, name in enumerate(names):
        store.add(key_file(i), frame[name].gather(firsts))
    del frame, keys, entities, group
    for name, array in (("offsets", laid.offsets), ("event", laid.event)):
        store.add(f"{name}.npy", array)
    if known is not event:
        store.add("known.npy", laid.known)
    if laid.turn.size:
        store.add("turn.npy", laid.turn)
    ready = np.maximum(laid.event, laid.known) if known is not event else laid.event
    _add_arrivals(store, ready, laid.offsets)
    rows = _narrow(laid.rows)
    store.add("by_known.npy", _narrow(np.argsort(ready, kind="stable")))
    store.add("rows.npy", rows)
    return rows


def _add_arrivals(store: Store, ready: Ints, offsets: Ints) -> None:
    """Write when rows become ready and the newest by then, if that is not as they lie."""
    from proml_lab.kernels.laid import leading
    from proml_lab.kernels.windows import in_order

    later = ready[1:] >= ready[:-1]
    later[offsets[(offsets > 0) & (offsets < ready.size)] - 1] = True
    if "known.npy" in store:
        order = np.arange(ready.size) if later.all() else in_order(ready, offsets)
        store.add("ready.npy", ready[order])
        if not later.all():
            store.add("best.npy", leading(order, offsets))


def _add_columns(
    view: FeatureView, store: Store, rows: Places, columns: Iterable[str], told: _Told
) -> None:
    order = pl.Series(rows)
    for n, name in enumerate(columns):
        told(n)
        store.add(column_file(name), view.table.read([name]).to_series().gather(order))


def _add_sums(store: Store, columns: list[str]) -> None:
    sums = block_sums(frame_of(store, columns), store.array("by_known.npy"))
    store.add(sums_file(columns), sums)


def _narrow(numbers: Ints) -> Places:
    """Row numbers in four bytes: layouts are of fewer rows."""
    return numbers.astype(np.uint32)
