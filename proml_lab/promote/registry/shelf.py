"""The shelf: the folder of a workspace in which bundles stand, version 3 of ``x`` in ``x/3``."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from proml_lab.errors import ArtifactError, RegistryError
from proml_lab.promote.lock import lock


@dataclass(frozen=True)
class Shelf:
    """Bundles in `folder`; asks no registry."""

    folder: Path

    def place(self, name: str, version: int) -> Path:
        """Where the bundle of a version stands."""
        return self.folder / name / str(version)

    def present(self, name: str) -> list[int]:
        """Versions whose bundles are in place, in order."""
        folders = (path.parent for path in (self.folder / name).glob("*/manifest.json"))
        return sorted(int(folder.name) for folder in folders if folder.name.isdigit())

    def names(self) -> list[str]:
        """Names that have a bundle in place."""
        if not self.folder.is_dir():
            return []
        folders = [path.name for path in self.folder.iterdir() if path.is_dir()]
        return sorted(name for name in folders if self.present(name))

    def lock(self) -> AbstractContextManager[None]:
        """One process at a time changes what is registered for this shelf."""
        return lock(self.folder / ".lock")

    def holds(self, name: str, version: int) -> bool:
        """Whether the bundle of this very version is in its place.

        Raises
        ------
        RegistryError
            Anything else stands there.
        """
        place = self.place(name, version)
        if not place.exists() or not (reason := self._foreign(name, version)):
            return place.exists()
        raise RegistryError(
            f"{place} is in the way of a new version of {name!r}: {reason}.",
            hint="move that folder out of the workspace, then promote again.",
        )

    def is_own(self, name: str, version: int) -> bool:
        """Whether what is in the place of this version says that it is this version."""
        return not self._foreign(name, version)

    def _foreign(self, name: str, version: int) -> str:
        """Why what stands in its place is not this version; empty if it is."""
        from proml_lab.promote.bundle import read_manifest

        try:
            own = read_manifest(self.place(name, version)).key == f"{name}@{version}"
        except ArtifactError as error:
            return error.message.rstrip(".")
        return "" if own else "it is another artifact"
