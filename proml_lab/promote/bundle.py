"""The artifact on disk: its layout, its manifest, and the check of its files.

The format: docs/formats.md#artifact.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from proml_lab import document
from proml_lab.document import Document
from proml_lab.errors import ArtifactError, ProMLError, SpecError
from proml_lab.promote.gates.entry import (
    GateEntry,
    HeldOutEntry,
    Override,
    Status,
    TrainedEntry,
)
from proml_lab.spec import Name
from proml_lab.statefolder import make_folder

MANIFEST = "manifest.json"
EXECUTED = "notebook/executed.ipynb"
REPORT = "notebook/report.html"
CRATE = "ro-crate-metadata.json"
SIGNATURE = "signature"
PUBLIC = "signature.pub"
DAMAGED = "take the artifact again from where it was made, or promote anew."
"""What helps against an artifact that is not as it was signed."""
METRICS = "reports/metrics.json"
CARD = "reports/card.md"
CELLS = "notebook/cells.json"
WHOLE = "notebook/whole/"
VOLATILE = (MANIFEST, EXECUTED, REPORT, CELLS, CRATE, SIGNATURE)
"""Files that hold times: two promotions of the same inputs differ in these only."""


class FileEntry(Document):
    """Size and digest of one file."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class InputEntry(Document):
    """One source of the training data, as in ``data/<view>.json``."""

    view: str
    fingerprint: str
    n_rows: int


class LintEntry(Document):
    """What a check of the notebook found; docs/lint.md has the codes."""

    code: str = Field(pattern=r"^PN\d{3}$")
    severity: Literal["error", "warning"]
    cell: int | None = Field(None, description="counted from 1; null for the notebook")
    line: int | None = None
    seen: str
    muted: Literal["", "cell", "notebook"] = ""
    reason: str = Field("", description="why it was muted, if the notebook says so")
    by: Literal["reading", "run"] = Field(
        "reading", description="run: only the run showed it, not the notebook as it was read"
    )

    def __str__(self) -> str:
        """One line."""
        place = f"cell {self.cell}" if self.cell else "notebook"
        line = f", line {self.line}" if self.line else ""
        return f"{self.code} {place}{line}: {self.seen}"


class Manifest(Document):
    """``manifest.json``: what an artifact is, and every file of it."""

    format: Literal["proml-artifact/1"] = "proml-artifact/1"
    name: Name
    version: int = Field(ge=1)
    created: str = Field(description="UTC, ISO 8601, seconds")
    notebook: str = Field(description="where the notebook was, seen from the workspace")
    parameters: dict[str, Any] = Field(description="every parameter's value in this run")
    seed: int | None = Field(None, description="what every generator of random numbers began with")
    previous: str | None = Field(None, description="the version before, such as name@2")
    parents: tuple[str, ...] = Field((), description="artifacts that the notebook read")
    seconds: dict[str, float] = Field({}, description="how long fitting each model took")
    model: dict[str, str] = Field(description="learner, task, label, data: of the model")
    inputs: tuple[InputEntry, ...] = ()
    lint: tuple[LintEntry, ...] = Field((), description="warnings, and what was muted")
    status: Status = Field(
        "accepted", description="rejected: a gate failed; overridden: all the same"
    )
    gates: tuple[GateEntry, ...] = Field((), description="the spec's gates and their verdicts")
    override: Override | None = None
    held_out: HeldOutEntry | None = Field(None, description="the rows it was measured on")
    trained: TrainedEntry | None = Field(None, description="the period of the training rows")
    reports: dict[str, str] = Field({}, description="name to kind of what lies in reports/")
    files: dict[str, FileEntry] = Field(description="path to digest of every other file")
    volatile: tuple[str, ...] = Field(VOLATILE, description="files that hold times")

    passed_environment: tuple[str, ...] = Field(
        (), description="variables beyond the list that the kernel got: their names"
    )

    @property
    def key(self) -> str:
        return f"{self.name}@{self.version}"


def volatile(files: Iterable[str]) -> tuple[str, ...]:
    """Those that hold times, or what cells said, in a bundle with these `files`."""
    return (*VOLATILE, *sorted(name for name in files if name.startswith(WHOLE)))


