"""The folder of an example appears whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import SourceError, WorkspaceError
from proml_lab.marketplace.example.folder import make


def made(folder: str | Path) -> Path:
    numbers = pl.DataFrame({"x": pl.int_range(200_000, eager=True).hash(1)})
    return make("movies", folder, lambda: {"numbers": numbers})


def test_texts_and_tables_are_written(tmp_path: Path) -> None:
    folder = made(tmp_path / "new" / "place")
    assert folder == (tmp_path / "new" / "place").resolve()
    assert pl.read_parquet(folder / "sources" / "numbers.parquet").height == 200_000
    assert {p.name for p in folder.iterdir()} == {
        "proml.toml", "features", "sources", "movie-rating.proml.yaml",
    }  # fmt: skip
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["place"]


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match=r"there already and not empty.\nHint: name a"):
        made(tmp_path)
    with pytest.raises(WorkspaceError, match="is there already and not empty"):
        made(tmp_path / "mine.txt")
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match=r"The workspace .* cannot be made"):
        made(tmp_path / "file" / "below")


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """A limit on the size of files fails the same way, and is there for the asking."""
    script = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "from proml_lab.errors import WorkspaceError\n"
        "from tests.marketplace.example.test_folder import made\n"
        "try: made(sys.argv[1])\n"
        "except WorkspaceError as error: print(error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "flights")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "cannot be made" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_ours_leaves_nothing(tmp_path: Path) -> None:
    def tables() -> dict[str, pl.DataFrame]:
        raise SourceError("No table.")

    with pytest.raises(SourceError, match="No table"):
        make("movies", tmp_path / "movies", tables)
    assert list(tmp_path.iterdir()) == []
