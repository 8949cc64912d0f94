"""Make a workspace again from an artifact alone, so that its notebook can be promoted once more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from proml_lab import document
from proml_lab.errors import ArtifactError, UsageError
from proml_lab.promote import bundle
from proml_lab.promote.artifact import Artifact
from proml_lab.promote.freeze import code, rows
from proml_lab.promote.freeze import table as tables
from proml_lab.promote.freeze.data import INDEX, OWN
from proml_lab.promote.freeze.snapshot import FILES
from proml_lab.statefolder import NAME, REGISTRY, make_folder, state_folder

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_SETTINGS = ("proml.toml", "pyproject.toml")
_SOURCE = "notebook/source.ipynb"


def restore(artifact: Artifact, folder: Path, *, workspace: Workspace | None = None) -> Workspace:
    """Build the workspace that `artifact` was promoted in, as far as its notebook saw it.

    Parameters
    ----------
    artifact
        Its ``data/``, ``code/`` and ``notebook/`` are checked against the manifest before.
    folder
        Where to: a folder that is empty or not there yet.
    workspace
        Where to look for what the artifact does not hold: files over the limit, files that may
        hold secrets, artifacts that the notebook read. A file with a digest is taken only if it
        has it, or if its table has the same fingerprint.

    Returns
    -------
    The workspace, with its settings, catalogue, sources and modules, and the notebook at
    `notebook_of`. Rows that came from a server are in ``.proml/rows``, where runs find them; those
    that the artifact does not hold are read from the server: see `unheld`. Its registry is a file
    of its own, whatever the first one was.

    Raises
    ------
    UsageError
        `folder` holds something.
    ArtifactError
        The artifact is damaged, or something that it needs is nowhere: all of it is named.
    """
    from proml_lab.marketplace.workspace import open_workspace

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty.", hint="give an empty folder, or a new one.")
    manifest = artifact.manifest
    bundle.verify(artifact.path, manifest, ["data", "code", "notebook"])
    index = _index(artifact)
    folder.mkdir(parents=True, exist_ok=True)
    missing = []
    for row in index["files"]:
        place = folder / _inside(row["path"], artifact)
        place.parent.mkdir(parents=True, exist_ok=True)
        if row["kept"]:
            shutil.copyfile(artifact.path / "data" / FILES / row["path"], place)
        elif not _taken(row, place, workspace) and row["path"] not in _SETTINGS:
            missing.append(_needed(row))
    missing += [f"the artifact {key}" for key in _parents(manifest.parents, folder, workspace)]
    if missing:
        raise ArtifactError(
            f"{manifest.key} cannot be run again from its bundle alone: it also needs "
            + "; ".join(missing)
            + ".",
            hint="name a workspace that has them, unchanged.",
        )
    code.restore(artifact.path / "code", folder)
    rows.restore(artifact.path / "data", folder, index.get(rows.ROWS, ()))
    notebook = notebook_of(artifact, folder)
    notebook.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(artifact.path / _SOURCE, notebook)
    _settle(folder, index["settings"])
    return open_workspace(folder)


def notebook_of(artifact: Artifact, folder: Path) -> Path:
    """Where `restore` puts the artifact's notebook."""
    return folder / _inside(artifact.manifest.notebook, artifact)


def unheld(artifact: Artifact) -> list[str]:
    """A line for each source, such as a table on a server, whose rows the artifact does not hold.

    Raises ArtifactError as `restore` does.
    """
    return rows.missing(_index(artifact).get(rows.ROWS, ()))


def _index(artifact: Artifact) -> dict[str, Any]:
    path = artifact.path / "data" / INDEX
    try:
        index: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if index["format"] == 1:
            return index
        reason = f"its format is {index['format']!r}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error) or type(error).__name__
    raise ArtifactError(
        f"What {artifact.key} read cannot be told: data/{INDEX} is not readable: {reason}.",
        hint="promote the notebook again, then this version can be restored.",
    )


def _inside(path: str, artifact: Artifact) -> PurePosixPath:
    """A path that stays in the folder it is put into."""
    found = PurePosixPath(path)
    safe = found.parts and not found.is_absolute() and not {"..", "."} & set(found.parts)
    if not safe or "\\" in path or ":" in path or "\0" in path or found.parts[0] == NAME:
        raise ArtifactError(
            f"{artifact.key} is damaged: it names the file {path!r}, which is no path in a "
            "workspace.",
            hint="take the artifact from someone whom you trust.",
        )
    return found


def _taken(row: Mapping[str, Any], place: Path, workspace: Workspace | None) -> bool:
    """Whether a file that was not kept was found in the workspace, and copied."""
    original = workspace.root / row["path"] if workspace else None
    if original is None or not original.is_file():
        return False
    digest, table = row.get("sha256"), row.get("table")
    if digest and bundle.digest(original) != digest and not _same_table(original, table):
        return False
    shutil.copyfile(original, place)
    return True


def _same_table(path: Path, table: Mapping[str, Any] | None) -> bool:
    if not table:
        return False
    found = tables.read(path)
    return found is not None and found.fingerprint == table["fingerprint"]


def _needed(row: Mapping[str, Any]) -> str:
    facts = [str(row.get("why", "not kept"))]
    if "bytes" in row:
        facts.append(f"{row['bytes']:,} bytes")
    if "sha256" in row:
        facts.append(f"sha256 {row['sha256']}")
    return f"{row['path']} ({', '.join(facts)})"


def _parents(keys: Iterable[str], folder: Path, workspace: Workspace | None) -> list[str]:
    """Copy the artifacts that the notebook read; those that are nowhere."""
    from proml_lab.promote.artifact import registry_of

    missing = []
    for key in keys:
        name, _, version = key.rpartition("@")
        origin = registry_of(workspace).place(name, int(version)) if workspace else None
        if origin is None or not origin.is_dir():
            missing.append(key)
        else:
            place = state_folder(folder, "artifacts", name)
            make_folder(place)
            shutil.copytree(origin, place / version)
    return missing


def _settle(folder: Path, settings: Mapping[str, Any]) -> None:
    """Settings with a registry of the folder's own, whom nobody told to trust anyone."""
    from proml_lab.marketplace.settings import WorkspaceConfig
    from proml_lab.marketplace.workspace import open_workspace

    there = any((folder / name).is_file() for name in _SETTINGS)
    shared = {name: value for name, value in settings.items() if name not in OWN}
    given = {**shared, "registry": REGISTRY}
    config = document.validate(given, WorkspaceConfig, name=f"data/{INDEX}: settings")
    if not there or open_workspace(folder).config != config:
        said = config.model_dump(mode="json", exclude_none=True)
        lines = [f"{name} = {_toml(value)}\n" for name, value in said.items()]
        (folder / "proml.toml").write_text("".join(lines), encoding="utf-8", newline="\n")
    for name in config.catalog:
        if (place := (folder / name).resolve()).is_relative_to(folder.resolve()):
            place.mkdir(parents=True, exist_ok=True)


def _toml(value: object) -> str:
    """A setting's value as TOML: text and numbers are as in JSON."""
    if isinstance(value, Mapping):
        pairs = (f"{_toml(name)} = {_toml(inner)}" for name, inner in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
