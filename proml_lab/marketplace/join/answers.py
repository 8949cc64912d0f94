"""What every label sees of feature views; each source is read and laid out once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import polars as pl

from proml_lab.errors import ColumnMissingError, DataError, UsageError, choose
from proml_lab.expression import evaluate
from proml_lab.marketplace.feature import CUTOFF, Feature
from proml_lab.marketplace.join.history import History, Labels, lay_out, require_unique
from proml_lab.marketplace.join.keys import Keys, alike, encode, require_shared
from proml_lab.marketplace.join.needs import needs
from proml_lab.marketplace.join.windows import Windows
from proml_lab.marketplace.kind import cast, polars_type
from proml_lab.marketplace.link import input_order
from proml_lab.marketplace.moment import Ints, moment_text, moments
from proml_lab.marketplace.view import FeatureView

At = tuple[tuple[str, str], ...]
"""For which entity: (key of the view, name of the column of `Answers.columns`), by key."""


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
    ) -> None:
        self.spine, self.cutoff, self.labelled = spine, cutoff, labelled
        self.views = {view.view: view for view, _ in wanted}
        self.columns = dict(zip(spine.columns, spine, strict=True))
        self.sources: dict[str, FeatureView] = {}
        """The views with a source that are read, those of inputs too, by name."""
        self._needs: dict[str, list[str]] = {}
        for view, names in wanted:
            self._require(view)
            self._plan(view, names)
        self._frames: dict[str, pl.DataFrame] = {}
        self._keys: dict[tuple[str, At], Keys] = {}
        self._histories: dict[tuple[str, At], History] = {}
        self._windows: dict[tuple[str, At], Windows] = {}
        self._latest: dict[tuple[str, At], pl.Series] = {}
        self._values: dict[tuple[str, str, At], pl.Series] = {}

    @property
    def keys(self) -> tuple[str, ...]:
        """Key columns of the spine, in the order of the views."""
        return tuple(dict.fromkeys(name for view in self.views.values() for name in view.keys))

    @cached_property
    def until(self) -> str | None:
        """The greatest cutoff, ISO 8601 in UTC; None where no view depends on time."""
        timed = any(view.timed for view in self.views.values())
        return moment_text(int(self._cutoffs.max())) if timed else None

    def n_rows(self, view: FeatureView) -> int:
        """How many rows the source of `view` has."""
        return self._source(view).height

    def values(self, view: FeatureView, name: str, at: At | None = None) -> pl.Series:
        """(n,) the values of the feature `name`, in its declared type.

        `at` says for which entity; by default that of the spine's columns of the same name.
        """
        at = at or tuple((key, key) for key in view.keys)
        place = view.view, name, at
        if place not in self._values:
            feature = view.feature(name)
            if view.inputs:
                found = self._derived(view, name, at)
            elif feature.aggregate:
                found = self._windows_of(view, at).aggregate(name)
            else:
                found = self._as_of(view, name, at)
            self._values[place] = _finished(view, name, found)
        return self._values[place]

    def _derived(self, view: FeatureView, name: str, at: At) -> pl.Series:
        """(n,) a feature that is computed from those of other views."""
        feature, here = view.feature(name), dict(at)
        inputs: dict[str, pl.Series] = {}
        for wanted in _wanted(view, [name]):
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
            self.columns[self._column(view, wanted, at)] = inputs[wanted]
        if feature.sql is None:
            return inputs[feature.column or name]
        columns = [inputs[column].alias(column) for column in feature.reads(name)]
        return self._evaluated(view, name, feature, columns)

    @staticmethod
    def _column(view: FeatureView, name: str, at: At) -> str:
        """What the values of an input are called among the columns."""
        return f"{name} of {view.view} at {at}"

    def _as_of(self, view: FeatureView, name: str, at: At) -> pl.Series:
        """(n,) the feature's value in the source row that each label sees."""
        feature, frame = view.feature(name), self._source(view)
        rows = self._rows(view, at)
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
        return evaluate(pl.DataFrame(columns), {name: feature.sql or ""}, role=role)[name]

    def _rows(self, view: FeatureView, at: At) -> pl.Series:
        """(n,) number of the source row that each label sees, null where it sees none."""
        place = view.view, at
        if place not in self._latest:
            history = self._history(view, at)
            require_unique(view, self._source(view), history)
            self._latest[place] = history.latest(
                self._labels(view, at), time_to_live=view.time_to_live
            )
        return self._latest[place]

    def _windows_of(self, view: FeatureView, at: At) -> Windows:
        place = view.view, at
        if place not in self._windows:
            history, labels = self._history(view, at), self._labels(view, at)
            self._windows[place] = Windows(view, self._source(view), history, labels)
        return self._windows[place]

    def _history(self, view: FeatureView, at: At) -> History:
        place = view.view, at
        if place not in self._histories:
            self._histories[place] = lay_out(view, self._source(view), self._encoded(view, at))
        return self._histories[place]

    def _labels(self, view: FeatureView, at: At) -> Labels:
        return Labels(self._encoded(view, at).labels, self._cutoffs)

    def _encoded(self, view: FeatureView, at: At) -> Keys:
        place = str(view.source), tuple((column, view.keys[key]) for key, column in at)
        if place not in self._keys:
            source = self._source(view)
            pairs = [
                alike(self.columns[column].alias(key), source[view.keys[key]], view)
                for key, column in at
            ]
            labels, rows = (pl.DataFrame(list(side)) for side in zip(*pairs, strict=True))
            self._keys[place] = encode(rows, labels)
            if self.labelled:
                require_shared(view, rows, labels, self._keys[place])
        return self._keys[place]

    def _source(self, view: FeatureView) -> pl.DataFrame:
        place = str(view.source)
        if place not in self._frames:
            self._frames[place] = view.table.read(self._needs[place])
        return self._frames[place]

    def _plan(self, view: FeatureView, names: Iterable[str]) -> None:
        """Note what is read of which source, those of inputs too."""
        if not view.inputs:
            place = str(view.source)
            self.sources[view.view] = view
            known = self._needs.get(place, [])
            self._needs[place] = list(dict.fromkeys([*known, *needs(view, names)]))
            return
        if not view.links:
            raise UsageError(
                f"View {view.view!r} is derived from others, and no catalogue says what they are.",
                hint="ask for it by its name, with catalog=…, or by Workspace.training_set.",
            )
        for name in _wanted(view, names):
            self._plan(view.links[name], [view.inputs[name].feature.rpartition(".")[2]])

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


def _wanted(view: FeatureView, names: Iterable[str]) -> list[str]:
    """The inputs that some features of a derived view need, each after those that it needs."""
    todo = [column for name in names for column in view.feature(name).reads(name)]
    needed: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in needed:
            needed.add(name)
            todo += [column for column in view.inputs[name].keys.values() if column in view.inputs]
    return [name for name in input_order(view.inputs) if name in needed]


def _finished(view: FeatureView, name: str, values: pl.Series) -> pl.Series:
    """`values` in the type that the view declares, if nothing is lost by it, nulls filled."""
    feature = view.feature(name)
    found = cast(values, feature.type)
    if found is None:
        with view.places.at("features", name):
            gives = f"{view.source} gives" if view.source else "its inputs give"
            raise DataError(
                f"View {view.view!r} declares feature {name!r} as {feature.type}, but {gives} "
                f"{values.dtype}.",
                hint="correct the type in the view, or cast in its sql.",
            )
    if feature.default is None or not found.null_count():
        return found
    default: object = feature.default
    filled = pl.Series([[*default] if isinstance(default, tuple) else default])
    kind = polars_type(feature.type)
    return pl.select(pl.lit(found).fill_null(pl.lit(filled.cast(kind).first(), kind))).to_series()
