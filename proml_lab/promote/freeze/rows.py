"""Rows that no copy of files gives again, such as those of a server: what a run kept of them.

The format: docs/formats.md#data. The run itself keeps them: `proml_lab.marketplace.source.kept`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from proml_lab.errors import ArtifactError
from proml_lab.marketplace.source import kept
from proml_lab.statefolder import make_folder, state_folder

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

ROWS = "rows"
_KEY = re.compile(r"[0-9a-f]{16}")


def variables(keep: Path, workspace: Workspace) -> dict[str, str]:
    """What tells the kernel of the run in `keep` to keep rows, those of a restored workspace too.

    The environment's variables by name.
    """
    there = state_folder(workspace.root, ROWS)
    if there.is_dir():
        shutil.copytree(there, keep / ROWS, dirs_exist_ok=True)
    return {kept.FOLDER: str(keep / ROWS), kept.LIMIT: str(workspace.snapshot_limit)}


def write(folder: Path, held: Path, *, limit: int) -> list[dict[str, object]]:
    """Copy what a run kept in `held` into ``folder/rows``, the small first, up to `limit` bytes.

    Returns a row for each source, by its name: what it is, how much of it was read, whether it was
    kept and if not, why. Of readings of which another has all columns, none is copied.
    """
    found = [_described(place) for place in sorted(held.glob("*/"))] if held.is_dir() else []
    left = limit
    for row in sorted(found, key=lambda row: row["bytes"]):
        if row["why"] is None and row["bytes"] > left:
            row["why"] = "over snapshot_limit"
        row["kept"] = row["why"] is None
        if row["kept"]:
            left -= row["bytes"]
            _copy(held / row["key"], folder / ROWS / row["key"])
            del row["why"]
    return sorted(found, key=lambda row: (row["source"], row["key"]))


def restore(folder: Path, root: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put the rows in an artifact's folder ``data`` where a run in the workspace `root` finds them.

    Raises ArtifactError if a row has a key that is none.
    """
    for row in rows:
        if not _KEY.fullmatch(row["key"]):
            raise ArtifactError(
                f"The artifact is damaged: it names the rows {row['key']!r}, which no run keeps.",
                hint="take the artifact from someone whom you trust.",
            )
        if row["kept"]:
            there = state_folder(root, ROWS)
            make_folder(there)
            shutil.copytree(folder / ROWS / row["key"], there / row["key"])


def missing(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each source whose rows an artifact does not hold."""
    return [
        f"rows of {row['source']} are not in the artifact ({row['why']}): they are read where they "
        "are now"
        for row in rows
        if not row["kept"]
    ]


def _described(place: Path) -> dict[str, Any]:
    said = json.loads((place / kept.SOURCE).read_text(encoding="utf-8"))
    chosen = _chosen(place)
    files = [file for folder in chosen for file in kept.pieces(folder)]
    columns = sorted(set().union(*chosen.values()))
    first = kept.pieces(next(iter(chosen))) if chosen else []
    return {
        "source": said["source"],
        "key": place.name,
        "columns": columns,
        "n_rows": sum(int(pl.scan_parquet(one).select(pl.len()).collect().item()) for one in first),
        "bytes": sum(file.stat().st_size for file in files),
        "kept": False,
        "why": "over snapshot_limit" if (place / kept.OVER).exists() else None,
    }


def _chosen(place: Path) -> dict[Path, set[str]]:
    """The readings of a source that no other has all columns of."""
    found = kept.readings(place)
    return {
        one: columns
        for one, columns in found.items()
        if not any(columns < other for other in found.values())
    }


def _copy(place: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for name in (kept.SCHEMA, kept.SOURCE):
        shutil.copyfile(place / name, target / name)
    for folder in _chosen(place):
        shutil.copytree(folder, target / folder.name)
