"""Scales of the static pictures: from data to pixels."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from proml_lab.errors import UsageError
from proml_lab.plots import ticks
from proml_lab.plots.ticks import Ticks

Value = float | int | str | datetime | date | None
KINDS = ("linear", "log", "date", "category")
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")


@dataclass(frozen=True)
class Scale:
    """One axis: `low` to `high` in its own units is `start` to `end` in pixels.

    Units are the value (linear), its decimal logarithm (log), seconds since 1970 (date) or the
    number of the category.
    """

    kind: str
    low: float
    high: float
    start: float
    end: float
    categories: Mapping[str, int]
    ticks: Ticks

    def units(self, value: Value) -> float | None:
        """`value` in the axis's units; None where it has no place on it."""
        return _units(value, self.kind, self.categories)

    def place(self, units: float) -> float:
        """Pixel of a position in units."""
        return self.start + (units - self.low) / (self.high - self.low) * (self.end - self.start)

    def pixel(self, value: Value) -> float | None:
        """Pixel of a value, or None."""
        units = self.units(value)
        return None if units is None else self.place(units)


def scale(
    wanted: Mapping[str, Any],
    values: Sequence[Value],
    *,
    start: float,
    end: float,
    from_zero: bool = False,
    padded: bool = True,
) -> Scale:
    """The scale that Plotly's axis `wanted` asks for, over all `values` drawn on it.

    `from_zero` makes it begin at zero (bars); `padded` leaves a little room around the values.

    Raises
    ------
    UsageError
        An axis type or tick format that the static pictures do not know.
    """
    kind = _kind(wanted, values)
    categories = _categories(wanted, values) if kind == "category" else {}
    low, high = _range(wanted, values, kind, categories, from_zero=from_zero, padded=padded)
    n_ticks = max(2, round(abs(end - start) / (46 if start > end else 64)))
    marks = _ticks(wanted, kind, min(low, high), max(low, high), n_ticks, categories)
    if wanted.get("autorange") == "reversed":
        low, high = high, low
    return Scale(kind, low, high, start, end, categories, marks)


def _kind(wanted: Mapping[str, Any], values: Sequence[Value]) -> str:
    asked = wanted.get("type", "-")
    if asked != "-":
        if asked not in KINDS:
            raise UsageError(
                f"The static picture has no axis of type {asked!r}.",
                hint=f"it knows {', '.join(KINDS)}.",
            )
        return str(asked)
    known = [v for v in values if v is not None]
    if known and all(isinstance(v, date) for v in known):
        return "date"
    if known and all(isinstance(v, str) for v in known):
        return "date" if all(_ISO.fullmatch(str(v)) for v in known) else "category"
    return "category" if any(isinstance(v, str) for v in known) else "linear"


def _categories(wanted: Mapping[str, Any], values: Sequence[Value]) -> dict[str, int]:
    names = [str(v) for v in wanted.get("categoryarray") or ()]
    names += [v if isinstance(v, str) else str(v) for v in values if v is not None]
    return {name: i for i, name in enumerate(dict.fromkeys(names))}


def _range(
    wanted: Mapping[str, Any],
    values: Sequence[Value],
    kind: str,
    categories: Mapping[str, int],
    *,
    from_zero: bool,
    padded: bool,
) -> tuple[float, float]:
    asked = wanted.get("range")
    if asked is not None:
        ends = [float(v) if kind in ("log", "category") else _units(v, kind, {}) for v in asked]
        if None not in ends and ends[0] != ends[1]:
            return float(ends[0] or 0.0), float(ends[1] or 0.0)
    if kind == "category":
        return -0.5, max(len(categories), 1) - 0.5
    known = [u for v in values if (u := _units(v, kind, {})) is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    anchored = (from_zero or wanted.get("rangemode") == "tozero") and kind == "linear"
    if anchored:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
    pad = (high - low) * 0.04 if padded else 0.0
    return (
        low if anchored and low == 0.0 else low - pad,
        high if anchored and high == 0.0 else high + pad,
    )


def _ticks(
    wanted: Mapping[str, Any],
    kind: str,
    low: float,
    high: float,
    n_ticks: int,
    categories: Mapping[str, int],
) -> Ticks:
    spec = str(wanted.get("tickformat") or "")
    given = wanted.get("tickvals")
    if given is not None:
        words = wanted.get("ticktext")
        texts = [str(w) for w in words] if words is not None else [_said(v, spec) for v in given]
        at = [_units(v, kind, categories) for v in given]
        pairs = zip(at, texts, strict=True)
        return tuple((u, t) for u, t in pairs if u is not None and low <= u <= high)
    if kind == "category":
        return tuple((float(i), name) for name, i in categories.items())
    if kind == "date":
        return ticks.dates(low, high, n_ticks)
    make = ticks.logarithmic if kind == "log" else ticks.linear
    return make(low, high, n_ticks, spec)


def _said(value: Value, spec: str) -> str:
    return ticks.tick_text(value, spec or ".4g") if isinstance(value, int | float) else str(value)


def _units(value: Value, kind: str, categories: Mapping[str, int]) -> float | None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if kind == "category":
        found = categories.get(str(value))
        if found is None and isinstance(value, int | float):
            return float(value)
        return None if found is None else float(found)
    if kind == "date":
        return _seconds(value)
    number = float(value) if isinstance(value, int | float | str) else math.nan
    if kind == "log":
        return math.log10(number) if number > 0 else None
    return number if math.isfinite(number) else None


def _seconds(value: Value) -> float | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return None if value is None else float(value) / 1000.0
