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
_FARTHEST = NEVER // 1000
"""Milliseconds either side of 1970 that microseconds still reach; what is farther, is there."""

_MIXED = "let all times of a CSV file have a zone or none; else "


def moments(times: pl.Series, *, role: str, up: bool, naive: str = "") -> Ints:
    """(n,) microseconds since 1970, UTC; null is `NEVER`.

    Nanoseconds are rounded `up` for what happens and down for a cutoff: never to see too much.
    `naive` is the hint where there is no zone, by default that of a frame's column.

    Raises
    ------
    DataError
        The column is not a date with time, or has no time zone.
    """
    kind = times.dtype
    if not isinstance(kind, pl.Datetime):
        raise DataError(
            f"{role}: column {times.name!r} is {kind}, not a moment in time.",
            hint=_as_moment(times.name, kind),
        )
    if kind.time_zone is None:
        raise DataError(
            f"{role}: column {times.name!r} has no time zone.",
            hint=naive
            or f"if it is UTC, say so: pl.col({times.name!r}).dt.replace_time_zone('UTC').",
        )
    whole = times.to_physical()
    if kind.time_unit == "ns":
        whole = -((-whole) // 1000) if up else whole // 1000
    elif kind.time_unit == "ms":
        whole = whole.clip(-_FARTHEST, _FARTHEST) * 1000
    return (whole.fill_null(NEVER) if whole.null_count() else whole).to_numpy()


def moment_text(moment: int) -> str:
    """A moment, microseconds since 1970 in UTC, as ISO 8601: as Python writes moments in UTC."""
    seconds, part = divmod(moment, 1_000_000)
    text = pl.Series([seconds * 1000]).cast(pl.Datetime("ms")).dt.strftime("%FT%T")[0]
    return f"{text}{f'.{part:06}' if part else ''}+00:00"


def _as_moment(name: str, kind: pl.DataType) -> str:
    """The hint for a column of this type: how Polars makes UTC moments of it."""
    if kind == pl.String:
        return f"{_MIXED}make it one: pl.col({name!r}).str.to_datetime(time_zone='UTC')."
    if kind == pl.Date:
        return f"make it one: pl.col({name!r}).cast(pl.Datetime('us', 'UTC'))."
    if kind.is_integer():
        return (
            "if it counts seconds since 1970, make it one: "
            f"pl.from_epoch(pl.col({name!r}), 's').dt.replace_time_zone('UTC')."
        )
    return "name a column of dates with times."
