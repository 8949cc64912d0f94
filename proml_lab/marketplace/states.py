"""The files of a catalogue, and the state that each is in."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from proml_lab.errors import WorkspaceError
from proml_lab.marketplace.publish.versions import PUBLISHED_ONLY

States = tuple[tuple[str, int, int], ...]
"""Paths of files, each with when it was changed and its size: while these stay, so does it."""


def states(root: Path, folders: Iterable[str]) -> States:
    """The YAML files below `folders` of `root`, folder by folder, each in the order of its paths.

    Versions and proposals of views are left out: they are no part of the catalogue.

    Raises
    ------
    WorkspaceError
        A folder is not there.
    """
    return tuple(_states(root, folders))


def _states(root: Path, folders: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    for name in folders:
        folder = root / name
        if not folder.is_dir():
            raise WorkspaceError(
                f"The catalogue folder {folder} is not there.",
                hint=f"make it, or change 'catalog' in the settings of {root}.",
            )
        found = []
        for one in _below(str(folder), without=PUBLISHED_ONLY):
            if one.name.endswith((".yaml", ".yml")):
                stat = one.stat()
                found.append((one.path, stat.st_mtime_ns, stat.st_size))
        yield from sorted(found, key=lambda file: file[0].replace(os.sep, "\0"))


def _below(folder: str, *, without: Collection[str] = ()) -> Iterator[os.DirEntry[str]]:
    """Everything in a folder and the folders in it, links to folders left out."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in without:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path)
            else:
                yield entry
