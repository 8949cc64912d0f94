"""Values as short text: numbers with sensible precision, times, nulls."""

from __future__ import annotations

import math
from datetime import datetime

import polars as pl

MISSING = "–"
LONGEST = 200


def column_texts(column: pl.Series, spec: str | None = None) -> list[str]:
    """The (n,) values of `column` as text; `spec` is a Python format such as ``".1%"``.

    Without it, floats share the number of decimals that shows the largest to four significant
    digits, integers have thousands separators, times drop what is zero in all of them.
    """
    kind = column.dtype
    values = column.to_list()
    if spec:
        return [MISSING if v is None or _is_nan(v) else format(v, spec) for v in values]
    if kind.is_float():
        decimals = _decimals(values)
        return [MISSING if v is None or _is_nan(v) else _fixed(v, decimals) for v in values]
    if kind.is_integer():
        return [MISSING if v is None else f"{v:,}" for v in values]
    if isinstance(kind, pl.Datetime):
        return _times(values, zone=kind.time_zone)
    if kind == pl.Boolean:
        return [MISSING if v is None else str(v).lower() for v in values]
    return [MISSING if v is None else shorten(str(v)) for v in values]


def number(value: float) -> str:
    """One number as people write it: four significant digits, thousands separators."""
    if value == int(value) and abs(value) < 1e15 if math.isfinite(value) else False:
        return f"{int(value):,}"
    if math.isnan(value):
        return MISSING
    text = _fixed(value, _decimals([value]))
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def value_text(value: object) -> str:
    """Any single value as short text."""
    if value is None or _is_nan(value):
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, datetime):
        return _times([value], zone=None)[0]
    return shorten(str(value), 40)


def signed(push: float) -> str:
    """A push with its sign: ``+0.31`` or ``−0.08``."""
    return f"{'+' if push >= 0 else '−'}{abs(push):.{2 if abs(push) >= 0.1 or push == 0 else 3}f}"


def shorten(text: str, longest: int = LONGEST) -> str:
    """`text` cut to `longest` letters, with an ellipsis where it was cut."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def is_number(kind: pl.DataType) -> bool:
    """Whether a column of this type is right-aligned."""
    return kind.is_numeric()


def _decimals(values: list[float | None]) -> int | None:
    """Decimals that show the largest value to four digits; None: too large or small for that."""
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v)]
    largest = max(sizes, default=0.0)
    if largest == 0.0:
        return 1
    if not 1e-4 <= largest < 1e9:
        return None
    decimals = max(0, min(6, 3 - math.floor(math.log10(largest))))
    while decimals > 1 and all(_short(v, decimals - 1) for v in sizes):
        decimals -= 1
    return decimals


def _short(value: float, decimals: int) -> bool:
    return math.isclose(round(value, decimals), value, rel_tol=1e-12, abs_tol=1e-15)


def _fixed(value: float, decimals: int | None) -> str:
    return f"{value:.3g}" if decimals is None else f"{value:,.{decimals}f}"


def _times(values: list[datetime | None], *, zone: str | None) -> list[str]:
    moments = [v for v in values if v is not None]
    if all(v.time() == v.time().min for v in moments):
        pattern = "%Y-%m-%d"
    elif all(v.second == 0 and v.microsecond == 0 for v in moments):
        pattern = "%Y-%m-%d %H:%M"
    else:
        pattern = "%Y-%m-%d %H:%M:%S"
    mark = f" {zone}" if zone and "H" in pattern else ""
    return [MISSING if v is None else v.strftime(pattern) + mark for v in values]


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
