"""What git knows of a folder: commit, branch, and what was changed since."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_S = 10.0
DIFF_LIMIT = 1_000_000
"""Bytes of a diff that are kept; of a longer one only its size is."""
_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "core.quotePath=false")


@dataclass(frozen=True)
class Checkout:
    """The state of a checkout.

    `diff` holds the changes of tracked files against `commit`: files that git does not track, which
    may be secrets, are not in it. It is empty if nothing was changed, or if it is longer than
    `DIFF_LIMIT`; `diff_bytes` tells its length.
    """

    commit: str
    branch: str | None
    dirty: bool
    diff: bytes
    diff_bytes: int


def checkout(folder: Path) -> Checkout | None:
    """The checkout that `folder` lies in; None without git, outside of one, or before a commit."""
    commit = _ask(folder, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    branch = _ask(folder, "symbolic-ref", "--short", "--quiet", "HEAD")
    options = ("--no-color", "--no-ext-diff", "--no-textconv", "--binary")
    diff = _ask(folder, "diff", "HEAD", *options) or b""
    return Checkout(
        commit=commit.decode().strip(),
        branch=branch.decode().strip() if branch else None,
        dirty=bool(diff),
        diff=diff if len(diff) <= DIFF_LIMIT else b"",
        diff_bytes=len(diff),
    )


def _ask(folder: Path, *words: str) -> bytes | None:
    """What git prints; None if it is not installed, fails, or takes too long."""
    program = shutil.which("git")
    if program is None:
        return None
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603
            [program, "-C", str(folder), *settings, *words],
            env={**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
