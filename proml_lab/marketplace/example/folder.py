"""The folder of an example workspace, which appears whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from proml_lab.errors import ProMLError, WorkspaceError


def make(
    example: str, folder: str | Path, tables: Callable[[], Mapping[str, pl.DataFrame]]
) -> Path:
    """Write the settings, views and spec of `example`, and its sources as `tables` gives them.

    Parameters
    ----------
    example
        Name of a folder of this package's resources.
    folder
        A new folder, or an empty one.
    tables
        Makes the sources by name; what it raises of ours is raised here.

    Raises
    ------
    WorkspaceError
        `folder` is there and not empty, or cannot be written.
    """
    folder = Path(folder).expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(
            f"{folder} is there already and not empty.", hint="name a folder that does not exist."
        )
    try:
        made = tables()
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _write(example, made, building)
            building.chmod(0o755)
            building.replace(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except ProMLError:
        raise
    except (OSError, PolarsError, zipfile.BadZipFile) as error:
        raise WorkspaceError(
            f"The workspace {folder} cannot be made: {_reason(error)}.",
            hint="free some space on its disk, or name a folder that you may write in.",
        ) from None
    return folder


def _reason(error: Exception) -> str:
    """In a few words: the first of the files that could not be copied, without our own paths."""
    if isinstance(error, shutil.Error):
        return str(error.args[0][0][2]).partition("] ")[2].partition(": ")[0].lower()
    said = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return str(said).lower()


def _write(example: str, tables: Mapping[str, pl.DataFrame], folder: Path) -> None:
    texts = resources.files("proml_lab.marketplace") / example
    with resources.as_file(texts) as path:
        shutil.copytree(path, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    sources = folder / "sources"
    sources.mkdir()
    for name, table in tables.items():
        table.write_parquet(sources / f"{name}.parquet", compression="zstd")
