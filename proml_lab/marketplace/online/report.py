"""What is told of an online store: what was written, what it holds, what a look-up found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.online.definition import definition_of
from proml_lab.marketplace.online.state import OnlineTable, State
from proml_lab.marketplace.sensitivity import told
from proml_lab.marketplace.view import FeatureView
from proml_lab.words import counted

if TYPE_CHECKING:
    from proml_lab.marketplace.online.values import Values

_WRITTEN = {
    "view": pl.String, "until": pl.Int64, "entities": pl.Int64, "written": pl.Int64,
    "removed": pl.Int64, "bytes": pl.Int64,
}  # fmt: skip
_HELD = {
    "view": pl.String, "version": pl.Int64, "until": pl.Int64, "age_s": pl.Float64,
    "entities": pl.Int64, "bytes": pl.Int64, "status": pl.String, "made": pl.Int64,
}  # fmt: skip
_MOMENT = pl.Datetime("us", "UTC")


@dataclass(frozen=True, eq=False)
class Materialized:
    """What a materialization wrote: a mapping for each view."""

    parts: tuple[dict[str, object], ...]

    def frame(self) -> pl.DataFrame:
        """view, until, entities, written and removed (how many of them), bytes."""
        return pl.DataFrame(self.parts, schema=_WRITTEN).cast({"until": _MOMENT})

    @property
    def title(self) -> str:
        """What was written, in one line."""
        written = sum(self.frame()["written"])
        n, of = len(self.parts), sum(self.frame()["entities"])
        return f"{counted(n, 'view')} online, {written:,} of {counted(of, 'record')} written"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return _shown(self.title, self.frame())


@dataclass(frozen=True, eq=False)
class Holdings:
    """What an online store holds: `state`, against what `catalog` says now, at the moment `now`."""

    name: str
    state: State
    catalog: Catalog
    now: datetime

    def frame(self) -> pl.DataFrame:
        """view, version, until, age_s, entities, bytes, status, made; by view, the newest first.

        `status` is current, or changed where the catalogue defines the view otherwise now, or gone.
        """
        views = {view.view: view for view in self.catalog.views}
        tables = sorted(self.state.tables, key=lambda table: (table.view, -table.made))
        now = (self.now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        rows = [
            {
                "view": table.view,
                "version": table.version,
                "until": table.until,
                "age_s": (now - table.until) / 1e6,
                "entities": table.n_entities,
                "bytes": table.n_bytes,
                "status": _status(table, views.get(table.view)),
                "made": table.made,
            }
            for table in tables
        ]
        return pl.DataFrame(rows, schema=_HELD).cast({"until": _MOMENT, "made": _MOMENT})

    @property
    def title(self) -> str:
        """What it holds, in one line."""
        found = self.frame()
        if not found.height:
            return f"{self.name} holds nothing yet"
        n = found["view"].n_unique()
        return (
            f"{self.name} holds {counted(n, 'view')}, "
            f"{counted(sum(found['entities']), 'record')}, {sum(found['bytes']) / 1e6:.1f} MB"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        found = self.frame()
        ages = pl.Series("age", [age_text(age) for age in found["age_s"]], pl.String)
        columns = ("view", "version", "until", ages, "entities", "bytes", "status")
        return _shown(self.title, found.select(*columns))


@dataclass(frozen=True, eq=False)
class Found:
    """What a look-up found: `values` has, for each feature, a value for each entity.

    `entities` are the keys that were given, in the same form.
    """

    values: dict[str, list[object]]
    entities: dict[str, Sequence[object]]
    _made: Values = field(repr=False)

    def __len__(self) -> int:
        return max(map(len, self.entities.values()), default=0)

    def __getitem__(self, feature: str) -> list[object]:
        return self.values[feature]

    def row(self, i: int = 0) -> dict[str, object]:
        """The values for one entity, by feature."""
        return {name: values[i] for name, values in self.values.items()}

    @property
    def at(self) -> datetime:
        """The moment of the look-up."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self._made.at)

    def ages(self) -> dict[str, list[float | None]]:
        """How old each value is at the moment of the look-up, in seconds; None where none is known.

        Of a feature of a row, since the row's event, also past its time to live; of a window or a
        static view, since its moment of materialization; of a derived feature, that of its oldest
        input.
        """
        at, moments = self._made.at, self._made.moments()
        return {
            name: [None if one is None else (at - one) / 1e6 for one in found]
            for name, found in moments.items()
        }

    def frame(self) -> pl.DataFrame:
        """The keys, the features in their types, and ``age_s``: the ages, by feature."""
        keys = pl.DataFrame({name: list(values) for name, values in self.entities.items()})
        ages = pl.DataFrame(self.ages(), schema=dict.fromkeys(self.values, pl.Float64))
        columns = [
            pl.Series(name, values, dtype=self._made.types[name])
            for name, values in self.values.items()
        ]
        return keys.with_columns(*columns, ages.to_struct("age_s"))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        ages = self.ages()
        rows = [
            {
                **{key: str(given[i]) for key, given in self.entities.items()},
                "feature": name,
                "value": None if values[i] is None else str(values[i]),
                "age": age_text(ages[name][i]),
            }
            for i in range(len(self))
            for name, values in self.values.items()
        ]
        n = len(self)
        title = (
            f"{counted(len(self.values), 'feature')} of {n} {'entity' if n == 1 else 'entities'}"
        )
        personal = [
            target.name
            for target in self._made.plan.targets
            if target.view.sensitivity_of(target.feature) == "personal"
        ]
        return _shown(title, pl.DataFrame(rows), notes=told(personal))


def _status(table: OnlineTable, view: FeatureView | None) -> str:
    if view is None:
        return "gone"
    return "current" if definition_of(view) == table.definition else "changed"


def age_text(age_s: float | None) -> str:
    """How old something is, in its largest unit: ``3.2 h``."""
    if age_s is None:
        return ""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if abs(age_s) >= size:
            return f"{age_s / size:.1f} {unit}"
    return f"{age_s:.0f} s"


def _shown(
    title: str, table: pl.DataFrame, *, max_rows: int = 100, notes: Sequence[str] = ()
) -> dict[str, str]:
    from proml_lab.plots import html

    plain = "\n".join([title, html.text_table(table, max_rows=max_rows), *notes])
    shown = html.table(table, caption=title, max_rows=max_rows)
    return html.bundle(plain, shown, *map(html.note, notes))
