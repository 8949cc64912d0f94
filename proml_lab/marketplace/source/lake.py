"""Tables of a lake, Delta and Iceberg, read by Polars as of one version or snapshot."""

from __future__ import annotations

import os
import re
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from polars.exceptions import PolarsError

from proml_lab.errors import MissingExtraError, SourceError
from proml_lab.marketplace.source import remote
from proml_lab.marketplace.source.definition import Source
from proml_lab.marketplace.source.table import Table, is_inside

if TYPE_CHECKING:
    from pyiceberg.table import StaticTable

_METADATA = ".metadata.json"
_NUMBER = re.compile(r"v?(\d+)")


class Lake(Table):
    """A Delta or Iceberg table; the same version is read however often one instance is asked.

    `root` is what the paths in `source` are relative to. `source.iceberg` is a metadata file, or
    the folder of a table on this machine: then its newest metadata file.
    """

    def __init__(self, source: Source, root: Path, *, role: str) -> None:
        path = source.delta or source.iceberg or ""
        super().__init__(path, role=role, time_zone=source.time_zone)
        self.source, self.root, self.remote = source, root.resolve(), "://" in path
        self.place = path if self.remote else str((root / path).resolve())

    @property
    def is_movable(self) -> bool:
        """An Iceberg table is not: its metadata names the places of its files in full."""
        local = bool(self.source.delta) and not self.remote
        return local and is_inside(self.place, self.root)

    @property
    def what(self) -> str:
        return f"the {'Delta' if self.source.delta else 'Iceberg'} table {self.place}"

    def failed(self, error: Exception) -> SourceError:
        return remote.failed(self.role, self.what, error) if self.remote else super().failed(error)

    @property
    def state(self) -> str | None:
        """The version or snapshot, and where."""
        return f"{self.place}@{self._version if self.source.delta else self._snapshot}"

    def _scan(self) -> pl.LazyFrame:
        try:
            if self.source.delta:
                return pl.scan_delta(self.place, version=self._version)
            if find_spec("polars_iceberg") is None:  # else every reading warns that it is absent
                os.environ.setdefault("POLARS_ICEBERG_PLANNER", "pyiceberg")
            return pl.scan_iceberg(self._metadata, snapshot_id=self._snapshot)
        except (PolarsError, OSError) as error:
            raise self._cause(error) from None

    @cached_property
    def _version(self) -> int:
        """The version of the Delta table that is read."""
        try:
            from deltalake import DeltaTable
            from deltalake.exceptions import DeltaError, TableNotFoundError
        except ImportError:
            raise MissingExtraError("The reader of Delta tables", extra="sources") from None
        wanted = self.source.version
        try:
            return DeltaTable(self.place, version=wanted).version()
        except TableNotFoundError:
            raise self._absent() from None
        except (DeltaError, OSError) as error:
            newest = self._newest()
            if wanted is not None and newest is not None:
                raise SourceError(
                    f"{self.role}: {self.what} has no version {wanted}, or no longer.",
                    hint=f"its newest is {newest}; without version, that is read.",
                ) from None
            raise self.failed(error) from None

    def _newest(self) -> int | None:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            return DeltaTable(self.place).version()
        except (DeltaError, OSError):
            return None  # the first error says why

    @cached_property
    def _snapshot(self) -> int | None:
        """The snapshot of the Iceberg table that is read; None if it never had rows."""
        known = [one.snapshot_id for one in self._iceberg.snapshots()]
        wanted = self.source.snapshot
        if wanted is None:
            newest = self._iceberg.current_snapshot()
            return newest.snapshot_id if newest else None
        if wanted not in known:
            raise SourceError(
                f"{self.role}: {self.what} has no snapshot {wanted}, or no longer.",
                hint=f"its snapshots are {', '.join(map(str, known[-5:])) or 'none'}; without "
                "snapshot, the newest is read.",
            )
        return wanted

    @cached_property
    def _iceberg(self) -> StaticTable:
        try:
            from pyiceberg.exceptions import ValidationError
            from pyiceberg.table import StaticTable
        except ImportError:
            raise MissingExtraError("The reader of Iceberg tables", extra="sources") from None
        try:
            return StaticTable.from_metadata(self._metadata)
        except FileNotFoundError:
            raise self._absent() from None
        except (ValidationError, ValueError, OSError) as error:
            raise self.failed(error) from None

    @cached_property
    def _metadata(self) -> str:
        """The metadata file of the Iceberg table."""
        folder = Path(self.place) / "metadata"
        if self.remote or not folder.is_dir():
            return self.place
        files = [file for file in folder.iterdir() if file.name.endswith(_METADATA)]
        if not files:
            raise self._absent()
        return str(max(files, key=_order))

    def _absent(self) -> SourceError:
        return SourceError(
            f"{self.role}: there is no {self.what.removeprefix('the ')}.",
            hint="check its path; of a Delta table it is the folder, of an Iceberg table the "
            f"folder or a file …{_METADATA}.",
        )


def _order(file: Path) -> tuple[int, str]:
    """By the number that the name of a metadata file begins with: ``00002-…``, ``v2…``."""
    found = _NUMBER.match(file.name)
    return (int(found[1]) if found else -1), file.name
