"""Moments in time as whole microseconds since 1970, UTC."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import DataError

Ints = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int64).max
"""The moment of a null time: never reached."""
ALWAYS = np.iinfo(np.int64).min
"""The moment of what is static: before every cutoff."""

_MIXED = "let all times of a CSV file have a zone or none; else "


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
            hint=f"{_MIXED if kind == pl.String else ''}make it one: "
            f"pl.col({times.name!r}).{_as_moment(kind)}.",
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
    return (whole.fill_null(NEVER) if whole.null_count() else whole).to_numpy()


def moment_text(moment: int) -> str:
    """A moment, microseconds since 1970 in UTC, as ISO 8601: as Python writes moments in UTC."""
    seconds, part = divmod(moment, 1_000_000)
    text = pl.Series([seconds * 1000]).cast(pl.Datetime("ms")).dt.strftime("%FT%T")[0]
    return f"{text}{f'.{part:06}' if part else ''}+00:00"


def _as_moment(kind: pl.DataType) -> str:
    """The Polars call that makes UTC moments of a column of this type."""
    if kind == pl.String:
        return "str.to_datetime(time_zone='UTC')"
    return "cast(pl.Datetime('us', 'UTC'))"
