"""What differs between two versions of a view: in words, field by field, breaking or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from proml_lab.duration import show_duration
from proml_lab.marketplace.feature import SENSITIVITIES, Feature
from proml_lab.marketplace.view import Delay, FeatureView

_TOLD = ("owner", "description", "tags", "mute")
"""Fields for people that are told by what they were and are."""


@dataclass(frozen=True)
class Change:
    """One difference.

    `feature` is empty where the whole view is concerned. `breaking`: whoever uses it may get
    something else, or may not use it any more; `renews`: it needs a new version.
    """

    feature: str
    field: str
    what: str
    breaking: bool = False
    renews: bool = False

    def __str__(self) -> str:
        place = f"{self.feature}: " if self.feature else ""
        return f"{place}{self.what}"


def changes(before: FeatureView, after: FeatureView) -> tuple[Change, ...]:
    """The differences from `before` to `after`, those of the whole view first.

    What decides the values is breaking: the source, keys, clocks, a feature's formula, default
    and type; so are a feature that goes, another unit, and a higher sensitivity. All but the
    last, and a new feature, need a new version.
    """
    found = [*_of_rows(before, after), *_for_people(before, after)]
    for name in dict.fromkeys([*before.features, *after.features]):
        if name not in after.features:
            found.append(Change(name, "feature", "is taken away", breaking=True, renews=True))
        elif name not in before.features:
            formula = after.formula(name)
            how = f": {formula}" if formula != name else ""
            found.append(Change(name, "feature", f"is new{how}", renews=True))
        else:
            found += _of_feature(name, before, after)
    return tuple(found)


def _of_rows(before: FeatureView, after: FeatureView) -> Iterator[Change]:
    """What decides which rows are seen, and when."""
    for field in ("source", "inputs", "entities", "event_time", "known_at", "ties", "time_to_live"):
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            name = {"entities": "keys"}.get(field, field)
            said = f"{name}: {_shown(old)} → {_shown(new)}"
            yield Change("", field, said, breaking=True, renews=True)


def _for_people(before: FeatureView, after: FeatureView) -> Iterator[Change]:
    if before.sensitivity != after.sensitivity:
        yield _sensitivity("", before.sensitivity, after.sensitivity)
    if before.status != after.status:
        yield Change("", "status", _status(after.status, after.successor))
    for field in _TOLD:
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            yield Change("", field, f"{field}: {_shown(old)} → {_shown(new)}")


def _of_feature(name: str, before: FeatureView, after: FeatureView) -> Iterator[Change]:
    old, new = before.feature(name), after.feature(name)
    formulas = before.formula(name), after.formula(name)
    if formulas[0] != formulas[1]:
        said = f"formula: {formulas[0]} → {formulas[1]}"
        yield Change(name, "formula", said, breaking=True, renews=True)
    for field in ("type", "default", "unit"):
        pair = getattr(old, field), getattr(new, field)
        if pair[0] != pair[1]:
            said = f"{field}: {_shown(pair[0])} → {_shown(pair[1])}"
            yield Change(name, field, said, breaking=True, renews=True)
    if old.sensitivity != new.sensitivity:
        levels = before.sensitivity_of(name), after.sensitivity_of(name)
        if levels[0] != levels[1]:
            yield _sensitivity(name, *levels)
    if old.status != new.status:
        yield Change(name, "status", _status(after.status_of(name), new.successor))
    yield from _told(name, old, new)


def _told(name: str, old: Feature, new: Feature) -> Iterator[Change]:
    for field in _TOLD:
        pair = getattr(old, field), getattr(new, field)
        if pair[0] != pair[1]:
            yield Change(name, field, f"{field}: {_shown(pair[0])} → {_shown(pair[1])}")


def _sensitivity(name: str, old: str, new: str) -> Change:
    higher = SENSITIVITIES.index(new) > SENSITIVITIES.index(old)
    return Change(name, "sensitivity", f"sensitivity: {old} → {new}", breaking=higher)


def _status(status: str, successor: str | None) -> str:
    use = f"; use {successor}" if successor else ""
    return f"is {status} now{use}"


def _shown(value: object) -> str:
    if value is None or value in ("", (), {}):
        return "none"
    if isinstance(value, Delay):
        return f"{show_duration(value.delay)} after the event"
    if isinstance(value, dict):
        return ", ".join(_entry(key, one) for key, one in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return show_duration(value) if isinstance(value, timedelta) else str(value)


def _entry(key: str, value: object) -> str:
    """One of a mapping's entries, shortest where it says its own name."""
    said = getattr(value, "feature", value)
    keys = getattr(value, "keys", None)
    by = f" by {_shown(keys)}" if isinstance(keys, dict) and keys else ""
    return key if said == key else f"{key}: {_shown(said)}{by}"
