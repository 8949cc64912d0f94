"""Which files of the workspace a run read: what its kernel noted, and what its code names.

What can be seen and what cannot: docs/formats.md#data.
"""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from proml_lab.promote.freeze import kernel_reads
from proml_lab.promote.freeze.randomness import startup

_NOTE = "reads.jsonl"
_QUOTED = re.compile(r"'([^'\n]+)'|\"([^\"\n]+)\"")
_LOGS = ("-wal", ".wal")
"""Ends of the logs that SQLite and DuckDB write beside a database."""
_WORD = re.compile(r"[^\s\"'`()\[\]{},;=<>|&]+")

How = Literal["opened", "named"]


@dataclass(frozen=True)
class Read:
    """A file that a run read: its `path` from the workspace's root, with ``/``.

    `how` says whether it was seen being opened, or only stands in the code by name. `changed`: its
    content now is not what was opened.
    """

    path: str
    how: How
    changed: bool = False


@dataclass(frozen=True)
class Reads:
    """What a run read: files in the workspace by path, and of what kind those outside of it are."""

    files: tuple[Read, ...] = ()
    outside: tuple[tuple[str, str], ...] = ()


def source(keep: Path, root: Path) -> str:
    """Python that makes a kernel note what it reads, in the run's folder `keep`."""
    return startup(kernel_reads.__file__, str(keep / _NOTE), str(root))


def read(keep: Path, root: Path, *, code: Iterable[str], folder: Path) -> Reads:
    """What the run in `keep` read of the workspace in `root`, by path.

    Parameters
    ----------
    keep
        The run's folder.
    root
        The workspace's.
    code
        Sources of the notebook's cells. A file that they name counts as read too: libraries may
        open files without telling anyone.
    folder
        Where the kernel worked: paths in the code are relative to it, or to `root`.

    A file that the run made or wrote itself is none of its inputs. Nothing is there if the kernel
    noted nothing.
    """
    note = keep / _NOTE
    if not note.is_file():
        return Reads()
    started, found, outside = 0, {}, set()
    for line in note.read_text(encoding="utf-8").splitlines():
        facts = json.loads(line)
        if "started_ns" in facts:
            started = started or facts["started_ns"]
        elif "outside" in facts:
            outside.add((facts["outside"], facts["suffix"]))
        elif facts["mtime_ns"] < started:
            found[facts["path"]] = _opened(root, facts)
    for path in named(code, root, folder):
        if path not in found and (root / path).stat().st_mtime_ns < started:
            found[path] = Read(path, "named")
    for one in [*found.values()]:
        found |= _logs(one, root, started)
    return Reads(tuple(found[path] for path in sorted(found)), tuple(sorted(outside)))


def _logs(read: Read, root: Path, started: int) -> dict[str, Read]:
    """The logs beside a database, which hold its newest rows, and it, if one has changed since."""
    found = {}
    for end in _LOGS:
        log = root / f"{read.path}{end}"
        if log.is_file():
            changed = log.stat().st_mtime_ns >= started
            path = f"{read.path}{end}"
            found[path] = replace(read, path=path, changed=changed or read.changed)
            if changed:
                found[read.path] = replace(read, changed=True)
    return found


def _opened(root: Path, facts: dict[str, object]) -> Read:
    path = str(facts["path"])
    try:
        now = (root / path).stat()
    except OSError:
        return Read(path, "opened", changed=True)
    same = (now.st_size, now.st_mtime_ns) == (facts["bytes"], facts["mtime_ns"])
    return Read(path, "opened", changed=not same)


def named(code: Iterable[str], root: Path, folder: Path) -> Iterator[str]:
    """Files of the workspace whose paths stand in the code."""
    words: set[str] = set()
    for text in code:
        quoted = set(_quoted(text))
        quoted |= {inner for part in quoted for inner in _quoted(part)}  # as in SQL
        words |= quoted | {word for part in (text, *quoted) for word in _WORD.findall(part)}
    for word in sorted(words):
        if "." not in word and "/" not in word:
            continue
        for place in dict.fromkeys((folder, root)):
            yield from _files(word, place, root)


def _quoted(text: str) -> list[str]:
    return [one or other for one, other in _QUOTED.findall(text)]


def _files(word: str, place: Path, root: Path) -> Iterator[str]:
    """The files that `word` stands for as a path from `place`, as paths from `root`."""
    pattern = any(sign in word for sign in "*?")
    try:
        text = str(place / word)
        there = glob.glob(text, recursive=True) if pattern else [text]  # noqa: PTH207
        for text in there:
            path = Path(os.path.normpath(text))
            inside = path.is_relative_to(root) and path.is_file()
            if inside and not kernel_reads.SKIPPED & set(path.relative_to(root).parts):
                yield path.relative_to(root).as_posix()
    except (OSError, ValueError):
        return  # not a path after all
