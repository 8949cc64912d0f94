"""Point-in-time joins: give each row of a spine only what was known at its cutoff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from proml_lab.contracts import Dataset, Origin
from proml_lab.errors import ColumnMissingError, DataError, UsageError, choose
from proml_lab.expression import evaluate
from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace import source
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.join.history import Keys, Labels, encode, lay_out, require_unique
from proml_lab.marketplace.join.request import Pick, Wanted, picks
from proml_lab.marketplace.view import CUTOFF, SPINE, FeatureView
from proml_lab.model import as_frame

_TYPES: dict[str, pl.DataType] = {
    "float": pl.Float64(),
    "integer": pl.Int64(),
    "string": pl.String(),
    "boolean": pl.Boolean(),
    "time": pl.Datetime("us", "UTC"),
    "date": pl.Date(),
}


def training_set(
    spine: object,
    features: Iterable[Wanted],
    *,
    catalog: Catalog | None = None,
    root: Path | None = None,
    label: str | None = None,
    entities: Iterable[str] = (),
    cutoff: str | None = None,
) -> Dataset:
    """Join features to the rows of `spine`, each as it was known at the row's cutoff.

    Parameters
    ----------
    spine
        (n, p) frame (Polars, pandas, Arrow), or the path of a Parquet file. Its rows keep their
        order, its columns stay, repeated rows too.
    features
        What to join, see `Wanted`; ``spine`` stands for the spine's own columns.
    catalog
        Where views are looked up by name.
    root
        Folder that the path of the spine is shown relative to.
    label, entities, cutoff
        Columns of the spine. `entities` are by default the keys of the views; `cutoff` (UTC) is
        needed as soon as a view has an event time.

    Returns
    -------
    The spine's columns and one for each feature, in the order asked. An as-of feature is that of
    the newest event with ``event_time <= cutoff`` and ``known_at <= cutoff``, younger than the
    view's `time_to_live`; of two with one event time, the one known later. A window feature is
    over the rows with an event time in ``(cutoff - window, cutoff]`` that were known by the
    cutoff. Where there is nothing, null; a count is then 0, save for a row with a null key.

    Raises
    ------
    UnknownNameError, UsageError
        A view or feature is not there; two features have one name; a cutoff is missing.
    ColumnMissingError, SourceError, DataError, DuplicateKeyError
        The spine or a source cannot be used: the message says which, and why. With a `label`,
        a view of which no key is in the spine is such a source.

    Notes
    -----
    Method and its cost: docs/method.md#point-in-time.
    """
    frame, origin = _read_spine(spine, root)
    given = tuple(entities)
    for column in (*given, *filter(None, (label, cutoff))):
        _require(frame, column, "The spine has")
    chosen = picks(
        features, catalog, own=frame.columns, roles=[*given, *filter(None, (label, cutoff))]
    )
    if any(pick.view is None and pick.feature == label for pick in chosen):
        raise UsageError(
            f"The label {label!r} is asked for as a feature.", hint="a model would just read it."
        )
    by_view: dict[str, list[Pick]] = {}
    for pick in chosen:
        if pick.view:
            by_view.setdefault(pick.view.view, []).append(pick)
    join = _Join(frame, cutoff, list(by_view.values()), labelled=label is not None)
    columns = {p.name: frame[p.feature].alias(p.name) for p in chosen if p.view is None}
    columns |= {series.name: series for group in by_view.values() for series in join.columns(group)}
    names = tuple(pick.name for pick in chosen)
    return Dataset(
        frame=frame.with_columns(columns[name] for name in names),
        label=label,
        entities=given or join.keys,
        cutoff=cutoff,
        features=names,
        origins=(
            replace(origin, until=join.until),
            *(join.origin(group) for group in by_view.values()),
        ),
    )


class _Join:
    """One spine and the sources that its features come from; each source is read once."""

    def __init__(
        self,
        spine: pl.DataFrame,
        cutoff: str | None,
        groups: list[list[Pick]],
        *,
        labelled: bool,
    ) -> None:
        self.spine = spine
        self.cutoff = cutoff
        self.labelled = labelled
        self.views = [_view(group) for group in groups]
        self._needs: dict[Path, list[str]] = {}
        for view, group in zip(self.views, groups, strict=True):
            if view.event_time and cutoff is None:
                raise UsageError(
                    f"View {view.view!r} has an event time, so the spine needs a cutoff.",
                    hint="name the UTC column: cutoff='…'; features known by then are joined.",
                )
            for name in view.entities:
                _require(spine, name, f"View {view.view!r} joins on {name!r}, the spine has")
            names = source.needs(view, [pick.feature for pick in group])
            before = self._needs.get(view.source_path, [])
            self._needs[view.source_path] = list(dict.fromkeys([*before, *names]))
        self._frames: dict[Path, pl.DataFrame] = {}
        self._keys: dict[tuple[Path, tuple[tuple[str, str], ...]], Keys] = {}

    @property
    def keys(self) -> tuple[str, ...]:
        """Key columns of the spine, in the order of the views."""
        return tuple(dict.fromkeys(name for view in self.views for name in view.entities))

    def columns(self, group: list[Pick]) -> list[pl.Series]:
        """The columns of one view."""
        view = _view(group)
        frame, keys = self._source(view), self._encoded(view)
        history = lay_out(view, frame, keys)
        labels = Labels(keys.labels, self._cutoffs)
        timed = [pick for pick in group if view.feature(pick.feature).aggregate]
        plain = [pick for pick in group if pick not in timed]
        found: list[pl.Series] = []
        if plain:
            require_unique(view, frame, history)
            rows = history.latest(labels, time_to_live=view.time_to_live)
            found += [self._as_of(view, pick, rows).alias(pick.name) for pick in plain]
        if timed:
            from proml_lab.marketplace.join.windows import Windows

            windows = Windows(view, frame, history, labels)
            for pick in timed:
                column = windows.aggregate(pick.feature)
                found.append(_typed(view, pick, column).alias(pick.name))
        return found

    def _as_of(self, view: FeatureView, pick: Pick, rows: pl.Series) -> pl.Series:
        """(n,) the feature's value in the source row that each label sees."""
        feature, frame = view.feature(pick.feature), self._source(view)
        name = feature.column or pick.feature
        if feature.sql is None:
            return _typed(view, pick, frame[name]).gather(rows)
        role = f"View {view.view!r} ({view.source}): feature"
        if not feature.reads_cutoff:
            values = evaluate(frame, {name: feature.sql}, role=role)[name]
            return _typed(view, pick, values).gather(rows)
        seen = [frame[column].gather(rows) for column in feature.reads(name)]
        moment = self.spine[self.cutoff or ""].alias(CUTOFF)
        return _typed(
            view,
            pick,
            evaluate(pl.DataFrame([*seen, moment]), {name: feature.sql}, role=role)[name],
        )

    def origin(self, group: list[Pick]) -> Origin:
        view = _view(group)
        role = f"View {view.view!r}"
        return Origin(
            view=view.view,
            source=view.source,
            fingerprint=source.content(view.source_path, role=role),
            n_rows=self._source(view).height,
            columns=tuple(pick.name for pick in group),
            query="; ".join(f"{pick.name}: {view.formula(pick.feature)}" for pick in group),
            types=_schema(source.schema(view.source_path, role=role)),
            until=self.until if view.event_time else None,
        )

    @cached_property
    def until(self) -> str | None:
        """The greatest cutoff, ISO 8601 in UTC; None where no view has a time."""
        timed = any(view.event_time for view in self.views)
        return source.moment_text(int(self._cutoffs.max())) if timed else None

    def _source(self, view: FeatureView) -> pl.DataFrame:
        path = view.source_path
        if path not in self._frames:
            role = f"View {view.view!r}"
            self._frames[path] = source.read(path, self._needs[path], role=role)
        return self._frames[path]

    def _encoded(self, view: FeatureView) -> Keys:
        key = view.source_path, tuple(view.entities.items())
        if key not in self._keys:
            rows = self._source(view).select(view.entities.values())
            pairs = [
                _alike(self.spine[name], rows[column], view)
                for name, column in view.entities.items()
            ]
            labels, rows = (pl.DataFrame(list(side)) for side in zip(*pairs, strict=True))
            self._keys[key] = encode(rows, labels)
            if self.labelled:
                _require_shared(view, rows, labels, self._keys[key])
        return self._keys[key]

    @cached_property
    def _cutoffs(self) -> source.Ints:
        """(n,) microseconds; zeros where all views are static."""
        if self.cutoff is None:
            return np.zeros(self.spine.height, np.int64)
        times = self.spine[self.cutoff]
        if times.null_count():
            raise DataError(
                f"The cutoff {self.cutoff!r} is null in {times.null_count()} rows of the spine.",
                hint=f"leave them out: spine.drop_nulls({self.cutoff!r}).",
            )
        return source.moments(times, role="The spine", up=False)