def index(folder: Path) -> dict[str, FileEntry]:
    """Path, with ``/``, to size and sha256 of every file below `folder` but its manifest."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if name != MANIFEST:
            found[name] = entry(path)
    return found


def entry(path: Path) -> FileEntry:
    """Size and digest of the file at `path`."""
    return FileEntry(sha256=digest(path), bytes=path.stat().st_size)


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Raise ArtifactError where the block finds a file of `folder` missing, or of another form."""
    try:
        yield
    except ProMLError:
        raise
    except FileNotFoundError as error:
        path = Path(str(error.filename))
        lost = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path
        raise ArtifactError(
            f"The artifact in {folder} is damaged: {lost} is missing.", hint=DAMAGED
        ) from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise ArtifactError(
            f"The artifact in {folder} is damaged: {type(error).__name__}: {said}.", hint=DAMAGED
        ) from None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the bundle in `folder`.

    Raises
    ------
    ArtifactError
        No folder, no manifest, or one that is damaged.
    """
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise _absent(folder) from None
    except OSError as error:
        raise ArtifactError(
            f"{path} cannot be read: {error.strerror}.", hint="ask its owner to let you read it."
        ) from None
    try:
        data = json.loads(text)
        return document.validate(data if isinstance(data, dict) else {}, Manifest, name=MANIFEST)
    except SpecError as error:
        reason = error.message.splitlines()[0].rstrip(".")
    except (ValueError, RecursionError):
        reason = f"{MANIFEST} is not the JSON that was written"
    raise ArtifactError(f"The manifest of {folder} is damaged: {reason}.", hint=DAMAGED)


def _absent(folder: Path) -> ArtifactError:
    """The error for a folder without a manifest."""
    if (folder / SIGNATURE).is_file():
        fact = f"The artifact in {folder} is damaged: {MANIFEST} is missing."
        return ArtifactError(fact, hint=DAMAGED)
    fact = f"{folder} is not an artifact: it has no {MANIFEST}."
    return ArtifactError(
        fact if folder.is_dir() else f"There is no artifact in {folder}.",
        hint="give a name such as 'flight-delay@1', or the folder of an artifact.",
    )


def verify(folder: Path, manifest: Manifest, parts: Iterable[str]) -> None:
    """Check the files of some `parts` (first steps of their paths) against the manifest.

    Raises
    ------
    ArtifactError
        The first file that is missing, changed, a link, or not in the manifest.
    """
    wanted = set(parts)
    listed = {n: e for n, e in manifest.files.items() if n.split("/")[0] in wanted}
    home = folder.resolve()
    for name, said in sorted(listed.items()):
        path = folder / name
        if not path.is_file():
            raise ArtifactError(f"{manifest.key} is damaged: {name} is missing.", hint=DAMAGED)
        if path.resolve() != home.joinpath(*name.split("/")):
            raise ArtifactError(f"{manifest.key} is damaged: {name} is a link.", hint=DAMAGED)
        if path.stat().st_size != said.bytes or digest(path) != said.sha256:
            raise ArtifactError(f"{manifest.key} is damaged: {name} was changed.", hint=DAMAGED)
    for part in sorted(wanted):
        for path in sorted((folder / part).rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name not in listed:
                raise ArtifactError(
                    f"{manifest.key} is damaged: {name} is not in its manifest.", hint=DAMAGED
                )


def prune(folder: Path) -> None:
    """Remove empty folders: nothing lists or signs them, and a bundle has none."""
    for path in sorted((p for p in folder.rglob("*") if p.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()


def move(folder: Path, place: Path) -> None:
    """Move a bundle to its place in one step, its bytes safely on the disk before."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    make_folder(place.parent)
    folder.rename(place)


def write_json(path: Path, data: Mapping[str, object] | list[object]) -> None:
    """Write `json_text` of `data` to `path`."""
    make_folder(path.parent)
    path.write_text(json_text(data), encoding="utf-8", newline="\n")


def json_text(data: Mapping[str, object] | list[object]) -> str:
    """Deterministic JSON: sorted keys, one form of white space, a line feed at the end."""
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def digest(path: Path) -> str:
    """sha256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
