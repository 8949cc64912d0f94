"""What a workspace keeps of views and sources that it has no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.errors import SpecError
from proml_lab.marketplace.know.mentions import SPEC_ENDING
from proml_lab.marketplace.source import kept
from proml_lab.promote.freeze.rows import ROWS
from proml_lab.statefolder import state_folder

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_CODE = (*SPEC_ENDING, ".ipynb", ".py")


def of_views(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    """(kind, path) of profiles and sketches whose view is in no file of the catalogue.

    None where the catalogue cannot be read: then nobody can tell.
    """
    profiles = workspace.profiles
    whole = sorted(profiles.glob("*-*-*.parquet"))
    parts = sorted(path for path in profiles.glob("*.*/") if not path.is_symlink())
    sketches = sorted((profiles / "sketches").glob("*.parquet"))
    try:  # now: a view that was published since has its file by now
        views = set(workspace.index.values["view"]) if whole or parts or sketches else set()
    except SpecError:
        return
    yield from (("profile", path) for path in whole if path.name.rsplit("-", 2)[0] not in views)
    yield from (("profile", path) for path in parts if path.name not in views)
    yield from (("sketch", path) for path in sketches if path.stem not in views)


def of_sources(workspace: Workspace) -> Iterator[Path]:
    """Folders with rows that a restored workspace has of sources which nothing in it names.

    A view names its source, in the catalogue or in a published version; a spec, a notebook or a
    module names one by its path. None where the catalogue cannot be read.
    """
    held = {path: _source(path) for path in state_folder(workspace.root, ROWS).glob("*/")}
    if not held:
        return
    try:
        known = _keys(workspace)
    except SpecError:
        return
    texts = list(_texts(workspace.root))
    for path, source in sorted(held.items()):
        if path.name not in known and not any(source and source in text for text in texts):
            yield path


def _source(rows: Path) -> str:
    """What people call the source of the rows in a folder; empty if that is damaged."""
    try:
        return str(json.loads((rows / kept.SOURCE).read_text(encoding="utf-8"))["source"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def _keys(workspace: Workspace) -> set[str]:
    """What stands for the sources of all views and their published versions; raises SpecError."""
    catalog = workspace.catalog
    views = list(catalog.views)
    for name in {path.name for place in workspace.folders for path in place.glob("versions/*/")}:
        if catalog.versions is not None:
            numbers = catalog.versions.numbers(name)
            views += [catalog.versions.read(name, number) for number in numbers]
    return {kept.key(view.source) for view in views if view.source is not None}


def _texts(root: Path) -> Iterator[str]:
    """What stands in the specs, notebooks and modules below `root`, hidden folders left out."""
    for file in sorted(root.rglob("*")):
        inside = file.relative_to(root).parts
        if file.name.endswith(_CODE) and not any(part.startswith(".") for part in inside):
            yield file.read_text(encoding="utf-8", errors="replace")
