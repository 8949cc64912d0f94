"""What is asked of git: who works here, and a commit of some files and no others."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from proml_lab import git
from proml_lab.errors import PublicationError


def author(root: Path) -> str:
    """The e-mail address of who works in `root`, in lower case; empty where git knows none."""
    said = os.environ.get("GIT_AUTHOR_EMAIL", "")
    known = git.ask(root, "config", "user.email") or b""
    return (said or known.decode(errors="replace")).strip().lower()


def inside(root: Path) -> bool:
    """Whether `root` lies in a checkout."""
    return (git.ask(root, "rev-parse", "--is-inside-work-tree") or b"").strip() == b"true"


def commit(root: Path, files: Iterable[Path], message: str) -> str:
    """Commit `files`, also those that are gone, and nothing else that is changed or staged.

    Files that git ignores are left out. Returns the commit's first digits; nothing where there is
    no repository, or no difference.

    Raises
    ------
    PublicationError
        Git refuses; the files stay as they are.
    """
    if not inside(root):
        return ""
    names = [str(file.relative_to(root)) for file in files]
    known = [name for name in names if not _ignored(root, name)]
    known = [name for name in known if (root / name).exists() or _tracked(root, name)]
    if not known:
        return ""
    _do(root, "add", "-A", "--", *known)
    if not _do(root, "status", "--porcelain", "--", *known).strip():
        return ""
    _do(root, "commit", "--quiet", "--only", "-m", message, "--", *known)
    return _do(root, "rev-parse", "--short", "HEAD").strip()


def _ignored(root: Path, name: str) -> bool:
    others = ("--others", "--ignored", "--exclude-standard")
    return bool(git.ask(root, "ls-files", *others, "--", name))


def _tracked(root: Path, name: str) -> bool:
    return bool(git.ask(root, "ls-files", "--", name))


def _do(root: Path, *words: str) -> str:
    done = git.do(root, *words)
    if not done.went_well:
        reason = f": {done.reason}" if done.reason else "."
        who = "" if author(root) else ": git config user.email ADDRESS, git config user.name NAME"
        raise PublicationError(
            f"The files are written, but git {words[0]} failed{reason}",
            hint=f"mend that{who}; then publish again: what is there already stays, and is "
            "committed.",
        )
    return done.out.decode(errors="replace")
