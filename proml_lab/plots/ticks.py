"""Ticks at round numbers, powers of ten and round dates, with their words."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from proml_lab.errors import UsageError

Ticks = tuple[tuple[float, str], ...]
"""(position in the axis's units, text)."""
_SPANS = (
    *((s, "%H:%M") for s in (60, 300, 900, 3600)),
    *((s, "%d %b %H:%M") for s in (10_800, 43_200)),
    *((s, "%d %b") for s in (86_400, 172_800, 604_800)),
)
_MONTHS = (*((m, "%b %Y") for m in (1, 2, 3, 6)), *((m, "%Y") for m in (12, 24, 60, 120, 600)))
_MONTH_S = 30.44 * 86_400


def linear(low: float, high: float, n_ticks: int, spec: str = "") -> Ticks:
    """About `n_ticks` ticks at 1, 2 or 5 times a power of ten."""
    step = nice_step(low, high, n_ticks)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple((i * step, tick_text(i * step, spec, step)) for i in range(first, last + 1))


def logarithmic(low: float, high: float, n_ticks: int, spec: str = "") -> Ticks:
    """Powers of ten; also 2 and 5 times them where few powers fit. `low`, `high` are log10."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    parts = (1, 2, 5) if high - low < 2.5 else (1,)
    stride = max(1, round(len(powers) / max(1, n_ticks))) if parts == (1,) else 1
    at = [(p + math.log10(m), m * 10.0**p) for p in powers[::stride] for m in parts]
    return tuple((u, tick_text(v, spec, 0.0)) for u, v in at if low - 1e-9 <= u <= high + 1e-9)


def dates(low: float, high: float, n_ticks: int) -> Ticks:
    """Round hours, days, months or years; `low`, `high` in seconds since 1970."""
    raw = (high - low) / max(1, n_ticks)
    for span, words in _SPANS:
        if span >= raw * 0.75:
            first, zero = math.ceil(low / span), "0" if words.startswith("%d") else ""
            return tuple(
                (float(i * span), _moment(i * span).strftime(words).removeprefix(zero))
                for i in range(first, math.floor(high / span) + 1)
            )
    months, words = next((m for m in _MONTHS if m[0] * _MONTH_S >= raw * 0.75), _MONTHS[-1])
    start = _moment(low)
    count = math.ceil((start.year * 12 + start.month - 1) / months) * months
    out: list[tuple[float, str]] = []
    while True:
        moment = datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)
        if moment.timestamp() > high:
            return tuple(out)
        if moment.timestamp() >= low:
            out.append((moment.timestamp(), moment.strftime(words)))
        count += months


def tick_text(value: float, spec: str = "", step: float = 0.0) -> str:
    """A number as the format `spec` (``.0%``, ``.2f``, ``,d`` or none) writes it."""
    return _tick_text(value, spec, step).replace("-", "−")


def _tick_text(value: float, spec: str, step: float) -> str:
    if spec:
        if not re.fullmatch(r",?(\.\d+)?[%dfge]", spec):
            raise UsageError(
                f"The static picture cannot read the tick format {spec!r}.",
                hint="it knows forms such as '.0%', '.2f' and ',d'.",
            )
        return format(round(value), spec) if spec.endswith("d") else format(value, spec)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 6
    if abs(value) >= 1e6 or decimals > 5:
        return f"{value:.4g}"
    return f"{0.0 if abs(value) < 1e-12 else value:,.{decimals}f}"


def nice_step(low: float, high: float, n_ticks: int) -> float:
    """The 1, 2 or 5 times a power of ten that gives about `n_ticks` ticks."""
    raw = (high - low) / max(1, n_ticks)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.75)


def _moment(seconds: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
