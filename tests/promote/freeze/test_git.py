"""What git knows of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.promote.freeze import git
from proml_lab.promote.freeze.git import checkout
from tests.test_git import run


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    run(tmp_path, "init", "-q", "-b", "work")
    (tmp_path / "code.py").write_text("x = 1\n")
    run(tmp_path, "add", "."), run(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_clean_checkout(repository: Path) -> None:
    (repository / "inner").mkdir()
    found = checkout(repository / "inner")
    assert found is not None
    assert found.commit == run(repository, "rev-parse", "HEAD")
    assert (found.branch, found.dirty, found.diff) == ("work", False, b"")


def test_a_dirty_one_has_a_diff_that_git_takes_back(repository: Path) -> None:
    (repository / "code.py").write_text("x = 2\n")
    (repository / "secret.env").write_text("TOKEN=abc\n")
    found = checkout(repository)
    assert found is not None
    assert found.dirty
    assert b"TOKEN" not in found.diff
    run(repository, "checkout", "-q", "code.py")
    (repository / "p.patch").write_bytes(found.diff)
    run(repository, "apply", "p.patch")
    assert (repository / "code.py").read_text() == "x = 2\n"


def test_a_long_diff_is_told_by_its_length(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "DIFF_LIMIT", 100)
    (repository / "code.py").write_text("x = 2\n" * 100)
    found = checkout(repository)
    assert found is not None
    assert (found.dirty, found.diff) == (True, b"")
    assert found.diff_bytes > 600


def test_a_commit_without_a_branch(repository: Path) -> None:
    run(repository, "checkout", "-q", "--detach")
    found = checkout(repository)
    assert found is not None
    assert found.branch is None


def test_no_checkout_no_commit_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checkout(tmp_path) is None
    run(tmp_path, "init", "-q")
    assert checkout(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert checkout(tmp_path) is None


def test_a_git_that_hangs_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(git, "_PATIENCE_S", 0.1)
    assert checkout(tmp_path) is None
