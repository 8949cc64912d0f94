"""What every label sees of feature views; each source is read and laid out once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from proml_lab.errors import ColumnMissingError, DataError, UsageError, choose
from proml_lab.expression import evaluate
from proml_lab.fingerprint import Content
from proml_lab.marketplace.feature import CUTOFF, Feature
from proml_lab.marketplace.join.arrivals import Newest
from proml_lab.marketplace.join.history import Labels
from proml_lab.marketplace.join.keys import SPINE, Entities, key_type, number, require_shared
from proml_lab.marketplace.join.laid import Laid
from proml_lab.marketplace.join.needs import needs
from proml_lab.marketplace.join.plan import inputs_of, place_of, plan
from proml_lab.marketplace.join.reading import Past, Pieces, Reading, default_memory
from proml_lab.marketplace.join.windows import Windows
from proml_lab.marketplace.kind import cast, polars_type
from proml_lab.marketplace.moment import Ints, moment_text, moments
from proml_lab.marketplace.view import FeatureView

if TYPE_CHECKING:
    from proml_lab.marketplace.layout.layout import Layout
    from proml_lab.marketplace.layout.layouts import Layouts

At = tuple[tuple[str, str], ...]
"""For which entity: (key of the view, name of the column of `Answers.columns`), by key."""
Asked = tuple[Entities, Labels, tuple[pl.Series, ...]]
"""The entities of the spine, its labels, and the key columns in the types that are compared."""


class Answers:
    """The values of features for the rows of one spine.

    Parameters
    ----------
    spine
        (n, p) rows to answer for.
    cutoff
        Its column of moments, or None.
    wanted
        (view, names of its features), each view once.
    labelled
        Whether it is to learn from: then some key must be known to every view.
    memory
        How many bytes the rows of sources may take at once; a quarter of the machine's if None.
    until
        The moment up to which `seen` looks at sources, ISO 8601; the greatest cutoff if None.
    layouts
        Where sources are laid out, or None: then they are read.
    rows
        By view, what was read of its source already: all columns that are needed.

    Raises
    ------
    UsageError, ColumnMissingError, SourceError
        The spine lacks a cutoff or a key, a source a column, or it cannot be read.
    """

    def __init__(
        self,
        spine: pl.DataFrame,
        cutoff: str | None,
        wanted: Iterable[tuple[FeatureView, Iterable[str]]],
        *,
        labelled: bool,
        memory: int | None = None,
        until: str | None = None,
        layouts: Layouts | None = None,
        rows: Mapping[str, pl.DataFrame] | None = None,
    ) -> None:
        self._rows = rows or {}
        self._layouts = layouts
        self._laid: dict[str, Layout | None] = {}
        self.spine, self.cutoff, self.labelled = spine, cutoff, labelled
        self.memory = default_memory() if memory is None else memory
        self._until = until
        self._seen: dict[str, Content] = {}
        self._unseen: dict[str, Content] = {}
        wanted = list(wanted)
        self.views = {view.view: view for view, _ in wanted}
        self.columns = dict(zip(spine.columns, spine, strict=True))
        self._givers: dict[str, str] = {}
        for view in self.views.values():
            self._require(view)
        self._plan = plan(wanted)
        self._pieces: dict[str, Pieces] = {}
        self._entities: dict[tuple[tuple[str, ...], tuple[pl.DataType, ...]], Asked] = {}
        self._values: dict[tuple[str, str, At], pl.Series] = {}

    @property
    def keys(self) -> tuple[str, ...]:
        """Key columns of the spine, in the order of the views."""
        return tuple(dict.fromkeys(name for view in self.views.values() for name in view.keys))

    @property
    def sources(self) -> dict[str, FeatureView]:
        """The views with a source that are read, those of inputs too, by name."""
        return self._plan.sources

    @cached_property
    def until(self) -> str | None:
        """The greatest cutoff, ISO 8601 in UTC; None where no view depends on time."""
        timed = any(view.timed for view in self.views.values())
        return moment_text(self._last) if timed else None

    @cached_property
    def _last(self) -> int:
        """`until` in microseconds."""
        if self._until is None:
            return int(self._cutoffs.max())
        since = datetime.fromisoformat(self._until) - datetime(1970, 1, 1, tzinfo=UTC)
        return since // timedelta(microseconds=1)

    def seen(self, view: str) -> Content | None:
        """What the source of a view that was read had by `until`, of the columns that were read."""
        return self._seen.get(view)

    def content(self, view: FeatureView) -> str:
        """Fingerprint of the source of a view; of a server, of what was read of it."""
        if view.view in self._unseen:
            return self._seen[view.view].together(self._unseen[view.view]).digest()
        layout = self._laid.get(view.view)
        return layout.content if layout else view.table.content(self.read(view))

    def read(self, view: FeatureView) -> list[str]:
        """The columns that are read of the source of `view`."""
        return self._plan.columns(view)

    def n_rows(self, view: FeatureView) -> int:
        """How many rows the source of `view` has."""
        layout = self._laid.get(view.view)
        return layout.n_rows if layout else self._source(view).n_rows

    def values(self, view: FeatureView, name: str, at: At | None = None) -> pl.Series:
        """(n,) the values of the feature `name`, in its declared type.

        `at` says for which entity; by default that of the spine's columns of the same name.
        """
        at = at or tuple((key, key) for key in view.keys)
        place = view.view, name, at
        if place not in self._values:
            if view.inputs:
                found = self._derived(view, name, at)
                self._values[place] = _finished(view, name, found)
            else:
                self._read(view, at)
        return self._values[place]

    def _derived(self, view: FeatureView, name: str, at: At) -> pl.Series:
        """(n,) a feature that is computed from those of other views."""
        feature, here = view.feature(name), dict(at)
        inputs: dict[str, pl.Series] = {}
        for wanted in inputs_of(view, [name]):
            asked = view.inputs[wanted]
            other = view.links[wanted]
            keys = []
            for key in other.keys:
                column = asked.keys.get(key, key)
                keys.append(
                    (key, self._column(view, column, at) if column in inputs else here[column])
                )
            short = asked.feature.rpartition(".")[2]
            inputs[wanted] = self.values(other, short, tuple(keys))
            column = self._column(view, wanted, at)
            self.columns[column] = inputs[wanted]
            self._givers[column] = f"the input {wanted!r} of view {view.view!r}"
        if feature.sql is None:
            return inputs[feature.column or name]
        columns = [inputs[column].alias(column) for column in feature.reads(name)]
        return self._evaluated(view, name, feature, columns)

    @staticmethod
    def _column(view: FeatureView, name: str, at: At) -> str:
        """What the values of an input are called among the columns."""
        return f"{name} of {view.view} at {at}"

    def _as_of(self, view: FeatureView, name: str, newest: Newest) -> pl.Series:
        """(n,) the feature's value in the source row that each label sees."""
        feature = view.feature(name)
        frame, rows = newest.frame, newest.places
        if feature.sql is None:
            return frame[feature.column or name].gather(rows)
        seen = [frame[column].gather(rows) for column in feature.reads(name)]
        values = self._evaluated(view, name, feature, seen)
        return values.set(rows.is_null(), None) if rows.null_count() else values

    def _evaluated(
        self, view: FeatureView, name: str, feature: Feature, columns: list[pl.Series]
    ) -> pl.Series:
        """(n,) the feature's SQL over columns of which each row is a label's."""
        if feature.reads_cutoff:
            columns = [*columns, self.spine[self.cutoff or ""].alias(CUTOFF)]
        if not columns:  # a constant: as many as there are labels
            columns = [pl.int_range(self.spine.height, eager=True)]
        of = f" ({view.source})" if view.source else ""
        role = f"View {view.view!r}{of}: feature"
        with view.places.at("features", name):
            return evaluate(pl.DataFrame(columns), {name: feature.sql or ""}, role=role)[name]

    def _read(self, view: FeatureView, at: At) -> None:
        """Work out all features that are asked of `view`, and let its rows go."""
        names = self._plan.features(view)
        windows = [name for name in names if view.feature(name).aggregate]
        others = [name for name in names if name not in windows]
        entities, labels, keys = self._numbered(view, at)
        layout = self._layout(view)
        reading: Laid | Reading
        if layout is not None:
            reading = Laid(view, layout, entities, keys, labels, self.memory)
        else:
            reading = Reading(view, self._source(view), entities, keys, labels, self.memory)
            if view.view not in self._seen:
                self._count(view, reading)
        newest, parts = reading.read(_values(view, others), needs(view, windows) if windows else [])
        if self.labelled and not reading.shared:
            rows = view.table.read([*dict.fromkeys(view.keys.values())])
            require_shared(
                view,
                [
                    rows[column].cast(key.dtype)
                    for column, key in zip(view.keys.values(), keys, strict=True)
                ],
                keys,
                self._given(at),
            )
        for past in parts:
            self._aggregate(view, at, windows, past)
        if newest is not None:
            for name in others:
                found = self._as_of(view, name, newest)
                self._values[view.view, name, at] = _finished(view, name, found)

    def _layout(self, view: FeatureView) -> Layout | None:
        """The layout of the source of `view`, and what of it was known; None if it has none."""
        if self._layouts is not None and view.view not in self._laid:
            columns = needs(view, self._plan.features(view))
            layout = self._laid[view.view] = self._layouts.open(view, columns)
            if layout is not None:
                self._seen[view.view] = layout.seen(self._last)
        return self._laid.get(view.view)

    def _count(self, view: FeatureView, reading: Reading) -> None:
        """Have `reading` count in what it sees; all rows too, if it reads all columns."""
        there = self._source(view).schema
        types = {column: there[column] for column in needs(view, self._plan.features(view))}
        self._seen[view.view] = reading.seen = Content(types)
        reading.until = self._last
        if len(types) == len(there):
            self._unseen[view.view] = reading.unseen = Content(types)

    def _aggregate(self, view: FeatureView, at: At, names: list[str], past: Past) -> None:
        """Work out window features for the labels of one part of the entities."""
        windows = Windows(view, past.frame, past.history, past.labels)
        mine = pl.Series(past.labels.group >= 0)
        for name in names:
            place = view.view, name, at
            values = _finished(view, name, windows.aggregate(name))
            before = self._values.get(place)
            self._values[place] = values if before is None else values.zip_with(mine, before)

    def _numbered(self, view: FeatureView, at: At) -> Asked:
        """The entities that the spine asks about, by the keys of `view`."""
        there = self._source(view).schema
        asked = [self.columns[column].alias(key) for key, column in at]
        kinds = tuple(
            key_type(key, there[view.keys[key.name]], view, giver=giver)
            for key, giver in zip(asked, self._given(at), strict=True)
        )
        place = tuple(column for _, column in at), kinds
        if place not in self._entities:
            keys = tuple(key.cast(kind) for key, kind in zip(asked, kinds, strict=True))
            entities = number(keys)
            labels = Labels(entities.labels, self._cutoffs, entities.n)
            self._entities[place] = entities, labels, keys
        entities, labels, keys = self._entities[place]
        return entities, labels, tuple(k.alias(key) for k, (key, _) in zip(keys, at, strict=True))

    def _given(self, at: At) -> list[str]:
        """What gives each of the keys, in words."""
        return [self._givers.get(column, SPINE) for _, column in at]

    def _source(self, view: FeatureView) -> Pieces:
        where = place_of(view)
        if where not in self._pieces:
            room = self.memory if self._plan.is_shared(view) else 0
            rows = self._rows.get(view.view)
            columns = self._plan.columns(view)
            self._pieces[where] = Pieces(view.table, columns, memory=room, rows=rows)
        return self._pieces[where]

    def _require(self, view: FeatureView) -> None:
        if view.timed and self.cutoff is None:
            raise UsageError(
                f"View {view.view!r} has an event time, so the spine needs a cutoff.",
                hint="name the UTC column: cutoff='…'; features known by then are joined.",
            )
        for name in view.keys:
            if name not in self.columns:
                raise ColumnMissingError(
                    f"View {view.view!r} joins on {name!r}, the spine has no column {name!r}.",
                    hint=choose(name, self.columns),
                )

    @cached_property
    def _cutoffs(self) -> Ints:
        """(n,) microseconds; zeros where all views are static."""
        if self.cutoff is None:
            return np.zeros(self.spine.height, np.int64)
        times = self.spine[self.cutoff]
        if times.null_count():
            raise DataError(
                f"The cutoff {self.cutoff!r} is null in {times.null_count()} rows of the spine.",
                hint=f"leave them out: spine.drop_nulls({self.cutoff!r}).",
            )
        return moments(times, role="The spine", up=False)


