"""What git knows of the files of a workspace: who changed them, and what is about to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from proml_lab import git
from proml_lab.errors import WorkspaceError

_ask = partial(git.ask, hook=True)
_MOST = 100_000
"""Characters of names that are put into one command."""


@dataclass(frozen=True)
class Change:
    """Who last committed a file, and when (UTC)."""

    who: str
    when: datetime


def last_changes(root: Path, files: Iterable[str]) -> dict[str, Change]:
    """The last commit of each of `files`, paths relative to `root`; those git does not know lack.

    Empty without git, or outside of a checkout.
    """
    words = ("log", "--format=%x00%an%x00%aI", "--name-only", "--relative", "-z", "--")
    found: dict[str, Change] = {}
    for some in _parts(files):
        found |= _changes(_ask(root, *words, *some))
    return found


def _parts(names: Iterable[str]) -> Iterator[list[str]]:
    """The names in parts that fit into one command."""
    part: list[str] = []
    for name in names:
        if part and sum(map(len, part)) + len(name) > _MOST:
            yield part
            part = []
        part.append(name)
    if part:
        yield part


def _changes(said: bytes | None) -> dict[str, Change]:
    """What a log says, the newest first."""
    found: dict[str, Change] = {}
    who, when = "", datetime.min.replace(tzinfo=UTC)
    parts = iter((said or b"").decode(errors="replace").split("\0"))
    for part in parts:
        if not part.strip():
            who, when = next(parts, ""), _moment(next(parts, ""), when)
            continue
        found.setdefault(part.strip("\n"), Change(who, when))
    return found


def staged(root: Path) -> list[str]:
    """Paths below `root` that the next commit has, relative to `root`.

    Raises
    ------
    WorkspaceError
        `root` lies in no checkout of git, or git is not installed.
    """
    said = _ask(root, "ls-files", "-z", "--cached")
    if said is None:
        raise WorkspaceError(
            f"The workspace {root} is in no git checkout.",
            hint="make one: git init; --staged compares what is staged with the last commit.",
        )
    return [name for name in said.decode().split("\0") if name]


def committed(root: Path) -> list[str]:
    """Paths below `root` that the last commit has, relative to `root`; none before the first."""
    said = _ask(root, "ls-tree", "-r", "-z", "--name-only", "HEAD")
    return [name for name in (said or b"").decode().split("\0") if name]


def contents(root: Path, files: Iterable[str], *, of: str) -> dict[str, str]:
    """The texts of `files`, relative to `root`: as staged if `of` is empty, else as in ``HEAD``.

    Those that are not there lack, and those with a line break in their name.

    Raises
    ------
    WorkspaceError
        git cannot hand them over.
    """
    names = [name for name in files if "\n" not in name]
    asked = "".join(f"{of}:./{name}\n" for name in names)
    said = _ask(root, "cat-file", "--batch", given=asked.encode())
    if said is None:
        raise WorkspaceError("git cannot read the files.", hint="try: git fsck.")
    found: dict[str, str] = {}
    at = 0
    for name in names:
        end = said.index(b"\n", at)
        head = said[at:end].split()
        if head[-1] == b"missing":
            at = end + 1
            continue
        size = int(head[-1])
        found[name] = said[end + 1 : end + 1 + size].decode(errors="replace")
        at = end + 1 + size + 1
    return found


def _moment(text: str, otherwise: datetime) -> datetime:
    return datetime.fromisoformat(text.strip()).astimezone(UTC) if text.strip() else otherwise
