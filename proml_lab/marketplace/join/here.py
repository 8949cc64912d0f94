"""Joins in a workspace: of its sources, by its catalogue, as its settings allow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from proml_lab.marketplace.join.coverage import CoverageReport, coverage, sample
from proml_lab.marketplace.join.training import training_set
from proml_lab.marketplace.publish.rules import allowing
from proml_lab.marketplace.source import open_table
from proml_lab.model import as_frame

if TYPE_CHECKING:
    from proml_lab.contracts import Dataset
    from proml_lab.marketplace.feature import Sensitivity
    from proml_lab.marketplace.join.request import Wanted
    from proml_lab.marketplace.layout.layouts import Layouts
    from proml_lab.marketplace.workspace import Workspace


class Roles(TypedDict, total=False):
    """Columns of a spine."""

    label: str | None
    entities: Iterable[str]
    cutoff: str | None


def joined(
    workspace: Workspace,
    spine: object,
    features: Iterable[Wanted],
    layouts: Layouts | None,
    sensitivity: Sensitivity | None,
    roles: Roles,
) -> Dataset:
    """What `Workspace.training_set` gives, with the sources laid out in `layouts`, if anywhere."""
    rows = workspace.root / workspace.source(spine) if isinstance(spine, str) else spine
    return training_set(
        rows,
        features,
        catalog=workspace.catalog,
        root=workspace.root,
        check=allowing(workspace.catalog, sensitivity, workspace.config.sensitivity),
        memory=workspace.memory,
        layouts=layouts,
        **roles,
    )


def covered(
    workspace: Workspace, spine: object, features: Iterable[Wanted], cutoff: str | None
) -> CoverageReport:
    """What `Workspace.coverage` gives: a sample is joined, and no source is laid out for it."""
    if isinstance(spine, str | Path):
        place = workspace.source(str(spine))
        frame = open_table(place, workspace.root, role="The spine").read()
    else:
        frame = as_frame(spine)
    some = sample(frame)
    layouts = workspace.layouts()
    found = layouts.found if layouts else None
    return coverage(
        lambda: joined(workspace, some, features, found, None, {"cutoff": cutoff}),
        n_rows=frame.height,
    )
