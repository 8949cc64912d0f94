"""Profiles of features over all rows of their sources: by file and period, and put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.duration import ALL
from proml_lab.errors import DataError, ProMLError, SourceError, unknown
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.join import training_set
from proml_lab.marketplace.know.association import association
from proml_lab.marketplace.know.codes import QUIET_UNITS
from proml_lab.marketplace.know.drift import drift
from proml_lab.marketplace.know.kept import Looked, keep
from proml_lab.marketplace.know.parts import Unit, by_period, by_rows, length_of, parts, unit_of
from proml_lab.marketplace.know.reasons import looked
from proml_lab.marketplace.know.report import FeatureProfile, ProfileReport
from proml_lab.marketplace.know.seen import seen
from proml_lab.marketplace.know.summary import Summary, merge
from proml_lab.marketplace.sensitivity import personal
from proml_lab.marketplace.source import open_table
from proml_lab.marketplace.view import FeatureView

if TYPE_CHECKING:
    from proml_lab.contracts import Dataset
    from proml_lab.marketplace.workspace import Workspace
    from proml_lab.spec import ModelSpec

N_LABELLED = 50_000


def describe(
    catalog: Catalog,
    of: str = "",
    *,
    cache: Path | None = None,
    now: datetime | None = None,
    labelled: Dataset | None = None,
    lenient: bool = False,
) -> ProfileReport:
    """Describe the values of features.

    Parameters
    ----------
    catalog
        Where the features are.
    of
        A view, or ``view.feature``; all if empty.
    cache
        Folder where summaries are kept, so that only files that are new are read.
    now
        What ages are counted to, UTC; the present moment by default.
    labelled
        Rows with a label, joined to the features by their full names: see `labelled`.
    lenient
        Tell in the notes what cannot be read, even where `of` is given.

    Returns
    -------
    A report. Features that are columns, or SQL over one row, are described over all rows of the
    source; windows, ages and derived ones as they are seen at 20,000 moments (`know.seen.seen`).
    Views whose source cannot be read are told in its notes, where others can.

    Raises
    ------
    UnknownNameError
        There is no such view or feature.
    SourceError
        `of` is given, and its source cannot be read, or no source can. So for other mistakes of
        sources.
    """
    at = now or datetime.now(UTC)
    found: list[FeatureProfile] = []
    failed: list[ProMLError] = []
    rows: list[Looked] = []
    for view, names in chosen(catalog, of):
        try:
            every = _view(view, cache, at)
            state = view.table.state if view.source else None
        except ProMLError as error:
            if of and not lenient:
                raise
            failed.append(error)
            continue
        rows += [looked(profile, view, state, at) for profile in every]
        found += [profile for profile in every if profile.feature in names]
    if failed and not found and not lenient:
        raise failed[0]
    notes = [error.message for error in failed]
    if cache:
        keep(cache, rows)
    if labelled is not None:
        found = [_with_label(profile, labelled) for profile in found]
    notes += personal(catalog, (profile.key for profile in found))
    return ProfileReport(tuple(found), now=at, of=of, notes=tuple(notes))


def described(
    workspace: Workspace, of: str = "", *, label_of: ModelSpec | None = None
) -> ProfileReport:
    """`describe` in a workspace, which keeps what was found out.

    With `label_of` also how closely each feature goes with the label of that spec, on its rows.

    Raises
    ------
    UnknownNameError, SourceError, ColumnMissingError, DataError, DuplicateKeyError
        As `describe` and `labelled` do.
    """
    data = labelled(workspace, label_of, of) if label_of is not None else None
    return describe(workspace.catalog, of, cache=workspace.profiles, labelled=data)


def labelled(workspace: Workspace, spec: ModelSpec, of: str = "") -> Dataset:
    """Up to 50,000 rows of the spine of `spec`, evenly spread, with its label and the features
    `of`, under their full names; features whose keys the spine lacks are left out.

    Raises
    ------
    UnknownNameError, SourceError, ColumnMissingError, DataError, DuplicateKeyError
        As in `training_set`; the label must be numbers or truth values.
    """
    catalog, asked = workspace.catalog, spec.spine
    source = workspace.source(asked.source)
    spine = open_table(source, workspace.root, role="The spine").read()
    spine = spine.gather_every(-(-spine.height // N_LABELLED))
    wanted = [
        {view.view: {f"{view.view}.{name}": name for name in names}}
        for view, names in chosen(catalog, of)
        if set(view.keys) <= set(spine.columns) and (asked.cutoff or not view.timed)
    ]
    label = spec.label.column
    data = training_set(spine, wanted, catalog=catalog, label=label, cutoff=asked.cutoff)
    kind = data.frame.schema[label]
    if not (kind.is_numeric() or kind == pl.Boolean):
        raise DataError(
            f"The label {label!r} is {kind}; only numbers and truth values can be held against "
            "features.",
            hint="make it 0 and 1, or leave --label out.",
        )
    return data


def chosen(catalog: Catalog, of: str) -> list[tuple[FeatureView, list[str]]]:
    """The views and features that `of` names: a view, ``view.feature``, or all if empty.

    Raises
    ------
    UnknownNameError
        There is no such view or feature.
    """
    if not of:
        return [(view, list(view.features)) for view in catalog.views]
    names = {view.view: view for view in catalog.views}
    if of in names:
        return [(names[of], list(names[of].features))]
    view, _, short = of.rpartition(".")
    if view in names and short in names[view].features:
        return [(names[view], [short])]
    raise unknown("view or feature", of, [*names, *catalog.names()])


def _view(view: FeatureView, cache: Path | None, now: datetime) -> list[FeatureProfile]:
    first, last, known = _span(view)
    unit = unit_of(first, last) if first and last else None
    plain = by_rows(view)
    rows = parts(view, plain, unit=unit, cache=cache) if plain else []
    found = {name: _together([part.found for part in rows], name) for name in plain}
    others = [name for name in view.features if name not in found]
    if others:
        looked = seen(view, others)
        spans = looked.moments
        unit = unit or _unit(spans)
        made = by_period({n: looked.values[n] for n in others}, spans, unit=unit)
        found |= {name: _together([made], name) for name in others}
        if first is None and spans is not None:
            first, last = _moment(spans.min()), _moment(spans.max())
    newest = known or last
    profiles = []
    for name, feature in view.features.items():
        periods = found[name]
        dated = [(start, one) for start, one in periods if start is not None]
        profiles.append(
            FeatureProfile(
                view=view.view,
                feature=name,
                type=feature.type,
                basis="rows" if name in plain else "moments",
                total=merge([one for _, one in periods]),
                periods=tuple(dated),
                unit=unit,
                first=first,
                last=last,
                age=now - newest if newest else None,
                time_to_live=_lives(view, feature, unit),
                drift=drift(dated),
            )
        )
    return profiles


def _lives(view: FeatureView, feature: Feature, unit: Unit | None) -> timedelta | None:
    """How old the newest row may be for the feature to be of use; a short window is often empty."""
    if not feature.aggregate:
        return view.time_to_live
    if feature.window is None or feature.window == ALL:
        return None
    length = feature.window + (feature.slide or timedelta(0))
    return max(length, QUIET_UNITS * length_of(unit)) if unit else length


def _together(
    found: Iterable[Mapping[tuple[str, datetime | None], Summary]], name: str
) -> list[tuple[datetime | None, Summary]]:
    """The periods of one feature over all parts, in order, rows without a time first."""
    by_start: dict[datetime | None, list[Summary]] = {}
    for part in found:
        for (feature, start), one in part.items():
            if feature == name:
                by_start.setdefault(start, []).append(one)
    starts = sorted(start for start in by_start if start is not None)
    ordered = [*([None] if None in by_start else []), *starts]
    return [(start, merge(by_start[start])) for start in ordered]


def _span(view: FeatureView) -> tuple[datetime | None, datetime | None, datetime | None]:
    """First and last event, and when the last row became known, of the source."""
    if not view.source or view.event_time is None:
        return None, None, None
    times = [view.event_time, *([view.known_at] if isinstance(view.known_at, str) else [])]
    try:
        said = (
            view.table.scan()
            .select(
                pl.col(view.event_time).min().alias("first"),
                pl.col(view.event_time).max().alias("last"),
                pl.col(times[-1]).max().alias("known"),
            )
            .collect()
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise view.table.failed(error) from None
    first, last, known = (_moment(value) for value in said.row(0))
    if first is None:
        raise SourceError(
            f"View {view.view!r}: no row of {view.source} has a {view.event_time}.",
            hint="look at how the source is made.",
        )
    return first, last, known if len(times) > 1 else None


def _unit(moments: pl.Series | None) -> Unit | None:
    first, last = (
        _moment(m)
        for m in ((moments.min(), moments.max()) if moments is not None else (None, None))
    )
    return unit_of(first, last) if first and last else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _with_label(profile: FeatureProfile, data: Dataset) -> FeatureProfile:
    if data.label is None or profile.key not in data.frame.columns:
        return profile
    found = association(data.frame[profile.key], data.frame[data.label])
    return replace(profile, label=found if found == found else None)
