"""The rows behind a feature view or a spine, wherever they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from os.path import normpath
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from proml_lab.errors import DataError, ProMLError, SourceError
from proml_lab.fingerprint import Content

_PIECE = 1 << 18  # rows
_PIECE_BYTES = 1 << 27
_SMALLEST_PIECE = 1024


class Table(ABC):
    """Rows that can be read again and again.

    Attributes
    ----------
    name
        What people call it.
    role
        What it is read for; begins every message.
    time_zone
        Where the clocks stood for times without a zone; such times stay as they are if None.
    """

    def __init__(self, name: str, *, role: str, time_zone: str | None = None) -> None:
        self.name, self.role, self.time_zone = name, role, time_zone

    @abstractmethod
    def _scan(self) -> pl.LazyFrame:
        """Its rows as they are; raises SourceError."""

    @property
    @abstractmethod
    def state(self) -> str | None:
        """Another text whenever the rows may be others; None where that cannot be told."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of this machine that it is read from."""
        return ()

    @property
    def is_movable(self) -> bool:
        """Whether the folder that it lies in, copied, gives its rows again."""
        return True

    @property
    def what(self) -> str:
        """It in words, so that it can be found."""
        return self.name

    def oddity(self, column: str) -> str:
        """How one of its files differs from the first in that column; empty if none does."""
        return ""

    def failed(self, error: Exception) -> SourceError:
        """The error for rows that cannot be read."""
        reason = str(error).splitlines()[0]
        return SourceError(
            f"{self.role}: {self.what} cannot be read: {reason}.",
            hint="check that it is there and that this user may read it.",
        )

    def scan(self) -> pl.LazyFrame:
        """Its rows, read when they are collected. A time that two moments share is the later one.

        Raises
        ------
        SourceError
            It is not there, empty or broken.
        """
        rows = self._scan()
        if self.time_zone is None:
            return rows
        naive = [
            name
            for name, kind in rows.collect_schema().items()
            if isinstance(kind, pl.Datetime) and kind.time_zone is None
        ]
        moments = pl.col(naive).dt.replace_time_zone(self.time_zone, ambiguous="latest")
        return rows.with_columns(moments.dt.convert_time_zone("UTC")) if naive else rows

    def schema(self) -> pl.Schema:
        """Column names and types; raises SourceError."""
        try:
            return self.scan().collect_schema()
        except (PolarsError, OSError) as error:
            raise self._cause(error) from None

    def read(self, columns: Iterable[str] | None = None) -> pl.DataFrame:
        """The rows, of the columns that are named or all.

        Raises SourceError, also for files that change meanwhile.
        """
        before, rows = self.state, self.scan()
        try:
            frame = (rows if columns is None else rows.select(columns)).collect()
        except (PolarsError, OSError) as error:
            raise self._cause(error) from None
        self._require_unchanged(before)
        return frame

    def pieces(self, columns: Iterable[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows as `read` gives them, in one piece at least; raises as it does."""
        before, rows, found = self.state, self.scan(), 0
        try:
            chosen = rows if columns is None else rows.select(columns)
            schema = chosen.collect_schema()
            size = piece_size(schema)
            for piece in chosen.collect_batches(chunk_size=size, maintain_order=True):
                found += piece.height
                yield piece
        except (PolarsError, OSError) as error:
            raise self._cause(error) from None
        if not found:
            yield schema.to_frame()
        self._require_unchanged(before)

    def n_rows(self) -> int:
        """How many rows it has; raises SourceError."""
        rows = self.scan()
        try:
            return int(rows.select(pl.len()).collect().item())
        except (PolarsError, OSError) as error:
            raise self._cause(error) from None

    def content(self, columns: Iterable[str] | None = None) -> str:
        """Fingerprint of its rows, worked out once per state.

        Of a table without a state, such as one on a server, only `columns` are read, if given.

        It is that of its table, see `proml_lab.fingerprint`: neither files, row groups and
        compression nor the order of rows and columns matter. Rows are read in pieces.

        Raises
        ------
        SourceError
            It cannot be read.
        DataError
            A column's type has no fingerprint.
        """
        state = self.state
        try:
            return self._content(columns) if state is None else _content(_Known(self, state))
        except (PolarsError, OSError) as error:
            raise self._cause(error) from None

    def _content(self, columns: Iterable[str] | None = None) -> str:
        before = self.state
        rows = self.scan() if columns is None else self.scan().select(columns)
        table = Content(rows.collect_schema())
        for piece in rows.collect_batches(chunk_size=_PIECE, maintain_order=False):
            table.add(piece)
        self._require_unchanged(before)
        return table.digest()

    def _require_unchanged(self, before: str | None) -> None:
        """Raises SourceError if rows that were read are of two moments."""
        if before is not None and self.state != before:
            raise SourceError(
                f"{self.role}: {self.what} changed while it was read.",
                hint="run it again once nobody writes there; write beside and move into place.",
            )

    def _cause(self, error: Exception) -> Exception:
        """What to raise for an error of a reading."""
        if isinstance(error, ProMLError):
            return error
        return self._wrong_clock(error) or self.failed(error)

    def _wrong_clock(self, error: Exception) -> DataError | None:
        """The error for a time that the clocks of the time zone never showed."""
        if "non-existent" not in str(error):
            return None
        time = str(error).partition("'")[2].partition("'")[0]
        return DataError(
            f"{self.role}: {self.what} has the time {time}, which the clocks in {self.time_zone} "
            "left out.",
            hint="name the time zone that its times are in, or correct the time.",
        )


def is_inside(place: str | Path, root: Path) -> bool:
    """Whether a place is in the folder `root`; a relative one is where somebody works."""
    return not root.is_absolute() or Path(normpath(place)).is_relative_to(root)


def piece_size(schema: Mapping[str, pl.DataType]) -> int:
    """How many rows of these columns are read at once: fewer where they hold long vectors."""
    width = sum(8 * kind.size if isinstance(kind, pl.Array) else 8 for kind in schema.values())
    return max(_SMALLEST_PIECE, min(_PIECE, _PIECE_BYTES // max(width, 1)))


class _Known:
    """A table as the key of a cache: the same as another of its kind, name, zone and state."""

    def __init__(self, table: Table, state: str) -> None:
        self.table = table
        self.key = type(table), table.name, table.time_zone, state

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=256)
def _content(known: _Known) -> str:
    return known.table._content()
