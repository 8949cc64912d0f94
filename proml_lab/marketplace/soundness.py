"""What must fit together in a feature view: its fields by themselves are sound already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from proml_lab.document import FieldError
from proml_lab.errors import choose
from proml_lab.marketplace.feature import Feature

if TYPE_CHECKING:
    from proml_lab.marketplace.view import FeatureView

_OF_ROWS = ("entities", "event_time", "known_at", "ties", "time_to_live")


def require_sound(view: FeatureView) -> None:
    """Raises ValueError, or FieldError at its field, for what contradicts the rest of `view`.

    A view has a source or inputs; one without an event time has neither windows nor ages, and a
    derived one nothing that belongs to rows.
    """
    if bool(view.inputs) == (view.source is not None):
        found = "has a source and inputs" if view.inputs else "has neither source nor inputs"
        raise ValueError(f"{found}; a derived view has inputs, every other one a source")
    if view.inputs:
        _check_derived(view)
    elif not view.entities:
        raise ValueError("has a source, but no entities: the columns that are its keys")
    elif view.event_time is None:
        _check_static(view)


def unfolded(features: Mapping[str, Feature]) -> dict[str, Feature]:
    """Each pivot as the features that it stands for; raises FieldError where two have one name."""
    found: dict[str, Feature] = {}
    for name, feature in features.items():
        for new, one in feature.unfold(name).items():
            if new in found or (new != name and new in features):
                said = f"{name} by its values makes {new}, which is there already"
                raise FieldError(said, name)
            found[new] = one
    check_names(found)
    return found


def check_names(names: Iterable[object]) -> None:
    """Raises FieldError for the first that is no name of a feature or an input."""
    for name in names:
        if not isinstance(name, str) or not name.isidentifier():
            raise FieldError(f"found the name {name!r}; letters, digits and _ only", str(name))


def _check_static(view: FeatureView) -> None:
    for name in ("known_at", "time_to_live"):
        if getattr(view, name) is not None:
            raise FieldError(f"has {name}, but no event_time", name)
    for name, feature in view.features.items():
        if feature.aggregate:
            said = f"feature {name!r} has a window, but the view no event_time"
            raise FieldError(said, "features", name)
        if feature.reads_cutoff:
            said = f"feature {name!r} reads cutoff, but the view has no event_time"
            raise FieldError(said, "features", name)


def _check_derived(view: FeatureView) -> None:
    for name in _OF_ROWS:
        if getattr(view, name):
            said = f"has {name}, but inputs and no source: its inputs have their own"
            raise FieldError(said, name)
    for name, feature in view.features.items():
        if feature.aggregate:
            said = f"feature {name!r} has a window, but the view no source"
            raise FieldError(said, "features", name)
        for column in feature.reads(name):
            if column not in view.inputs:
                said = f"feature {name!r} reads {column!r}, which is no input; "
                raise FieldError(said + choose(column, view.inputs), "features", name)