def _view(group: list[Pick]) -> FeatureView:
    """The view of picks that share one.

    Raises
    ------
    UsageError
        They come from different views of one name.
    """
    view, *others = {id(pick.view): pick.view for pick in group if pick.view}.values()
    if others:
        raise UsageError(f"Two different views are called {view.view!r}.", hint="rename one.")
    return view


def _read_spine(spine: object, root: Path | None) -> tuple[pl.DataFrame, Origin]:
    if isinstance(spine, str | Path):
        path = Path(spine)
        source.schema(path, role="The spine")
        frame = source.read(path, None, role="The spine")
        inside = root is not None and path.is_relative_to(root)
        shown = str(path.relative_to(root)) if root and inside else str(path)
        print_ = source.content(path, role="The spine")
    else:
        frame = as_frame(spine)
        if not frame.height:
            raise DataError("The spine has no rows.", hint="give one row for each prediction.")
        shown, print_ = "frame", fingerprint(frame)
    columns = tuple(frame.columns)
    return frame, Origin(SPINE, shown, print_, frame.height, columns, types=_schema(frame.schema))


def _schema(schema: Mapping[str, pl.DataType]) -> dict[str, str]:
    return {name: str(kind) for name, kind in schema.items()}


def _require(frame: pl.DataFrame, column: str, role: str) -> None:
    if column not in frame.columns:
        raise ColumnMissingError(
            f"{role} no column {column!r}.", hint=choose(column, frame.columns)
        )


