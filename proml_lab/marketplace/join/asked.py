"""What a spec asks of a workspace: each name is looked up before anything is joined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from proml_lab.errors import ColumnMissingError, choose
from proml_lab.marketplace.join.request import Wanted, picks
from proml_lab.marketplace.source import open_table
from proml_lab.places import Steps
from proml_lab.spec import ModelSpec

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace


def check(spec: ModelSpec, workspace: Workspace) -> None:
    """Every source, column, view and feature that `spec` names is there.

    Raises
    ------
    SourceError, ColumnMissingError, UnknownNameError
        One is not; where `spec` was read from a document, its line is told.
    """
    with spec.places.at("spine", "source"):
        name = workspace.source(spec.spine.source)
        own = list(open_table(name, workspace.root, role="The spine").schema())
    for path, column in _columns(spec):
        with spec.places.at(*path):
            if column not in own:
                raise ColumnMissingError(
                    f"The spine has no column {column!r}.", hint=choose(column, own)
                )
    catalog = workspace.catalog
    for path, wanted in _requests(spec):
        with spec.places.at("features", *path):
            picks([wanted], catalog, own=own, roles=())


def _columns(spec: ModelSpec) -> Iterator[tuple[Steps, str]]:
    yield ("label", "column"), spec.label.column
    for i, name in enumerate(spec.spine.entities):
        yield ("spine", "entities", i), name
    if spec.spine.cutoff is not None:
        yield ("spine", "cutoff"), spec.spine.cutoff


def _requests(spec: ModelSpec) -> Iterator[tuple[Steps, Wanted]]:
    """(place below ``features``, request) of each single thing that is asked for."""
    for i, item in enumerate(spec.features):
        if isinstance(item, str):
            yield (i,), item
            continue
        for view, names in item.items():
            if isinstance(names, dict):
                yield from (((i, view, new), {view: {new: old}}) for new, old in names.items())
            else:
                yield from (((i, view, j), {view: [name]}) for j, name in enumerate(names))
