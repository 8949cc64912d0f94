"""Git as a program: what it is told, with which settings, and for how long we wait."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 60.0
_MOST = 400
_QUIET = ("core.fsmonitor=false", "core.hooksPath=/dev/null")
_OURS = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_")
_OF_A_HOOK = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE")


@dataclass(frozen=True)
class Done:
    """What a command of git ended with: whether it went well, and what it printed."""

    went_well: bool
    out: bytes = b""
    said: str = ""

    @property
    def reason(self) -> str:
        """What it complained of, in one line; empty if it said nothing.

        Git's own errors if there are some; else all that was said, such as by a hook.
        """
        said = self.said or self.out.decode(errors="replace")
        lines = [line.strip() for line in said.splitlines() if not line.startswith("hint:")]
        errors = [line for line in lines if line.startswith(("error: ", "fatal: "))]
        text = "; ".join(filter(None, errors or lines))
        return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"


def ask(
    folder: Path,
    *words: str,
    given: bytes = b"",
    hook: bool = False,
    patience_s: float = PATIENCE_S,
) -> bytes | None:
    """What git prints; None where it is not installed, fails or takes too long.

    For commands that only read: no lock is taken, and no program of the repository's is run.

    Parameters
    ----------
    folder
        Where it runs.
    words
        The command and its arguments; names of files after ``--``, taken as they are.
    given
        What it reads.
    hook
        Ask what a hook of git's is told of: a commit of some files has an index of its own.
    patience_s
        How long we wait, in seconds.
    """
    settings = [word for setting in _QUIET for word in ("-c", setting)]
    extra = {"GIT_OPTIONAL_LOCKS": "0", **(_of_a_hook() if hook else {})}
    done = _run(folder, [*settings, *words], extra, given, patience_s)
    return done.out if done.went_well else None


def do(folder: Path, *words: str, patience_s: float = PATIENCE_S) -> Done:
    """Let git change something: its locks, hooks and monitors are those of the repository."""
    return _run(folder, [*words], {}, b"", patience_s)


def _run(
    folder: Path, words: list[str], extra: dict[str, str], given: bytes, patience_s: float
) -> Done:
    program = shutil.which("git")
    if program is None:
        return Done(went_well=False, said="git is not installed")
    command = [program, "-C", str(folder), "--literal-pathspecs", "-c", "core.quotePath=false"]
    try:
        done = subprocess.run(  # noqa: S603 - a list of words, no shell
            [*command, *words],
            env={**_environment(), **extra},
            input=given,
            capture_output=True,
            timeout=patience_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Done(went_well=False, said="git takes too long")
    except (OSError, ValueError) as error:  # a list too long, a zero byte in a name
        return Done(went_well=False, said=f"git cannot be run: {error}")
    said = done.stderr.decode(errors="replace")
    return Done(went_well=done.returncode == 0, out=done.stdout, said=said)


def _environment() -> dict[str, str]:
    """Ours: git asks nobody, speaks English, and no variable sends it to another repository."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_OURS)
    }
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def _of_a_hook() -> dict[str, str]:
    """What git told a hook; places that are relative are so to the folder that it runs in."""
    told = {name: os.environ[name] for name in _OF_A_HOOK if os.environ.get(name)}
    return {
        name: os.path.abspath(place)  # noqa: PTH100 - links stay as they are
        for name, place in told.items()
    }