def _require_shared(
    view: FeatureView, rows: pl.DataFrame, labels: pl.DataFrame, keys: Keys
) -> None:
    """Raises DataError where a key column of a training set meets none of the view's keys.

    To predict for new entities alone is sensible, to learn from them is not.
    """
    if ((keys.labels >= 0) & (keys.labels < keys.n - 1)).any():
        return
    for row, label in zip(rows, labels, strict=True):
        ours, theirs = label.drop_nulls().unique(), row.drop_nulls().unique()
        joins = f"View {view.view!r} joins on {label.name!r}, and"
        for values, name, place in (
            (ours, label.name, "the spine"),
            (theirs, row.name, view.source),
        ):
            if not len(values):
                raise DataError(
                    f"{joins} {name!r} is null in every row of {place}.",
                    hint="a row without a key is never joined: fill it, or name another column.",
                )
        if not ours.is_in(theirs.implode()).any():
            raise DataError(
                f"{joins} no value of it in the spine is in {row.name!r} of {view.source}.",
                hint=f"compare spelling and case: the spine has {ours.min()!r}, the source "
                f"{theirs.min()!r}.",
            )


def _alike(label: pl.Series, row: pl.Series, view: FeatureView) -> tuple[pl.Series, pl.Series]:
    """A key column of the spine and that of the source, in one type."""
    text = (pl.String, pl.Categorical, pl.Enum)
    ours, theirs = label.dtype, row.dtype
    if ours in text and theirs in text:
        return label.cast(pl.String), row.cast(pl.String)
    if ours.is_integer() and theirs.is_integer():
        whole = pl.Int128 if pl.UInt64 in (ours, theirs) else pl.Int64
        return label.cast(whole), row.cast(whole)
    if ours == theirs and not ours.is_float():
        return label, row
    raise DataError(
        f"View {view.view!r} joins on {label.name!r}, which is {ours} in the spine and {theirs} "
        f"in {view.source}.",
        hint="keys are text, whole numbers, dates or times, and of one type on both sides.",
    )


def _typed(view: FeatureView, pick: Pick, values: pl.Series) -> pl.Series:
    """`values` in the type that the view declares, if nothing is lost by it."""
    declared = _TYPES[view.feature(pick.feature).type]
    try:
        cast = values.cast(declared)
    except PolarsError:
        cast = None
    if cast is None or not _same_kind(values, declared) or _loses(values, declared):
        with view.places.at("features", pick.feature):
            raise DataError(
                f"View {view.view!r} declares feature {pick.feature!r} as "
                f"{view.feature(pick.feature).type}, but {view.source} gives {values.dtype}.",
                hint="correct the type in the view, or cast in its sql.",
            )
    return cast


def _same_kind(values: pl.Series, declared: pl.DataType) -> bool:
    kind = values.dtype
    if kind == pl.Null:
        return True
    if declared.is_numeric():
        return kind.is_numeric() or (kind == pl.Boolean and declared.is_integer())
    if declared == pl.String:
        return kind in (pl.String, pl.Categorical, pl.Enum)
    if isinstance(declared, pl.Datetime):
        return isinstance(kind, pl.Datetime) and kind.time_zone is not None
    return kind == declared


def _loses(values: pl.Series, declared: pl.DataType) -> bool:
    """Whether numbers with a fraction are declared whole."""
    return declared.is_integer() and values.dtype.is_float() and bool((values % 1 != 0).any())
