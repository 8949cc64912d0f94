"""Sources: the rows behind feature views and spines, wherever they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from proml_lab.marketplace.source.definition import Source
from proml_lab.marketplace.source.files import Files
from proml_lab.marketplace.source.kept import keeping
from proml_lab.marketplace.source.table import Table

__all__ = ["Files", "Source", "Table", "open_table"]


def open_table(
    source: Source | str | Path,
    root: Path,
    *,
    role: str,
    databases: Mapping[str, str] | None = None,
) -> Table:
    """The table that `source` names; nothing is read yet.

    In a promoted run it keeps what is read of it where a copy of files would not do: see `kept`.

    Parameters
    ----------
    source
        What a view says of its source, or the path of files.
    root
        What paths are relative to.
    role
        What it is read for; begins every message, such as ``View 'a.b'``.
    databases
        Addresses of databases by name.
    """
    if not isinstance(source, Source):
        source = Source(path=str(source))
    return keeping(_opened(source, root, databases or {}, role), source)


def _opened(source: Source, root: Path, databases: Mapping[str, str], role: str) -> Table:
    if source.path is not None:
        return Files(source, root, role=role)
    if source.database is not None:
        from proml_lab.marketplace.source.database import Database

        return Database(source, root, databases=databases, role=role)
    from proml_lab.marketplace.source.lake import Lake

    return Lake(source, root, role=role)