def _values(view: FeatureView, names: list[str]) -> list[str]:
    """The columns that the features `names`, of rows, are made of: of constants, any column."""
    columns = [column for name in names for column in view.feature(name).reads(name)]
    return list(dict.fromkeys(columns)) or ([*view.keys.values()][:1] if names else [])


def _finished(view: FeatureView, name: str, values: pl.Series) -> pl.Series:
    """`values` in the type that the view declares, if nothing is lost by it, nulls filled."""
    feature = view.feature(name)
    found = cast(values, feature.type)
    if found is None:
        with view.places.at("features", name):
            gives = f"{view.source} gives" if view.source else "its inputs give"
            columns = feature.reads(name) if view.source else ()
            odd = next(filter(None, map(view.table.oddity, columns)), "") if columns else ""
            raise DataError(
                f"View {view.view!r} declares feature {name!r} as {feature.type}, but {gives} "
                f"{values.dtype}{f': {odd}' if odd else ''}.",
                hint="correct the type in the view, or cast in its sql.",
            )
    if feature.default is None or not found.null_count():
        return found
    default: object = feature.default
    filled = pl.Series([[*default] if isinstance(default, tuple) else default])
    kind = polars_type(feature.type)
    return pl.select(pl.lit(found).fill_null(pl.lit(filled.cast(kind).first(), kind))).to_series()
