"""A published version of a view, put among the views of today: ``weather.hourly@1``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from proml_lab.errors import UnknownNameError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.feature import SENSITIVITIES, Feature
from proml_lab.marketplace.link import link
from proml_lab.marketplace.publish.versions import Versions
from proml_lab.marketplace.view import FeatureView

_OF_TODAY = ("owner", "status", "successor")
"""What the file of today says of all versions."""


def pinned(catalog: Catalog, name: str) -> FeatureView:
    """The view that `name`, such as ``weather.hourly@1``, stands for; it is called by that name.

    What decides its values is as it was published. Who owns it, whether it is deprecated and what
    replaces it is as the file of today says; it is never less sensitive than that.

    Raises
    ------
    UnknownNameError
        There is no such version.
    SpecError
        Its copy is damaged, or needs an entity or input that is gone.
    """
    view, _, number = name.rpartition("@")
    if catalog.versions is None or not number.isdecimal():
        raise UnknownNameError(
            f"There is no published version {number!r} of the view {view!r}.",
            hint="a version is a number, as in weather.hourly@1; a catalogue in memory has none.",
        )
    copy = catalog.versions.read(view, int(number))
    needed = {one.view: one for one in _inputs(catalog, copy)}
    linked = link((*needed.values(), _renamed(copy, name)), catalog.entities)[-1]
    today = next((one for one in catalog.views if one.view == view), None)
    return linked if today is None else _governed(linked, today)


def copies(views: Iterable[FeatureView], versions: Versions) -> tuple[FeatureView, ...]:
    """Every published version that inputs of `views` name, as in ``shop.rain@1.rain``, not linked.

    They are governed as those of `pinned` are. A version that is not there lacks.

    Raises
    ------
    SpecError
        A copy is damaged.
    """
    today = {view.view: view for view in views}
    found: dict[str, FeatureView] = {}
    todo = [wanted.feature for view in today.values() for wanted in view.inputs.values()]
    while todo:
        name = todo.pop().rpartition(".")[0]
        view, _, number = name.rpartition("@")
        if name in found or not view or not number.isdecimal():
            continue
        if versions.file(view, int(number)) is not None:
            copy = _renamed(versions.read(view, int(number)), name)
            found[name] = _declared(copy, today[view]) if view in today else copy
            todo += [wanted.feature for wanted in copy.inputs.values()]
    return tuple(found.values())


def _declared(copy: FeatureView, today: FeatureView) -> FeatureView:
    """The copy with what today's file declares; what it leaves out follows from the inputs."""
    level = max(copy.sensitivity, today.sensitivity, key=SENSITIVITIES.index)
    features = {}
    for name, own in copy.features.items():
        now = today.features.get(name)
        if now is None:
            features[name] = own
            continue
        said = [one for one in (own.sensitivity, now.sensitivity) if one is not None]
        changes: dict[str, object] = {field: getattr(now, field) for field in _OF_TODAY}
        if now.sensitivity is None or own.sensitivity is None:
            said = [*said, level] if said else []
        changes["sensitivity"] = max(said, key=SENSITIVITIES.index) if said else None
        features[name] = own.model_copy(update=changes)
    changes = {name: getattr(today, name) for name in _OF_TODAY}
    return copy.model_copy(update={**changes, "sensitivity": level, "features": features})


def _renamed(copy: FeatureView, name: str) -> FeatureView:
    """The copy, called `name`; what it said then of its successors, which may be gone, is not."""
    features = {
        short: feature.model_copy(update={"successor": None})
        for short, feature in copy.features.items()
    }
    return copy.model_copy(update={"view": name, "successor": None, "features": features})


def _governed(copy: FeatureView, today: FeatureView) -> FeatureView:
    features = {
        name: _feature(copy, today, name) if name in today.features else feature
        for name, feature in copy.features.items()
    }
    changes = {name: getattr(today, name) for name in _OF_TODAY}
    return copy.model_copy(update={**changes, "features": features})


def _feature(copy: FeatureView, today: FeatureView, name: str) -> Feature:
    own, now = copy.feature(name), today.feature(name)
    levels = copy.sensitivity_of(name), today.sensitivity_of(name)
    changes = {field: getattr(now, field) for field in _OF_TODAY}
    level = max(levels, key=SENSITIVITIES.index)
    return own.model_copy(update={**changes, "sensitivity": level})


def _inputs(catalog: Catalog, view: FeatureView) -> Iterator[FeatureView]:
    """The views that it is derived from, and those that they are."""
    named = {one.view: one for one in catalog.views}
    for wanted in view.inputs.values():
        group = wanted.feature.rpartition(".")[0]
        other = catalog.asked(group) if "@" in group else named.get(group)
        if other is not None:
            yield other
            yield from _inputs(catalog, other)
