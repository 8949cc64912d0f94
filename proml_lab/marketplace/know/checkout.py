"""What git knows of the files of a workspace: who changed them, and what is about to change."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from proml_lab.errors import WorkspaceError

_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "core.quotePath=false")
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Change:
    """Who last committed a file, and when (UTC)."""

    who: str
    when: datetime


def last_changes(root: Path, files: Iterable[str]) -> dict[str, Change]:
    """The last commit of each of `files`, paths relative to `root`; those git does not know lack.

    Empty without git, or outside of a checkout.
    """
    wanted = [*files]
    if not wanted:
        return {}
    words = ("log", "--format=%x00%an%x00%aI", "--name-only", "--relative", "-z", "--", *wanted)
    said = _ask(root, *words)
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

    Raises
    ------
    WorkspaceError
        git cannot hand them over.
    """
    names = [*files]
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


def _environment() -> dict[str, str]:
    """Ours, with what git tells a hook: a commit of some files has an index of its own.

    git gives places relative to the folder that the hook runs in.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        if os.environ.get(name):
            kept[name] = os.path.abspath(os.environ[name])  # noqa: PTH100 - links stay as they are
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def _ask(folder: Path, *words: str, given: bytes = b"") -> bytes | None:
    """What git prints; None if it is not installed, fails, or takes too long."""
    program = shutil.which("git")
    if program is None:
        return None
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    try:
        done = subprocess.run(  # noqa: S603
            [program, "-C", str(folder), *settings, *words],
            env=_environment(),
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
