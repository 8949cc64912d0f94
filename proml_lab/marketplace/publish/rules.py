"""What may be joined: unchanged since it was published, and not too sensitive; what is retired."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from proml_lab.errors import DataError
from proml_lab.marketplace.feature import Sensitivity
from proml_lab.marketplace.publish.versions import Versions
from proml_lab.marketplace.sensitivity import beyond, lowest
from proml_lab.marketplace.view import FeatureView

if TYPE_CHECKING:
    from proml_lab.marketplace.catalog import Catalog


class RetiredWarning(FutureWarning):
    """A feature that is joined is deprecated; the text says what to use instead."""


def require_allowed(
    asked: Iterable[tuple[FeatureView, Iterable[str]]],
    *,
    versions: Versions | None = None,
    sensitivity: Sensitivity | None = None,
    told: set[str] | None = None,
) -> None:
    """Check what is joined before anything is read, and warn of what is retired.

    Parameters
    ----------
    asked
        (view, names of its features).
    versions
        What is published: no view, nor one that it is derived from, may have changed since.
    sensitivity
        The highest that is allowed; None: any.
    told
        Features that were warned of before; those of now are added.

    Raises
    ------
    SpecError
        A view was changed without a new version.
    DataError
        A feature is more sensitive than allowed.

    Warns
    -----
    RetiredWarning
        A feature is deprecated that is not in `told`.
    """
    told = set() if told is None else told
    chosen = [(view, list(names)) for view, names in asked]
    if versions is not None:
        for view in {view.view: view for view in _with_inputs(v for v, _ in chosen)}.values():
            versions.require_unchanged(view)
    for view, names in chosen:
        for name in names:
            if sensitivity is not None:
                _require_level(view, name, sensitivity)
            if view.status_of(name) == "deprecated" and f"{view.view}.{name}" not in told:
                told.add(f"{view.view}.{name}")
                _warn(view, name)


def allowing(
    catalog: Catalog, *limits: Sensitivity | None
) -> Callable[[Iterable[tuple[FeatureView, Iterable[str]]]], None]:
    """`require_allowed` for the views of `catalog`, with the lowest of the limits given."""
    limit = lowest(limits)
    return partial(require_allowed, versions=catalog.versions, sensitivity=limit, told=catalog.told)


def _require_level(view: FeatureView, name: str, allowed: Sensitivity) -> None:
    if why := beyond(view, name, allowed):
        raise DataError(
            f"Feature {view.view}.{name} {why}.",
            hint="leave it out; or change 'sensitivity' in the spec or the workspace's settings.",
        )


def _warn(view: FeatureView, name: str) -> None:
    instead = view.feature(name).successor or view.successor
    use = f"; use {instead}" if instead else ", and nothing replaces it"
    said = f"{view.view}.{name} is deprecated{use}."
    warnings.warn(said, RetiredWarning, stacklevel=_outside())


def _outside() -> int:
    """How many calls up from `_warn` the first is that is not of this package."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("proml_lab."):
        frame, level = frame.f_back, level + 1
    return level


def _with_inputs(views: Iterable[FeatureView]) -> Iterable[FeatureView]:
    for view in views:
        yield view
        yield from _with_inputs(view.links.values())
