"""Git as a program: its settings, its arguments, and what it may cost."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from proml_lab import git


def run(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    run(root, "init", "-q", "-b", "work")
    (root / "ö b.txt").write_text("one\n")
    run(root, "add", "."), run(root, "commit", "-q", "-m", "first")
    return root


def program(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another git, which is found first."""
    folder.mkdir(exist_ok=True)
    (folder / "git").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_what_git_prints(repository: Path) -> None:
    assert git.ask(repository, "ls-files") == "ö b.txt\n".encode()
    assert git.ask(repository, "hash-object", "--stdin", given=b"one\n") == git.ask(
        repository, "rev-parse", "HEAD:ö b.txt"
    )


def test_a_command_that_fails(repository: Path) -> None:
    assert git.ask(repository, "rev-parse", "--verify", "nosuch") is None
    done = git.do(repository, "checkout", "nosuch")
    assert (done.went_well, done.out) == (False, b"")
    assert done.reason == "error: pathspec 'nosuch' did not match any file(s) known to git"
    assert git.Done(went_well=False).reason == ""
    assert git.Done(went_well=False, out=b"a\n\n  b\n").reason == "a; b"
    said = "Wait.\nerror: no key\nfatal: no commit\nhint: read more\n"
    assert git.Done(went_well=False, said=said).reason == "error: no key; fatal: no commit"
    assert git.Done(went_well=False, said="x" * 500).reason == "x" * 399 + "…"


def test_names_are_taken_as_they_are(repository: Path) -> None:
    """Neither an option nor a pattern."""
    odd = ["*.txt", ":(top)x", "--all", "[a]"]
    for name in odd:
        (repository / name).touch()
    assert git.do(repository, "add", "--", "*.txt", ":(top)x").went_well
    assert git.ask(repository, "ls-files", "-z", "--", "*.txt") == b"*.txt\0"
    assert git.do(repository, "add", "--", "--all").went_well
    assert git.ask(repository, "check-ignore", "--quiet", "--", "[a]") is None
    staged = git.ask(repository, "diff", "--cached", "--name-only") or b""
    assert sorted(staged.decode().splitlines()) == ["*.txt", "--all", ":(top)x"]


def test_a_name_that_no_program_takes(repository: Path) -> None:
    done = git.do(repository, "add", "--", "a\0b")
    assert done.reason == "git cannot be run: embedded null byte"


def test_reading_runs_nothing_of_the_repository(repository: Path) -> None:
    trap = repository / "trap"
    trap.write_text("#!/bin/sh\ntouch sprung\n")
    trap.chmod(0o755)
    run(repository, "config", "core.fsmonitor", str(trap))
    run(repository, "config", "core.hooksPath", str(repository))
    trap.rename(repository / "post-index-change")
    run(repository, "config", "core.fsmonitor", str(repository / "post-index-change"))
    assert git.ask(repository, "status", "--porcelain") is not None
    assert not (repository / "sprung").exists()
    assert git.do(repository, "status", "--porcelain").went_well
    assert (repository / "sprung").exists()


def test_no_variable_leads_to_another_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run(other, "init", "-q")
    monkeypatch.chdir(other)
    monkeypatch.setenv("GIT_DIR", ".git")
    assert git.ask(repository, "ls-files") == "ö b.txt\n".encode()
    assert git.ask(repository, "ls-files", hook=True) == b""
    asked = git.ask(repository, "rev-parse", "--absolute-git-dir", hook=True)
    assert asked == f"{other / '.git'}\n".encode()


def test_a_setting_of_the_user_is_kept(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("COUNT", "1"), ("KEY_0", "user.email"), ("VALUE_0", "a@example.org")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert git.ask(repository, "config", "user.email") == b"a@example.org\n"


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git.ask(tmp_path, "version") is None
    assert git.do(tmp_path, "version").reason == "git is not installed"


def test_one_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "exec sleep 60", monkeypatch)
    assert git.ask(tmp_path, "version", patience_s=0.1) is None
    assert git.do(tmp_path, "version", patience_s=0.1).reason == "git takes too long"


def test_it_asks_nobody_and_speaks_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", 'echo "$GIT_TERMINAL_PROMPT $LC_ALL"; cat', monkeypatch)
    assert git.ask(tmp_path, "version") == b"0 C\n"
    assert git.do(tmp_path, "version").out == b"0 C\n"
