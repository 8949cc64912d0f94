"""Whether a store says what the join says: sampled entities, looked up and joined at one moment."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import polars as pl

from proml_lab.errors import StoreError, UsageError
from proml_lab.marketplace.join import training_set
from proml_lab.marketplace.online.definition import definition_of
from proml_lab.marketplace.online.ledger import load
from proml_lab.marketplace.online.materialization import sourced
from proml_lab.marketplace.online.state import OnlineTable, State
from proml_lab.words import counted

if TYPE_CHECKING:
    from proml_lab.marketplace.online.reader import Online
    from proml_lab.marketplace.view import FeatureView

TOLERANCE = 1e-9
"""Relative, of floats: rows that came since may move the last digits of a sum."""
_ASKED = ":asked"
_SCHEMA = dict.fromkeys(("view", "feature", "entity", "online", "offline"), pl.String)
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Consistency:
    """Values of sampled entities, online against offline.

    `differences` has a row for each value that differs; `n_values` were compared, of `n_entities`
    in `views`; `left_out` says of a view why it was not.
    """

    differences: pl.DataFrame = field(repr=False)
    views: tuple[str, ...]
    n_entities: int
    n_values: int
    left_out: dict[str, str]

    def __bool__(self) -> bool:
        return self.verdict == "pass"

    @property
    def verdict(self) -> Literal["pass", "warn", "fail"]:
        """Fail where a value differs, warn where a view could not be compared."""
        if self.differences.height:
            return "fail"
        return "warn" if self.left_out else "pass"

    def frame(self) -> pl.DataFrame:
        """view, feature, entity, online, offline of every difference: the values as text."""
        return self.differences

    @property
    def title(self) -> str:
        """What was found, in one line."""
        n = self.differences.height
        entities = "1 entity" if self.n_entities == 1 else f"{self.n_entities:,} entities"
        return (
            f"{self.verdict}: {counted(n, 'difference') if n else 'no differences'} between online "
            f"and offline in {counted(self.n_values, 'value')} of {entities}"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        notes = [f"{view} was left out: {why}." for view, why in self.left_out.items()]
        if not self.differences.height:
            return html.bundle(
                "\n".join([self.title, *notes]), *map(html.lead, [self.title, *notes])
            )
        plain = "\n".join([self.title, html.text_table(self.differences, max_rows=20), *notes])
        table = html.table(self.differences, caption=self.title, max_rows=20)
        return html.bundle(plain, table, *map(html.note, notes))


def check(
    online: Online, views: Iterable[str] = (), *, sample: int = 100, seed: int = 7
) -> Consistency:
    """Look sampled entities up, and join them at the moment of materialization.

    Parameters
    ----------
    online
        The catalogue and the store.
    views
        Names of views; by default every one that is online.
    sample
        How many entities of each view, half of them out of the store, half out of the source.
    seed
        Which.

    Raises
    ------
    StoreError, UnknownNameError, UsageError
        The store cannot be used; a view is not there, or not online; nothing is.
    """
    if sample < 1:
        raise UsageError(f"A sample of {sample} says nothing.", hint="give 1 or more.")
    state = online.store.state()
    chosen = [online.catalog.view(name) for name in views]
    found = chosen or [view for view in online.catalog.views if _tables(view, state)]
    if not found:
        raise StoreError(
            f"{online.store.name} holds no view of this catalogue as it is defined now.",
            hint="write them first: proml features materialize.",
        )
    rows: list[dict[str, object]] = []
    left_out: dict[str, str] = {}
    n_entities = n_values = 0
    for view in found:
        moments = {table.until for table in _tables(view, state)}
        if len(moments) > 1:
            left_out[view.view] = "its inputs are online as of different moments"
            continue
        entities = _sample(online, view, state, sample, random.Random(seed))  # noqa: S311
        if entities.is_empty():
            left_out[view.view] = "it has no entities yet"
            continue
        n_entities += entities.height
        n_values += entities.height * len(view.features)
        until = max(moments, default=0)
        rows += _compared(online, view, entities, _START + timedelta(microseconds=until))
    names = tuple(view.view for view in found)
    return Consistency(pl.DataFrame(rows, schema=_SCHEMA), names, n_entities, n_values, left_out)


def is_online(view: FeatureView, state: State) -> bool:
    """Whether a store of that `state` holds all that the view is answered from."""
    return bool(_tables(view, state))


def _tables(view: FeatureView, state: State) -> list[OnlineTable]:
    """The tables that a view is answered from; none where one is missing."""
    tables = [state.table(one.view, definition_of(one)) for one in sourced([view])]
    return [table for table in tables if table] if all(tables) else []


def _sample(
    online: Online, view: FeatureView, state: State, n: int, rng: random.Random
) -> pl.DataFrame:
    """The keys of `n` entities of a view; of a derived one, each key from a view that has it."""
    columns: dict[str, pl.Series] = {}
    for one in sourced([view]):
        if not set(one.keys) & (set(view.keys) - set(columns)):
            continue
        there = _entities(online, one, state, n, rng)
        columns |= {key: there[key] for key in one.keys if key in view.keys}
    for key in set(view.keys) - set(columns):  # a key that the derived view calls otherwise
        columns[key] = _renamed(online, view, key, state, n, rng)
    n = min(map(len, columns.values()))
    return pl.DataFrame([columns[key].head(n).alias(key) for key in view.keys])


def _renamed(
    online: Online, view: FeatureView, key: str, state: State, n: int, rng: random.Random
) -> pl.Series:
    """Values for a key of a derived view that an input's view has under another name."""
    wanted = (
        (view.links[name], theirs)
        for name, asked in view.inputs.items()
        for theirs in view.links[name].keys
        if asked.keys.get(theirs, theirs) == key
    )
    other, theirs = next(wanted)
    return _sample(online, other, state, n, rng)[theirs]


