"""Artifacts that travel: out of a workspace as one file, and into another."""

from __future__ import annotations

import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.errors import ArtifactError, SourceError, UsageError
from proml_lab.promote import bundle
from proml_lab.promote.artifact import Artifact, opened, registry_of
from proml_lab.promote.trust import archive, content
from proml_lab.promote.trust.signers import trusted
from proml_lab.promote.trust.verification import Verification, check, verify
from proml_lab.statefolder import make_folder, state_folder

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace
    from proml_lab.promote.registry import Registry

_FORGOTTEN_S = 86_400.0


@dataclass(frozen=True)
class Exported:
    """The file that an artifact was exported to; `sha256` is the file's."""

    key: str
    path: Path
    n_bytes: int
    sha256: str

    def frame(self) -> pl.DataFrame:
        """One row: ``artifact``, ``file``, ``bytes``, ``sha256``."""
        return pl.DataFrame(
            {
                "artifact": [self.key],
                "file": [str(self.path)],
                "bytes": [self.n_bytes],
                "sha256": [self.sha256],
            }
        )

    def __str__(self) -> str:
        """One line."""
        return f"Exported {self.key} to {self.path}, {self.n_bytes / 1e6:,.1f} MB."

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        return html.bundle(str(self), html.lead(str(self)))


@dataclass(frozen=True)
class Imported:
    """The artifact that came out of a file; `is_new` is false if it was there already."""

    artifact: Artifact
    is_new: bool
    verification: Verification = field(repr=False)

    def frame(self) -> pl.DataFrame:
        """What was checked: as `Verification.frame`."""
        return self.verification.frame()

    def __str__(self) -> str:
        """One line."""
        key = self.artifact.key
        if not self.is_new:
            return f"{key} was there already, the same to the byte: nothing was changed."
        said = {finding.check: finding.said for finding in self.verification.findings}
        return f"Imported {key}: {said['files']}, {said['key']}."

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        return html.bundle(str(self), html.lead(str(self)))


def export_artifact(
    artifact: str | Path,
    file: str | Path | None = None,
    *,
    workspace: Workspace | str | Path | None = None,
) -> Exported:
    """Write an artifact into one new file, after checking that it is whole.

    Parameters
    ----------
    artifact
        ``name@version``, ``name@alias``, the newest of ``name``; or an artifact's folder.
    file
        The new file; by default ``name-version.proml`` in the current folder.
    workspace
        Where the artifact is; by default the one around the current folder.

    Raises
    ------
    UnknownNameError, ArtifactError
        There is no such artifact, or it is damaged or not signed.
    UsageError, SourceError
        The file is there already, or cannot be written.
    """
    found = verify(artifact, workspace=workspace, any_key=True)
    found.require()
    name, _, version = found.key.partition("@")
    path = Path(file).expanduser() if file else Path(f"{name}-{version}{archive.SUFFIX}")
    if path.exists():
        raise UsageError(f"{str(path)!r} is there already.", hint="choose another name.")
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        archive.pack(found.path, content.names(found.path), beside)
        size, digest = beside.stat().st_size, bundle.digest(beside)
        beside.rename(path)
    except OSError as error:
        raise SourceError(
            f"{str(path)!r} cannot be written: {error.strerror or error}.",
            hint="free some space, or give another folder.",
        ) from None
    finally:
        with suppress(OSError):  # moved, or a disk that cannot be written on
            beside.unlink(missing_ok=True)
    return Exported(found.key, path, size, digest)


def import_artifact(
    file: str | Path,
    *,
    workspace: Workspace | str | Path | None = None,
    key: str | Path | None = None,
    identity: tuple[str, str] | None = None,
    any_key: bool = False,
) -> Imported:
    """Bring an exported artifact into a workspace: checked whole first, under its own number.

    Parameters
    ----------
    file
        What `export_artifact` has written.
    workspace
        Where it shall go; by default the one around the current folder.
    key, identity, any_key
        Whose signature is good enough, as for `verify`.

    Raises
    ------
    SourceError, ArtifactError
        The file cannot be read, is no exported artifact or not a whole one, its key is not
        trusted, or another artifact has its number. Nothing is left of it.
    RegistryError, SigningError, WorkspaceError
        The registry, a key or the workspace cannot be used.
    """
    place = opened(workspace)
    registry = registry_of(place)
    registry.probe(writing=True)
    known = trusted(place, key=key, identity=identity)
    private = _private(state_folder(place.root, "imports"))
    try:
        folder = private / "artifact"
        archive.unpack(Path(file).expanduser(), folder)
        found = check(folder, known, any_key=any_key)
        found.require()
        return _shelve(folder, found, registry)
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _shelve(folder: Path, found: Verification, registry: Registry) -> Imported:
    """Move a checked artifact into its place and register it."""
    manifest = bundle.read_manifest(folder)
    name, version = manifest.name, manifest.version
    digest = bundle.digest(folder / bundle.MANIFEST)
    target = registry.place(name, version)
    with registry.adopting(name):
        registered = {v.version: v.manifest for v in registry.versions(name)}
        if target.exists():
            there = target / bundle.MANIFEST
            if not there.is_file() or bundle.digest(there) != digest:
                raise _taken(manifest.key, str(target))
        elif registered.get(version, digest) != digest:
            raise _taken(manifest.key, "the registry")
        is_new = not target.exists()
        if is_new:
            bundle.move(folder, target)
    return Imported(Artifact(target, manifest), is_new, found)


def _taken(key: str, where: str) -> ArtifactError:
    return ArtifactError(
        f"Another artifact is {key} here already: in {where}.",
        hint="its number is part of what was signed; import it into another workspace.",
    )


def _private(imports: Path) -> Path:
    """A new folder that only this import writes in; those that were cut off go."""
    try:
        make_folder(imports)
        for old in imports.iterdir():
            if time.time() - old.stat().st_mtime > _FORGOTTEN_S:
                shutil.rmtree(old, ignore_errors=True)
        folder = imports / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise SourceError(
            f"The folder {imports} cannot be made: {error.strerror}.",
            hint="check the workspace's disk and its permissions.",
        ) from None
    return folder
