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
        from proml_lab.promote.bundle import read_manifest

        place = self.place(name, version)
        if not place.exists():
            return False
        try:
            if read_manifest(place).key == f"{name}@{version}":
                return True
            reason = "it is another artifact"
        except ArtifactError as error:
            reason = error.message.rstrip(".")
        raise RegistryError(
            f"{place} is in the way of a new version of {name!r}: {reason}.",
            hint="move that folder out of the workspace, then promote again.",
        )
