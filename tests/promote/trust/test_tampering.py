"""A real bundle, and all that can be done to each of its files: verify fails and names it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from proml_lab import verify
from proml_lab.errors import ArtifactError
from proml_lab.marketplace.workspace import open_workspace
from proml_lab.promote.trust.signers import trusted
from proml_lab.promote.trust.verification import Verification, check
from tests.promote.conftest import Promoted
from tests.promote.stranger import open_folder, unprivileged


@pytest.fixture(scope="module")
def whole(promoted: Promoted) -> Path:
    """The folder of an artifact as it was promoted."""
    return promoted.artifacts[2].path


@pytest.fixture
def copy(whole: Path) -> Iterator[Path]:
    """A copy of it where others than root may look, too."""
    with open_folder() as folder:
        yield shutil.copytree(whole, folder / "copy")


@pytest.fixture
def look(promoted: Promoted) -> Callable[[Path], Verification]:
    """Check a folder with one's own key."""
    known = trusted(open_workspace(promoted.workspace))
    return lambda folder: check(folder, known)


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def flipped(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << at % 8
    path.write_bytes(data)


def linked(path: Path) -> None:
    outside = next(above.parent for above in path.parents if above.name == "copy") / "outside"
    path.rename(outside)
    path.symlink_to(outside)


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "x").touch()


CHANGES: dict[str, Callable[[Path], object]] = {
    "first byte": lambda path: flipped(path, 0),
    "some byte": lambda path: flipped(path, path.stat().st_size * 2 // 3),
    "last byte": lambda path: flipped(path, -1),
    "one byte less": lambda path: os.truncate(path, path.stat().st_size - 1),
    "emptied": lambda path: os.truncate(path, 0),
    "one byte more": lambda path: path.write_bytes(path.read_bytes() + b"\n"),
    "line ends": lambda path: path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r"),
    "removed": Path.unlink,
    "renamed": lambda path: path.rename(path.with_name(f"~{path.name}")),
    "case": lambda path: path.rename(path.with_name(path.name.swapcase())),
    "a link to the same": linked,
    "a folder": as_folder,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_any_file_is_named(
    change: str, whole: Path, copy: Path, look: Callable[[Path], Verification]
) -> None:
    for name in files(whole):
        for path in copy.parent.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(whole, copy, copy_function=os.link)
        (copy / name).unlink()
        shutil.copyfile(whole / name, copy / name)
        CHANGES[change](copy / name)
        found = look(copy)
        path = Path(name)
        moved = {f"{path.parent}/{new}" for new in (f"~{path.name}", path.name.swapcase())}
        assert found.file in {name, f"{name}/x", *(one.removeprefix("./") for one in moved)}
        with pytest.raises(ArtifactError, match="does not pass"):
            found.require()


def test_files_that_changed_places_are_both_named(
    copy: Path, look: Callable[[Path], Verification]
) -> None:
    names = [name for name in files(copy) if name != "signature"]
    for one, other in pairwise(names):
        same = (copy / one).read_bytes() == (copy / other).read_bytes()
        swap(copy / one, copy / other)
        wrong = set(look(copy).frame().filter(passed=False, check="files")["file"])
        assert wrong == (set() if same else {one, other})
        swap(copy / one, copy / other)
    assert look(copy)


def swap(one: Path, other: Path) -> None:
    aside = one.parent / "aside"
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


@pytest.mark.parametrize("name", ["new", ".hidden", "model/new", "whole/deep/er", "notebook/ä"])
def test_what_was_added_is_named(
    name: str, copy: Path, look: Callable[[Path], Verification]
) -> None:
    path = copy / name
    path.mkdir(parents=True)
    assert (bool(look(copy)), look(copy).problem) == (False, f"{name}/ is an empty folder")
    path.rmdir()
    path.touch()
    assert look(copy).problem == f"{name} was added"
    path.unlink()
    os.mkfifo(path)
    assert look(copy).problem == f"{name} is no plain file"


def test_a_folder_that_is_a_link_to_the_same(
    copy: Path, look: Callable[[Path], Verification]
) -> None:
    (copy / "model").rename(copy.parent / "model")
    (copy / "model").symlink_to(copy.parent / "model")
    assert look(copy).problem == "model is a link"


def test_a_file_or_folder_that_cannot_be_read_is_named(
    whole: Path, copy: Path, look: Callable[[Path], Verification]
) -> None:
    for path in copy.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for name in [*files(whole), "model/", "environment/wheels/"]:
        mode = (copy / name).stat().st_mode
        (copy / name).chmod(0)
        with unprivileged():
            found = look(copy)
        assert found.problem == f"{name} cannot be read: Permission denied", name
        (copy / name).chmod(mode)
    copy.chmod(0)
    with (
        unprivileged(),
        pytest.raises(ArtifactError, match="copy cannot be read: Permission denied"),
    ):
        look(copy)
    copy.chmod(0o755)
    with unprivileged():
        assert look(copy)


def test_it_is_whole_when_nothing_was_done(promoted: Promoted, copy: Path) -> None:
    assert verify(copy, workspace=promoted.workspace)
