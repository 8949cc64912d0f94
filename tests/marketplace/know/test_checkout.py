"""What git tells, in real checkouts."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from proml_lab.errors import WorkspaceError
from proml_lab.marketplace.know import checkout


def git(root: Path, *words: str, who: str = "Ada") -> None:
    own = ("-c", f"user.name={who}", "-c", "user.email=a@example.org")
    subprocess.run(["git", "-C", root, *own, *words], check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of a checkout with two commits; one file has an odd name."""
    inner = tmp_path / "inner"
    inner.mkdir()
    git(tmp_path, "init")
    for name in ("a.txt", "ö b.txt"):
        (inner / name).write_text("one\n")
    (tmp_path / "outside.txt").touch()
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-m", "first", "--date", "2024-01-01T00:00:00+00:00")
    (inner / "a.txt").write_text("two\n")
    second = ("commit", "-am", "second", "--date", "2024-02-01T00:00:00+00:00")
    git(tmp_path, *second, who="Bob")
    return inner


def test_who_changed_a_file_last(root: Path) -> None:
    found = checkout.last_changes(root, ["a.txt", "ö b.txt", "nosuch.txt"])
    assert found == {
        "a.txt": checkout.Change("Bob", datetime(2024, 2, 1, tzinfo=UTC)),
        "ö b.txt": checkout.Change("Ada", datetime(2024, 1, 1, tzinfo=UTC)),
    }
    assert checkout.last_changes(root, []) == {}


def test_more_names_than_one_command_takes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["ö b.txt", *(f"{i}.txt" for i in range(40)), "a.txt"]
    whole = checkout.last_changes(root, names)
    monkeypatch.setattr(checkout, "_MOST", 20)
    assert checkout.last_changes(root, names) == whole
    assert whole.keys() == {"a.txt", "ö b.txt"}


def test_a_name_with_a_line_break_is_left_out(root: Path) -> None:
    (root / "b\nc.txt").write_text("x")
    git(root, "add", "-A")
    assert checkout.contents(root, ["b\nc.txt", "a.txt"], of="") == {"a.txt": "two\n"}


def test_what_is_staged_and_committed(root: Path) -> None:
    (root / "new.txt").write_text("né\n")
    git(root, "add", "new.txt")
    git(root, "rm", "a.txt")
    assert checkout.staged(root) == ["new.txt", "ö b.txt"]
    assert sorted(checkout.committed(root)) == ["a.txt", "ö b.txt"]
    names = ["new.txt", "a.txt", "ö b.txt"]
    assert checkout.contents(root, names, of="") == {"new.txt": "né\n", "ö b.txt": "one\n"}
    assert checkout.contents(root, names, of="HEAD") == {"a.txt": "two\n", "ö b.txt": "one\n"}
    assert checkout.contents(root, [], of="") == {}


def test_outside_of_a_checkout_and_without_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checkout.last_changes(tmp_path, ["a.txt"]) == {}
    assert checkout.committed(tmp_path) == []
    with pytest.raises(WorkspaceError, match="is in no git checkout"):
        checkout.staged(tmp_path)
    with pytest.raises(WorkspaceError, match="git cannot read the files"):
        checkout.contents(tmp_path, ["a.txt"], of="")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert checkout.last_changes(tmp_path, ["a.txt"]) == {}
