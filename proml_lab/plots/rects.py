"""Draws Plotly's bar traces: side by side, stacked or over each other, with errors and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from proml_lab.plots import paint
from proml_lab.plots.marks import Trace, colours_of, column, known, reach, whiskers
from proml_lab.plots.paint import n
from proml_lab.plots.scale import Scale, Value
from proml_lab.plots.theme import INK
from proml_lab.plots.ticks import tick_text

MODES = ("group", "stack", "relative", "overlay")


@dataclass(frozen=True)
class Bars:
    """One bar trace, read: where its bars stand, from where to where they reach."""

    trace: Trace
    across: bool
    at: list[Value]
    low: list[float]
    length: list[float | None]

    @property
    def ends(self) -> list[Value]:
        """What the axis along the bars must hold."""
        tips: list[Value] = [
            base + length for base, length in zip(self.low, self.length, strict=True)
            if length is not None
        ]  # fmt: skip
        both = [*tips, *self.low]
        return both + reach(self.trace.get("error_x" if self.across else "error_y"), self.tips)

    @property
    def tips(self) -> list[Value]:
        """(n,) where each bar ends."""
        return [
            None if length is None else base + length
            for base, length in zip(self.low, self.length, strict=True)
        ]


def read(traces: Sequence[Trace], mode: str) -> list[Bars]:
    """The bar traces of one plot, stacked where `mode` says so."""
    known("bar mode", [mode], MODES)
    tops: dict[tuple[Value, bool], float] = {}
    out = []
    for trace in traces:
        across = trace.get("orientation") == "h"
        at = column(trace.get("y" if across else "x"))
        length = column(trace.get("x" if across else "y"))
        low = [float(b or 0.0) for b in column(trace.get("base"), len(at))]
        if mode in ("stack", "relative"):
            for i, (where, size) in enumerate(zip(at, length, strict=True)):
                key = (where, (size or 0.0) < 0)
                low[i] = tops.get(key, 0.0)
                tops[key] = low[i] + float(size or 0.0)
        out.append(Bars(trace, across, at, low, length))
    return out


def slots(bars: Sequence[Bars], mode: str, beside: Scale, gap: float) -> list[tuple[float, float]]:
    """(offset, width) of each trace's bars, in units of the axis that they stand on.

    `gap` is the share of a step that stays empty.
    """
    step = 1.0
    if beside.kind != "category":
        at = sorted({u for bar in bars for v in bar.at if (u := beside.units(v)) is not None})
        step = min((b - a for a, b in pairwise(at)), default=1.0)
    given = [bar.trace.get("width") for bar in bars]
    full = (1.0 - gap) * step
    if mode != "group" or len(bars) < 2:
        return [(0.0, float(w) if isinstance(w, int | float) else full) for w in given]
    width = full / len(bars)
    return [((i - (len(bars) - 1) / 2) * width, width * 0.94) for i in range(len(bars))]


def draw(bars: Bars, x: Scale, y: Scale, colour: str, slot: tuple[float, float]) -> str:
    """The bars of one trace."""
    along, beside = (x, y) if bars.across else (y, x)
    marker: Mapping[str, Any] = bars.trace.get("marker") or {}
    colours = colours_of(marker, colour, len(bars.at))
    clear = float(marker.get("opacity") or bars.trace.get("opacity") or 1)
    texts = column(bars.trace.get("text"), len(bars.at))
    hidden = bars.trace.get("textposition") == "none"
    out, middles = [], []
    for i, where in enumerate(bars.at):
        units, length = beside.units(where), bars.length[i]
        base = along.pixel(bars.low[i])
        tip = along.pixel(bars.tips[i])
        middles.append(None if units is None else beside.place(units + slot[0]))
        if units is None or length is None or base is None or tip is None:
            continue
        sides = sorted(beside.place(units + slot[0] + s * slot[1] / 2) for s in (-1, 1))
        said = texts[i] if texts[i] is not None else tick_text(length, ".4g")
        box = _box(sorted((base, tip)), sides, across=bars.across)
        out.append(
            f"<rect {box} {paint.fill(colours[i], clear)}>{paint.tip(f'{where}: {said}')}</rect>"
        )
        if texts[i] is not None and not hidden:
            out.append(_label(str(texts[i]), tip, base, sides, across=bars.across))
    error = bars.trace.get("error_x" if bars.across else "error_y")
    out.append(whiskers(error, bars.tips, middles, along, across=bars.across, colour=INK))
    return "".join(out)


def _box(ends: list[float], sides: list[float], *, across: bool) -> str:
    (low, high), (left, right) = ends, sides
    width, height = high - low, max(right - left, 0.5)
    values = (low, left, width, height) if across else (left, low, height, width)
    return 'x="{}" y="{}" width="{}" height="{}"'.format(*map(n, values))


def _label(said: str, tip: float, base: float, sides: list[float], *, across: bool) -> str:
    """The text just beyond the bar's end."""
    middle = sum(sides) / 2
    if across:
        right = tip >= base
        return paint.text(
            tip + (5 if right else -5), middle, said, anchor="start" if right else "end"
        )
    return paint.text(middle, tip + (-9 if tip <= base else 10), said, anchor="middle")
