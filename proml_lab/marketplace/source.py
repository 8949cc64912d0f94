"""Sources: the Parquet files behind feature views, checked before they are read."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PolarsError

from proml_lab.errors import ColumnMissingError, DataError, SourceError, choose
from proml_lab.fingerprint import Content
from proml_lab.marketplace.view import FeatureView
from proml_lab.places import Steps

Ints = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int64).max
"""The moment of a null time: never reached."""
_PIECE = 1 << 18  # rows


def schema(path: Path, *, role: str) -> pl.Schema:
    """Column names and types of the Parquet file `path`.

    Raises
    ------
    SourceError
        It is missing, empty or not Parquet; the message starts with `role`.
    """
    if path.is_dir():
        raise SourceError(
            f"{role}: {path} is a folder, not a Parquet file.",
            hint="name a file in it, or make one file: pl.read_parquet(folder).write_parquet(…).",
        )
    if not path.is_file():
        near = [file.stem for file in path.parent.glob("*.parquet") if file.is_file()]
        raise SourceError(f"{role}: there is no file {path}.", hint=choose(path.stem, near))
    if not path.stat().st_size:
        raise SourceError(f"{role}: the file {path} is empty.", hint="write it again.")
    try:
        return pl.Schema(pl.read_parquet_schema(path))
    except (PolarsError, OSError) as error:
        raise unreadable(path, role, error) from None


def read(path: Path, names: list[str] | None, *, role: str) -> pl.DataFrame:
    """The columns `names` (all if None) of the Parquet file `path`; raises SourceError."""
    try:
        frame = pl.read_parquet(path, columns=names)
    except (PolarsError, OSError) as error:
        raise unreadable(path, role, error) from None
    if not frame.height:
        raise SourceError(f"{role}: the file {path} has no rows.", hint="write it again.")
    return frame


def needs(view: FeatureView, features: list[str]) -> list[str]:
    """Columns of the source that `features` of `view` read, keys and times included.

    Raises
    ------
    SourceError
        As in `schema`.
    ColumnMissingError
        The source lacks one of them.
    """
    there = schema(view.source_path, role=f"View {view.view!r}")
    asked: list[tuple[Steps, str, str]] = [
        (("entities", name), f"entity {name!r}", column) for name, column in view.entities.items()
    ]
    if view.event_time:
        asked.append((("event_time",), "event_time", view.event_time))
    if isinstance(view.known_at, str):
        asked.append((("known_at",), "known_at", view.known_at))
    for name in features:
        read = view.feature(name).reads(name)
        asked += [(("features", name), f"feature {name!r}", column) for column in read]
    for place, role, column in asked:
        if column not in there:
            with view.places.at(*place):
                raise ColumnMissingError(
                    f"View {view.view!r}: {role} reads column {column!r}, which {view.source} "
                    "lacks.",
                    hint=choose(column, there),
                )
    return list(dict.fromkeys(column for _, _, column in asked))


def unreadable(path: Path, role: str, error: Exception) -> SourceError:
    """The error for a Parquet file that cannot be read; the message starts with `role`."""
    reason = str(error).splitlines()[0]
    if "File out of specification" in reason:
        return SourceError(
            f"{role}: {path} is not a Parquet file, or only a part of one.",
            hint="write it again; of a CSV file: pl.read_csv(…).write_parquet(…).",
        )
    return SourceError(
        f"{role}: {path} cannot be read as Parquet: {reason}.",
        hint="write it again, or allow this user to read it.",
    )


def _as_moment(kind: pl.DataType) -> str:
    """The Polars call that makes UTC moments of a column of this type."""
    if kind == pl.String:
        return "str.to_datetime(time_zone='UTC')"
    return "cast(pl.Datetime('us', 'UTC'))"


def moments(times: pl.Series, *, role: str, up: bool) -> Ints:
    """(n,) microseconds since 1970, UTC; null is `NEVER`.

    Nanoseconds are rounded `up` for what happens and down for a cutoff: never to see too much.

    Raises
    ------
    DataError
        The column is not a date with time, or has no time zone.
    """
    kind = times.dtype
    if not isinstance(kind, pl.Datetime):
        raise DataError(
            f"{role}: column {times.name!r} is {kind}, not a moment in time.",
            hint=f"make it one: pl.col({times.name!r}).{_as_moment(kind)}.",
        )
    if kind.time_zone is None:
        raise DataError(
            f"{role}: column {times.name!r} has no time zone.",
            hint=f"if it is UTC, say so: pl.col({times.name!r}).dt.replace_time_zone('UTC').",
        )
    whole = times.to_physical()
    if kind.time_unit == "ns":
        whole = -((-whole) // 1000) if up else whole // 1000
    elif kind.time_unit == "ms":
        whole = whole * 1000
    return whole.fill_null(NEVER).to_numpy()


def moment_text(moment: int) -> str:
    """A moment, microseconds since 1970 in UTC, as ISO 8601: as Python writes moments in UTC."""
    seconds, part = divmod(moment, 1_000_000)
    text = pl.Series([seconds * 1000]).cast(pl.Datetime("ms")).dt.strftime("%FT%T")[0]
    return f"{text}{f'.{part:06}' if part else ''}+00:00"


def content(path: Path, *, role: str) -> str:
    """Fingerprint of the rows in the Parquet file `path`, worked out once per state of the file.

    It is that of its table, see `proml_lab.fingerprint`: row groups, compression and the order of
    rows and columns do not matter. The file is read in pieces, whatever its size.

    Raises
    ------
    SourceError
        It cannot be read; the message starts with `role`.
    DataError
        A column's type has no fingerprint.
    """
    try:
        return _content(path, *_state(path))
    except (PolarsError, OSError) as error:
        raise unreadable(path, role, error) from None


def digest(path: Path) -> str:
    """Sha256 of the file's bytes, worked out once per state of the file."""
    return _sha256(path, *_state(path))


def _state(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


@lru_cache(maxsize=256)
def _content(path: Path, size: int, mtime_ns: int) -> str:  # noqa: ARG001 - the key of the cache
    table = Content(pl.read_parquet_schema(path))
    for piece in pl.scan_parquet(path).collect_batches(chunk_size=_PIECE, maintain_order=False):
        table.add(piece)
    return table.digest()


@lru_cache(maxsize=256)
def _sha256(path: Path, size: int, mtime_ns: int) -> str:  # noqa: ARG001 - the key of the cache
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def n_rows(path: Path) -> int:
    """How many rows the Parquet file `path` has, by its own word."""
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())
