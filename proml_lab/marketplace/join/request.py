"""Requests for features, in the short forms that people write, made into one pick a column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from proml_lab.errors import ColumnMissingError, UsageError, choose, unknown
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.view import SPINE, FeatureView

Wanted = str | FeatureView | Mapping[str, Sequence[str] | Mapping[str, str] | None]
"""A view or its name, ``view.feature``, or ``{view: [features]}`` or ``{view: {new: feature}}``.

``view@2`` in place of ``view`` is its published version 2.
"""


@dataclass(frozen=True)
class Pick:
    """One column of the result: `feature` of `view` under `name`; no view: the spine's own."""

    name: str
    view: FeatureView | None
    feature: str


def picks(
    features: Iterable[Wanted],
    catalog: Catalog | None,
    *,
    own: Sequence[str],
    roles: Sequence[str],
) -> list[Pick]:
    """What `features` asks for, in order, each column once.

    `own` are the spine's columns; `roles` those that a plain ``spine`` leaves out: its label,
    cutoff and entities.

    Raises
    ------
    UnknownNameError
        A view or feature is not there; the hint gives the nearest.
    ColumnMissingError
        The spine lacks a column that is asked of it.
    UsageError
        It is not a request, or two different columns would have one name.
    """
    if isinstance(features, str | Mapping | FeatureView):
        features = [features]
    known = catalog or Catalog()
    chosen: dict[str, Pick] = {}
    for item in features:
        for pick in _expand(item, known, own, roles):
            other = chosen.setdefault(pick.name, pick)
            if other is not pick and (other.view is not pick.view or other.feature != pick.feature):
                raise _clash(pick, f"{_source(other)} has it too")
            if pick.name in own and (pick.view is not None or pick.feature != pick.name):
                raise _clash(pick, "the spine has a column of that name")
    return list(chosen.values())


def _expand(
    item: Wanted, catalog: Catalog, own: Sequence[str], roles: Sequence[str]
) -> Iterator[Pick]:
    if isinstance(item, FeatureView):
        yield from (Pick(name, item, name) for name in item.features)
    elif isinstance(item, str):
        yield from _named(item, catalog, own, roles)
    elif isinstance(item, Mapping):
        for view, names in item.items():
            if names is None:
                yield from _named(view, catalog, own, roles)
            elif isinstance(names, str):
                raise UsageError(
                    f"The features of {view!r} are one text, {names!r}.",
                    hint=f"give a list: {{{view!r}: [{names!r}]}}.",
                )
            else:
                pairs = names if isinstance(names, Mapping) else {name: name for name in names}
                yield from (_pick(new, view, old, catalog, own) for new, old in pairs.items())
    else:
        raise UsageError(
            f"A {type(item).__name__} is not a request for features.",
            hint="give 'view', 'view.feature', {view: [features]} or {view: {new: feature}}.",
        )


def _named(name: str, catalog: Catalog, own: Sequence[str], roles: Sequence[str]) -> Iterator[Pick]:
    """The picks of ``view`` or ``view.feature``."""
    views = {view.view: view for view in catalog.views}
    group, _, short = name.rpartition(".")
    last = name.rpartition("@")[2]
    if "@" in name and "." not in last:
        views[name] = catalog.asked(name)
    elif "@" in name:
        views[group] = catalog.asked(group)
    if name == SPINE:
        yield from (Pick(column, None, column) for column in own if column not in roles)
    elif name in views:
        yield from (Pick(feature, views[name], feature) for feature in views[name].features)
    elif group == SPINE or group in views:
        yield _pick(short, group, short, catalog, own)
    else:
        raise unknown("view or feature", name, [*views, *catalog.names()])


def _pick(new: str, view: str, old: str, catalog: Catalog, own: Sequence[str]) -> Pick:
    if view == SPINE:
        if old not in own:
            raise ColumnMissingError(f"The spine has no column {old!r}.", hint=choose(old, own))
        return Pick(new, None, old)
    found = catalog.asked(view)
    found.feature(old)
    return Pick(new, found, old)


def _clash(pick: Pick, other: str) -> UsageError:
    view = pick.view.view if pick.view else SPINE
    return UsageError(
        f"{_source(pick)} would be called {pick.name!r}, but {other}.",
        hint=f"rename it: {{{view}: {{new_name: {pick.feature}}}}}.",
    )


def _source(pick: Pick) -> str:
    return f"Feature {pick.feature!r} of {pick.view.view if pick.view else SPINE!r}"
