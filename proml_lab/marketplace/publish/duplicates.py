"""Features that say the same as one that is there already."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from proml_lab.marketplace.view import FeatureView


@dataclass(frozen=True)
class Duplicate:
    """`feature` is like `other`, ``view.feature``; `why` says in what."""

    feature: str
    other: str
    why: str


def duplicates(view: FeatureView, others: Iterable[FeatureView]) -> tuple[Duplicate, ...]:
    """Features of `others` that have the meaning of one of `view`, or its name and description.

    The same meaning: of the same source, keys and clocks by the same formula.
    """
    meanings = {_meaning(view, name): name for name in view.features}
    words = {_words(view, name): name for name in view.features if view.feature(name).description}
    found = []
    for other in others:
        if other.view == view.view:
            continue
        for name in other.features:
            place = f"{other.view}.{name}"
            if (mine := meanings.get(_meaning(other, name))) is not None:
                found.append(Duplicate(mine, place, "the same formula over the same rows"))
            elif (mine := words.get(_words(other, name))) is not None:
                found.append(Duplicate(mine, place, "the same name and description"))
    return tuple(found)


def _meaning(view: FeatureView, name: str) -> Hashable:
    feature = view.feature(name)
    clocks = (view.event_time, str(view.known_at), view.ties)
    rows = (str(view.source), *clocks, view.time_to_live)
    read = tuple(view.inputs[one].feature for one in feature.reads(name) if one in view.inputs)
    formula = "".join(view.formula(name).split()).lower()
    keys = tuple(sorted(view.keys.items()))
    return (*rows, keys, read, formula, feature.type, repr(feature.default))


def _words(view: FeatureView, name: str) -> Hashable:
    said = " ".join(view.feature(name).description.lower().split())
    return name.lower(), said, tuple(sorted(view.keys))
