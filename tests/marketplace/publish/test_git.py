from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import PublicationError
from proml_lab.marketplace.publish import git as asked
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.publish.conftest import Git


def test_without_a_repository(place: Workspace) -> None:
    (place.root / "a.txt").write_text("a")
    assert not asked.inside(place.root)
    assert asked.commit(place.root, [place.root / "a.txt"], "A") == ""


def test_only_the_named_files_are_committed(place: Workspace, git: Git) -> None:
    for name in ("mine.txt", "staged.txt", "other.txt"):
        (place.root / name).write_text(name)
    git("add", "staged.txt")
    files = [place.root / "mine.txt", place.root / "sources" / "x.parquet", place.root / "gone"]
    digits = asked.commit(place.root, files, "Publish it")
    assert git("log", "-1", "--format=%h %s") == f"{digits} Publish it"
    assert git("show", "--name-only", "--format=") == "mine.txt"
    assert git("status", "--short") == "A  staged.txt\n?? other.txt"
    assert asked.commit(place.root, files, "Again") == ""


def test_a_file_that_is_gone_is_committed_as_such(place: Workspace, git: Git) -> None:
    (place.root / "proml.toml").unlink()
    assert asked.commit(place.root, [place.root / "proml.toml"], "Take it away")
    assert git("status", "--short") == ""


def test_who_works_here(place: Workspace, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    git("config", "user.email", "Ann@Example.org")
    assert asked.author(place.root) == "ann@example.org"
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "bob@example.org")
    assert asked.author(place.root) == "bob@example.org"


def test_without_git(place: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert asked.author(place.root) == ""
    assert asked.commit(place.root, [], "A") == ""


def test_a_hook_that_refuses(place: Workspace, git: Git) -> None:
    hook = place.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'no ticket' >&2\nexit 1\n")
    hook.chmod(0o755)
    file = place.root / "a.txt"
    file.write_text("a")
    with pytest.raises(PublicationError, match=r"written, but git commit failed: no ticket\nHint"):
        asked.commit(place.root, [file], "A")


def test_files_that_git_ignores_are_left_out(place: Workspace, git: Git) -> None:
    (place.root / ".gitignore").write_text(".proml/\nsources/\nhidden/\n")
    names = ["hidden/a.txt", "b.txt"]
    (place.root / "hidden").mkdir()
    for name in names:
        (place.root / name).write_text(name)
    assert asked.commit(place.root, [place.root / name for name in names], "Publish it")
    assert git("show", "--name-only", "--format=") == "b.txt"
    assert asked.commit(place.root, [place.root / "hidden" / "a.txt"], "Nothing") == ""


def test_who_is_unknown_is_told_how_to_say_it(
    place: Workspace, git: Git, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    (place.root / "a.txt").write_text("a")
    said = r"git commit failed: fatal: .*\nHint: mend that: git config user.email ADDRESS"
    with pytest.raises(PublicationError, match=said):
        asked.commit(place.root, [place.root / "a.txt"], "A")
