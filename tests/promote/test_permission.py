"""What may not be written is told before any work is done for it, and reading goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from proml_lab.errors import ArtifactError, ProMLError, RegistryError
from proml_lab.promote import alias, artifacts, promote, rollback, show, verify
from proml_lab.promote.permission import forbidden
from tests.promote.conftest import LIGHT, Promoted, write_notebook
from tests.promote.stranger import open_folder, unprivileged

HINT = "Hint: ask whoever owns it to let you write there."


@pytest.fixture
def place(promoted: Promoted) -> Iterator[Path]:
    """A copy of a workspace with versions, which only its owner may write."""
    with open_folder() as folder:
        yield shutil.copytree(promoted.workspace, folder / "workspace")


def shut(folder: Path) -> None:
    """Only for reading."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def opened(folder: Path) -> None:
    """For everybody to write."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)


def test_the_nearest_thing_that_is_there_counts(place: Path) -> None:
    deep = place / "not" / "yet" / "there"
    assert forbidden(deep) == ""
    shut(place)
    with unprivileged():
        assert forbidden(deep) == f"you may not write to {place}"
        assert forbidden(place / "proml.toml") == f"you may not write to {place / 'proml.toml'}"
    (place / "proml.toml").chmod(0o666)
    with unprivileged():
        assert forbidden(place / "proml.toml") == ""
        assert forbidden(place / "proml.toml", place) == f"you may not write to {place}"
    opened(place)
    (place / "work").chmod(0)
    with unprivileged():
        assert forbidden(place / "work" / "a") == f"you may not write to {place / 'work'}"
    opened(place)


def test_nothing_is_run_where_nothing_can_be_kept(place: Path) -> None:
    notebook = write_notebook(place / "some.ipynb", LIGHT)
    hidden, registry = place / ".proml", place / ".proml" / "registry.db"
    before = sorted((hidden / "runs").glob("*"))
    opened(place)
    for path in (hidden / "artifacts" / "visits", registry):
        path.chmod(0o555 if path.is_dir() else 0o444)
        with unprivileged(), pytest.raises(RegistryError, match=f"not write to {path}") as caught:
            promote(notebook, "visits", workspace=place)
        assert str(caught.value).splitlines()[1] == HINT
        path.chmod(0o777 if path.is_dir() else 0o666)
    hidden.chmod(0o555)
    with unprivileged(), pytest.raises(RegistryError, match=f"not write to {hidden}"):
        promote(notebook, "visits", workspace=place)
    opened(place)
    assert sorted((hidden / "runs").glob("*")) == before


def test_what_is_read_only_can_be_read_and_no_alias_moves(place: Path) -> None:
    shut(place)
    with unprivileged():
        assert len(artifacts(workspace=place)) == 3
        assert show("visits@2", workspace=place).artifact.version == 2
        assert verify("visits@2", workspace=place, any_key=True)
        for move in (lambda: alias("visits", "champion", 1, workspace=place),
                     lambda: rollback("visits", workspace=place)):  # fmt: skip
            with pytest.raises(RegistryError, match="cannot be used: you may not write") as caught:
                move()
            assert str(caught.value).splitlines()[1] == HINT
    opened(place)


def test_what_may_not_be_read_is_not_called_damaged(place: Path) -> None:
    opened(place)
    folder = place / ".proml" / "artifacts" / "visits" / "2"
    for path in (folder, folder / "manifest.json"):
        mode = path.stat().st_mode
        path.chmod(0)
        with unprivileged(), pytest.raises(ProMLError, match="Permission denied") as caught:
            show("visits@2", workspace=place)
        assert isinstance(caught.value, ArtifactError)
        assert str(caught.value).splitlines()[1] == "Hint: ask its owner to let you read it."
        path.chmod(mode)
