"""How sensitive features are: what they say, and what they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from proml_lab.marketplace.feature import SENSITIVITIES, Sensitivity
from proml_lab.words import listed

if TYPE_CHECKING:
    from proml_lab.marketplace.catalog import Catalog
    from proml_lab.marketplace.view import FeatureView

_MOST = 10


def sensitivity_of(view: FeatureView, name: str) -> Sensitivity:
    """What the feature says; else the highest of the view's and of what it reads."""
    own = view.feature(name).sensitivity
    return _highest([view.sensitivity, *_read(view, name)]) if own is None else own


def lowest(limits: Iterable[Sensitivity | None]) -> Sensitivity | None:
    """The lowest of some limits; None where there is none."""
    return min((one for one in limits if one), key=SENSITIVITIES.index, default=None)


def beyond(view: FeatureView, name: str, limit: Sensitivity | None) -> str:
    """Why the feature is too sensitive for a `limit`, in words; empty if it is not."""
    found = view.sensitivity_of(name)
    if limit is None or SENSITIVITIES.index(found) <= SENSITIVITIES.index(limit):
        return ""
    return f"is {found}, and at most {limit} is allowed here"


def lowered(view: FeatureView) -> Iterator[tuple[str, Sensitivity, Sensitivity]]:
    """(feature, what it says, the highest of what it reads), where it says less than that."""
    for name, feature in view.features.items():
        own, highest = feature.sensitivity, _highest(_read(view, name))
        if own is not None and SENSITIVITIES.index(own) < SENSITIVITIES.index(highest):
            yield name, own, highest


def personal(catalog: Catalog, names: Iterable[str]) -> tuple[str, ...]:
    """A line that says which of the features, ``view.feature``, are personal; none if none is.

    Names of what the catalogue does not have are passed over.
    """
    views = {view.view: view for view in catalog.views}
    found = []
    for full in dict.fromkeys(names):
        home, _, name = full.rpartition(".")
        view = views.get(home)
        if view and name in view.features and view.sensitivity_of(name) == "personal":
            found.append(full)
    return told(found)


def told(names: Sequence[str]) -> tuple[str, ...]:
    """A line that says that the features `names` are personal; none if there are none."""
    if not names:
        return ()
    return (f"{listed(names, _MOST)} {'is' if len(names) == 1 else 'are'} personal.",)


def _highest(levels: Iterable[Sensitivity]) -> Sensitivity:
    return max(levels, key=SENSITIVITIES.index, default=SENSITIVITIES[0])


def _read(view: FeatureView, name: str) -> Iterator[Sensitivity]:
    """How sensitive its inputs are, and columns that another feature of the view is as they are."""
    read = set(view.feature(name).reads(name))
    for one in read & view.links.keys():
        yield view.links[one].sensitivity_of(view.inputs[one].feature.rpartition(".")[2])
    for other, feature in view.features.items():
        if feature.sensitivity is None or other == name or feature.sql or feature.aggregate:
            continue
        if (feature.column or other) in read:
            yield feature.sensitivity
