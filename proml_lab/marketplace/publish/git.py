"""What is asked of git: who works here, and a commit of some files and no others."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from proml_lab.errors import PublicationError

_PATIENCE_S = 60.0
_OURS = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_")


def author(root: Path) -> str:
    """The e-mail address of who works in `root`, in lower case; empty where git knows none."""
    said = os.environ.get("GIT_AUTHOR_EMAIL", "")
    return (said or _ask(root, "config", "user.email") or "").strip().lower()


def inside(root: Path) -> bool:
    """Whether `root` lies in a checkout."""
    return (_ask(root, "rev-parse", "--is-inside-work-tree") or "").strip() == "true"


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
    return _ask(root, "check-ignore", "--quiet", "--", name) is not None


def _tracked(root: Path, name: str) -> bool:
    return bool(_ask(root, "ls-files", "--", name))


def _do(root: Path, *words: str) -> str:
    done = _run(root, words)
    if done is None or done.returncode:
        said = "git takes too long" if done is None else (done.stderr or done.stdout).strip()
        raise PublicationError(
            f"The files are written, but git {words[0]} failed: {said.splitlines()[-1]}"
            if said
            else f"The files are written, but git {words[0]} failed.",
            hint="mend that, then publish again: what is there already stays, and is committed.",
        )
    return done.stdout


def _ask(root: Path, *words: str) -> str | None:
    """What git prints; None where it is not installed, says no, or takes too long."""
    done = _run(root, words)
    return done.stdout if done is not None and done.returncode == 0 else None


def _run(root: Path, words: tuple[str, ...]) -> subprocess.CompletedProcess[str] | None:
    program = shutil.which("git")
    if program is None:
        return None
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_OURS)
    }
    try:
        return subprocess.run(  # noqa: S603
            [program, "-C", str(root), "-c", "core.quotePath=false", *words],
            env={**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
