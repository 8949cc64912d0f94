"""What lies in a folder: every file with its digest, and whatever has no place in an artifact."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from proml_lab.promote import bundle

EMPTY = "is an empty folder"
_THREADS = 4


@dataclass(frozen=True)
class Content:
    """Path, with ``/``, to sha256 and to bytes of each plain file; `odd`: path to what else is
    there, or cannot be read.
    """

    digests: dict[str, str]
    sizes: dict[str, int]
    odd: dict[str, str]


def read(folder: Path) -> Content:
    """Walk `folder` without following links, and digest its files, some at a time.

    Raises
    ------
    OSError
        The folder itself cannot be read.
    """
    files: dict[str, Path] = {}
    odd: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for name, entry in _walk(folder, odd):
        if entry.is_symlink():
            odd[name] = "is a link"
        elif entry.is_file():
            files[name] = Path(entry.path)
            sizes[name] = entry.stat().st_size
        else:
            odd[name] = "is no plain file"
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1), "proml-digest") as pool:
        found = dict(zip(files, pool.map(_digest, files.values()), strict=True))
    odd |= {name: _unread(said) for name, said in found.items() if isinstance(said, OSError)}
    digests = {name: said for name, said in found.items() if isinstance(said, str)}
    return Content(digests, sizes, odd)


def names(folder: Path) -> list[str]:
    """The paths of the plain files in `folder`, in order."""
    return [name for name, entry in _walk(folder, {}) if entry.is_file(follow_symlinks=False)]


def shown(name: str) -> str:
    """A path as it can be put on a screen, whatever signs are in it."""
    return name if name.isprintable() else ascii(name)


def _walk(
    folder: Path, odd: dict[str, str], above: str = ""
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below `folder` but the folders themselves, in order; into `odd` go folders that
    are empty or cannot be read.
    """
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    if above and not entries:
        odd[above] = EMPTY
    for entry in entries:
        name = f"{above}{entry.name}"
        if not entry.is_dir(follow_symlinks=False):
            yield name, entry
            continue
        try:
            yield from _walk(Path(entry.path), odd, f"{name}/")
        except OSError as error:
            odd[f"{name}/"] = _unread(error)


def _digest(path: Path) -> str | OSError:
    try:
        return bundle.digest(path)
    except OSError as error:
        return error


def _unread(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}"
