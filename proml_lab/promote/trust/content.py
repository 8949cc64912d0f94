"""What lies in a folder: every file with its digest, and whatever has no place in an artifact."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from proml_lab.promote import bundle

_THREADS = 4


@dataclass(frozen=True)
class Content:
    """Path, with ``/``, to sha256 and to bytes of each plain file; `odd`: path to what else is
    there.
    """

    digests: dict[str, str]
    sizes: dict[str, int]
    odd: dict[str, str]


def read(folder: Path) -> Content:
    """Walk `folder` without following links, and digest its files, some at a time.

    Raises
    ------
    OSError
        A file or folder cannot be read.
    """
    files: dict[str, Path] = {}
    odd: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for name, entry in _walk(folder):
        if entry.is_symlink():
            odd[name] = "is a link"
        elif entry.is_file():
            files[name] = Path(entry.path)
            sizes[name] = entry.stat().st_size
        else:
            odd[name] = "is no plain file"
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1), "proml-digest") as pool:
        digests = dict(zip(files, pool.map(bundle.digest, files.values()), strict=True))
    return Content(digests, sizes, odd)


def names(folder: Path) -> list[str]:
    """The paths of the plain files in `folder`, in order."""
    return [name for name, entry in _walk(folder) if entry.is_file(follow_symlinks=False)]


def shown(name: str) -> str:
    """A path as it can be put on a screen, whatever signs are in it."""
    return name if name.isprintable() else ascii(name)


def _walk(folder: Path, above: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below `folder` but the folders themselves, in order."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = f"{above}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), f"{name}/")
            else:
                yield name, entry