def _entities(
    online: Online, view: FeatureView, state: State, n: int, rng: random.Random
) -> pl.DataFrame:
    """Up to `n` entities of a view with a source: half from the store, half from the source."""
    table = state.table(view.view, definition_of(view))
    data = online.store.ledger(table.slot) if table else None
    source = view.table.read(list(view.keys.values())).select(
        pl.col(column).alias(key) for key, column in view.keys.items()
    )
    theirs = source.drop_nulls().unique(maintain_order=True)
    halves = [_some(theirs, n - n // 2, rng)]
    if data:
        mine = load(data).select(list(view.keys)).cast(theirs.schema)
        halves.append(_some(mine, n // 2, rng))
    return pl.concat(halves).unique(maintain_order=True)


def _some(frame: pl.DataFrame, n: int, rng: random.Random) -> pl.DataFrame:
    return frame[rng.sample(range(frame.height), min(n, frame.height))]


def _compared(
    online: Online, view: FeatureView, entities: pl.DataFrame, at: datetime
) -> Iterator[dict[str, object]]:
    """The values that differ."""
    found = online.lookup(entities, [view.view], at=at)
    spine = entities.with_columns(pl.lit(at).cast(pl.Datetime("us", "UTC")).alias(_ASKED))
    names = {f"{name} offline": name for name in view.features}
    joined = training_set(
        spine, {view.view: names}, catalog=online.catalog, cutoff=_ASKED, entities=list(view.keys)
    )
    for new, name in names.items():
        offline = joined.frame[new].to_list()
        for i, (mine, theirs) in enumerate(zip(found[name], offline, strict=True)):
            if not alike(mine, theirs):
                entity = ", ".join(f"{key} {entities[key][i]}" for key in view.keys)
                yield {
                    "view": view.view,
                    "feature": name,
                    "entity": entity,
                    "online": str(mine),
                    "offline": str(theirs),
                }


def alike(one: object, other: object) -> bool:
    """Whether two values are the same: NaN is NaN, floats differ by less than `TOLERANCE`."""
    if isinstance(one, float) and isinstance(other, float):
        both = math.isnan(one) and math.isnan(other)
        return both or math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other
