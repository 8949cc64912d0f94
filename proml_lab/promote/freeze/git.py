"""What git knows of a folder: commit, branch, and what was changed since."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from proml_lab import git

_PATIENCE_S = 10.0
DIFF_LIMIT = 1_000_000
"""Bytes of a diff that are kept; of a longer one only its size is."""


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
    ask = partial(git.ask, folder, patience_s=_PATIENCE_S)
    commit = ask("rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    branch = ask("symbolic-ref", "--short", "--quiet", "HEAD")
    options = ("--no-color", "--no-ext-diff", "--no-textconv", "--binary")
    diff = ask("diff", "HEAD", *options) or b""
    return Checkout(
        commit=commit.decode().strip(),
        branch=branch.decode().strip() if branch else None,
        dirty=bool(diff),
        diff=diff if len(diff) <= DIFF_LIMIT else b"",
        diff_bytes=len(diff),
    )
