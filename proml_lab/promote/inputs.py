"""The data of a bundle as people read it: a line a source, and what became of the files."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from proml_lab.promote import bundle
from proml_lab.promote.freeze.data import INDEX
from proml_lab.words import counted

TABLE = "frame"
"""What stands for a file where the notebook made the table itself."""


@dataclass(frozen=True)
class Input:
    """One source of the training data.

    `until` is the greatest cutoff that it was joined at, ISO 8601 in UTC, None where time plays no
    part; `missing` says why the bundle has no copy of the file, and is empty if it has.
    """

    view: str
    source: str
    n_rows: int
    fingerprint: str
    columns: tuple[str, ...]
    until: str | None
    missing: str


@dataclass(frozen=True)
class Inputs:
    """All `sources`, how many `others` the notebook read, and why files `missing` were not kept."""

    sources: tuple[Input, ...]
    others: int
    missing: tuple[str, ...]


def read(folder: Path) -> Inputs:
    """What ``data/`` in a bundle's `folder` says.

    Raises
    ------
    ArtifactError
        A file of it is missing, or is not as it should be.
    """
    with bundle.readable(folder):
        return _read(folder)


def _read(folder: Path) -> Inputs:
    place = folder / "data"
    files = json.loads((place / INDEX).read_text(encoding="utf-8"))["files"]
    fate = {file["path"]: "" if file["kept"] else file["why"] for file in files}
    sources = []
    for path in sorted(place.glob("*.json")):
        if path.name == INDEX:
            continue
        told = json.loads(path.read_text(encoding="utf-8"))
        source = told["source"]
        unknown = "made by the notebook" if source == TABLE else "not read in this run"
        sources.append(
            Input(
                view=told["view"],
                source=source,
                n_rows=told["n_rows"],
                fingerprint=told["fingerprint"],
                columns=tuple(told["columns"]),
                until=told["until"],
                missing=fate.get(source, unknown),
            )
        )
    sources.sort(key=lambda one: one.view != "spine")
    named = {one.source for one in sources}
    lost = Counter(file["why"] for file in files if not file["kept"])
    return Inputs(
        tuple(sources),
        others=sum(path not in named for path in fate),
        missing=tuple(f"{counted(n, 'file')}: {why}" for why, n in sorted(lost.items())),
    )


def span(first: str, last: str) -> str:
    """``2013-01-01 to 2013-10-31``."""
    return f"{first[:10]} to {last[:10]}"


def moment(text: str) -> str:
    """``2013-12-31 23:59``, of ISO 8601 in UTC."""
    return text[:16].replace("T", " ")
