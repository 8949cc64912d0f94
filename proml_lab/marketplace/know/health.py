"""Health of features: one mark each, with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.errors import ProMLError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.check import check
from proml_lab.marketplace.know.describe import chosen, describe
from proml_lab.marketplace.know.healthreport import FeatureHealth, HealthReport, Reason
from proml_lab.marketplace.know.kept import Looked, keep_codes
from proml_lab.marketplace.know.reasons import of_age, of_values
from proml_lab.marketplace.know.served import served
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.sensitivity import personal
from proml_lab.marketplace.view import FeatureView

if TYPE_CHECKING:
    from proml_lab.marketplace.online.reader import Online


def health(
    catalog: Catalog,
    uses: Iterable[Use] = (),
    of: str = "",
    *,
    cache: Path | None = None,
    online: Online | None = None,
    now: datetime | None = None,
    notes: Iterable[str] = (),
) -> HealthReport:
    """One mark for each feature: good, look or bad, with every reason.

    Parameters
    ----------
    catalog
        Where the features are.
    uses
        As in `usage`: who uses them, those that are gone too.
    of
        A view, or ``view.feature``; all if empty.
    cache, now
        As in `describe`, which looks at the values.
    online
        Values of sampled entities are held against it; None: they are not.
    notes
        Handed on to the report.

    Raises
    ------
    UnknownNameError
        There is no such view or feature.
    """
    every = chosen(catalog, of)
    used: dict[str, list[Use]] = {}
    for use in uses:
        used.setdefault(use.key, []).append(use)
    problems = _problems(catalog)
    differs, more = served(online, [view for view, _ in every]) if online else ({}, ())
    report = describe(catalog, of, cache=cache, now=now, lenient=True)
    profiles = {profile.key: profile for profile in report.profiles}
    found = []
    for view, names in every:
        for name in names:
            key = f"{view.view}.{name}"
            reasons = [*problems.get(view.view, []), *problems.get(key, [])]
            if key in profiles:
                told = [*of_values(profiles[key]), *of_age(profiles[key], report.now)]
                reasons += sorted(told, key=lambda reason: reason.code)
            elif not reasons:
                reasons.append(Reason("FH001", _unread(view, report.notes)))
            reasons += _of_uses(view, name, used.get(key, []))
            reasons += [differs[key]] if key in differs else []
            told_of = _with_mutes(reasons, view.mutes_of(name))
            found.append(FeatureHealth(view.view, name, told_of, tuple(used.get(key, []))))
    found = [*_with_inputs(catalog, found)]
    if cache:
        keep_codes(cache, [_codes(one, catalog.view(one.view)) for one in found])
    known = set(catalog.names())
    for key, some in used.items() if not of else ():
        some = [use for use in some if not use.pinned]  # a published version is there for ever
        if key not in known and some:
            view_name, _, name = key.rpartition(".")
            reason = Reason("FH042", f"used by {_names(some)}")
            found.append(FeatureHealth(view_name, name, (reason,), tuple(some)))
    marked = personal(catalog, (one.key for one in found))
    return HealthReport(tuple(found), profiles, report.now, of, (*notes, *more, *marked))


def _with_mutes(reasons: Iterable[Reason], mutes: Mapping[str, str]) -> tuple[Reason, ...]:
    return tuple(replace(one, muted=mutes.get(one.code, "")) for one in reasons)


def _codes(one: FeatureHealth, view: FeatureView) -> Looked:
    """What is kept: nothing of the present moment, of who uses it, or of what is online."""
    passing = ("FH02", "FH04", "FH06")
    kept = [one.code for one in one.reasons if one.code[:4] not in passing]
    codes, mutes = " ".join(kept), " ".join(view.mutes_of(one.feature))
    return Looked(one.view, one.feature, view.meaning, codes=codes, mutes=mutes)


def _problems(catalog: Catalog) -> dict[str, list[Reason]]:
    """What is wrong with views and features before any row is read, by their names."""
    found: dict[str, list[Reason]] = {}
    for view in catalog.views:
        try:
            if view.source:
                view.table.schema()
        except ProMLError as error:
            found[view.view] = [Reason("FH001", error.message)]
    for row in check(catalog).found.iter_rows(named=True):
        if row["view"] not in found or row["feature"]:
            key = f"{row['view']}.{row['feature']}" if row["feature"] else row["view"]
            found.setdefault(key, []).append(Reason("FH002", row["problem"]))
    return found


def _unread(view: FeatureView, notes: Iterable[str]) -> str:
    said = (note for note in notes if repr(view.view) in note)
    return next(said, "its values cannot be looked at")


def _of_uses(view: FeatureView, name: str, uses: list[Use]) -> Iterator[Reason]:
    status = view.status_of(name)
    if status == "deprecated" and uses:
        successor = view.feature(name).successor or view.successor
        instead = f"; its successor is {successor}" if successor else ""
        yield Reason("FH040", f"used by {_names(uses)}{instead}")
    in_service = [use for use in uses if use.aliases]
    if status == "draft" and in_service:
        yield Reason("FH041", f"used by {_names(in_service)}")


def _with_inputs(catalog: Catalog, found: Iterable[FeatureHealth]) -> Iterator[FeatureHealth]:
    """The same, and derived features bad where an input is."""
    every = {one.key: one for one in found}
    views = {view.view: view for view in catalog.views}
    done: dict[str, FeatureHealth] = {}

    def finished(one: FeatureHealth) -> FeatureHealth:
        if one.key not in done:
            bad = [key for key in _inputs(views, one) if key in every
                   and finished(every[key]).mark == "bad"]  # fmt: skip
            mutes = views[one.view].mutes_of(one.feature)
            more = _with_mutes([Reason("FH050", ", ".join(bad))] if bad else [], mutes)
            done[one.key] = FeatureHealth(one.view, one.feature, (*one.reasons, *more), one.uses)
        return done[one.key]

    return (finished(one) for one in every.values())


def _inputs(views: Mapping[str, FeatureView], one: FeatureHealth) -> list[str]:
    """The features that a derived feature reads itself."""
    view = views.get(one.view)
    if view is None or not view.inputs:
        return []
    read = view.features[one.feature].reads(one.feature)
    return [view.inputs[name].feature for name in read if name in view.inputs]


def _names(uses: Iterable[Use], most: int = 3) -> str:
    """``churn@2 (champion), a.proml.yaml and 4 more``."""
    every = list(
        dict.fromkeys(
            f"{use.name} ({', '.join(use.aliases)})" if use.aliases else use.name for use in uses
        )
    )
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
