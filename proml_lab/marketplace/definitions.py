"""The view files of a workspace, each read once a state: a catalogue, a part of it, an index."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.errors import unknown
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.documents import Documents, documents
from proml_lab.marketplace.entity import Entity
from proml_lab.marketplace.publish.versions import Versions
from proml_lab.marketplace.states import States, states
from proml_lab.marketplace.view import FeatureView

if TYPE_CHECKING:
    from proml_lab.marketplace.find.index import Index


@dataclass(frozen=True)
class Definitions:
    """The files in `folders`, relative to `root`; `databases` are (name, address) pairs."""

    root: Path
    folders: tuple[str, ...]
    databases: tuple[tuple[str, str], ...] = ()

    @property
    def catalog(self) -> Catalog:
        """All of them; raises SpecError with every mistake."""
        return self._read(self._states())

    @property
    def index(self) -> Index:
        """What is searched, opened without reading the catalogue while no file of it changes."""
        return self._index(self._states())

    def part(self, *views: str) -> Catalog:
        """As `Workspace.part`, which says what it raises."""
        from proml_lab.marketplace.find.opened import needed

        now = self._states()
        index = self._index(now)
        known = index.values["view"]
        for view in views:
            if view not in known:
                raise unknown("feature view", view, known)
        files = needed(index, views)
        return self._read(now) if files is None else self._some(now, files)

    def _states(self) -> States:
        return states(self.root, self.folders)

    def _index(self, now: States) -> Index:
        from proml_lab.marketplace.find.opened import open_index

        return open_index(self.root, now, lambda files: self._some(now, files))

    def _read(self, now: States) -> Catalog:
        return _catalog(self, now)

    def _some(self, now: States, files: Collection[str]) -> Catalog:
        """The catalogue of those files only, by their paths below the root."""
        wanted = {f"{self.root}/{file}" for file in files}
        return self._read(tuple(state for state in now if state[0] in wanted))


@lru_cache(maxsize=16)
def _catalog(where: Definitions, files: States) -> Catalog:
    """Read once per state of the files and addresses of databases, each file once of its own."""
    databases = dict(where.databases)
    folders = tuple(where.root / name for name in where.folders)
    state = {path: (changed, size) for path, changed, size in files}

    with documents(where.root, len(files)) as read:
        reader = _Reader(where.root, where.databases, read)
        return Catalog.read(
            (Path(file) for file, _, _ in files),
            root=where.root,
            databases=databases,
            versions=Versions(where.root, folders, databases),
            parsed=lambda file: _document(file, state[str(file)], reader),
        )


@dataclass(frozen=True)
class _Reader:
    """Reads files for views at `root`; all that do so for the same databases are equal."""

    root: Path
    databases: tuple[tuple[str, str], ...]
    documents: Documents = field(compare=False)


@lru_cache(maxsize=50_000)
def _document(file: Path, _state: tuple[int, int], reader: _Reader) -> FeatureView | Entity:
    """The document in a file of that state."""
    databases = dict(reader.databases)
    return reader.documents.read(file, root=reader.root, databases=databases)
