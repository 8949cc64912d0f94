"""The data of a bundle as people read it: a line a source, and what became of the files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from posixpath import normpath

from proml_lab.promote import bundle
from proml_lab.promote.freeze.data import INDEX
from proml_lab.promote.freeze.rows import ROWS
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
    index = json.loads((place / INDEX).read_text(encoding="utf-8"))
    files, rows = index["files"], index.get(ROWS, [])
    databases = index.get("settings", {}).get("databases", {})
    fate = {file["path"]: "" if file["kept"] else file["why"] for file in files}
    held = {row["source"]: "" if row["kept"] else row["why"] for row in rows}
    sources: list[Input] = []
    named: set[str] = set()
    for path in sorted(place.glob("*.json")):
        if path.name == INDEX:
            continue
        told = json.loads(path.read_text(encoding="utf-8"))
        source = told["source"]
        paths = of_source(source, databases, fate)
        named |= set(paths)
        unknown = "made by the notebook" if source == TABLE else "not read in this run"
        sources.append(
            Input(
                view=told["view"],
                source=source,
                n_rows=told["n_rows"],
                fingerprint=told["fingerprint"],
                columns=tuple(told["columns"]),
                until=told["until"],
                missing=held[source] if source in held else _missing(paths, fate, unknown),
            )
        )
    sources.sort(key=lambda one: one.view != "spine")
    lost = Counter(file["why"] for file in files if not file["kept"])
    away = [f"rows of {row['source']}: {row['why']}" for row in rows if not row["kept"]]
    return Inputs(
        tuple(sources),
        others=sum(path not in named for path in fate),
        missing=(*(f"{counted(n, 'file')}: {why}" for why, n in sorted(lost.items())), *away),
    )


def of_source(source: str, databases: Mapping[str, str], files: Iterable[str]) -> list[str]:
    """Those of `files`, paths from the workspace's root, that a source is read from.

    `databases` are the addresses that the workspace names.
    """
    if source in (found := set(files)):
        return [source]
    what, _, name = source.rpartition(" of ")
    address = databases.get(name, name) if what else source
    kind, there, rest = address.partition("://")
    if there:
        if kind.partition("+")[0] not in ("sqlite", "duckdb"):
            return []
        place = normpath(rest.partition("?")[0].removeprefix("/"))
        return sorted(path for path in found if path in (place, f"{place}-wal", f"{place}.wal"))
    place = normpath(address)
    if "*" in place:
        return sorted(path for path in found if fnmatchcase(path, place))
    return sorted(path for path in found if path == place or path.startswith(f"{place}/"))


def _missing(paths: Iterable[str], fate: Mapping[str, str], unknown: str) -> str:
    """Why not all of these files were kept; empty if they were."""
    whys = [fate[path] for path in paths]
    return "; ".join(sorted({why for why in whys if why})) if whys else unknown


def span(first: str, last: str) -> str:
    """``2013-01-01 to 2013-10-31``."""
    return f"{first[:10]} to {last[:10]}"


def moment(text: str) -> str:
    """``2013-12-31 23:59``, of ISO 8601 in UTC."""
    return text[:16].replace("T", " ")
