"""Draws an axis: grid, line, ticks and title."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from proml_lab.plots import paint
from proml_lab.plots.paint import n
from proml_lab.plots.scale import Scale
from proml_lab.plots.theme import INK, RULE


def horizontal(wanted: Mapping[str, Any], scale: Scale, top: float, bottom: float) -> list[str]:
    """An axis under the plot, which reaches from `top` to `bottom`."""
    out = _grid(wanted, scale, lambda p: f"M{n(p)} {n(top)}V{n(bottom)}")
    if wanted.get("visible") is not False:
        ends = f"M{n(scale.start)} {n(bottom)}H{n(scale.end)}"
        out.append(f'<path d="{ends}" {paint.stroke(INK)} fill="none"/>')
    if labelled(wanted):
        last = -math.inf
        for at, said, width in _labels(scale):
            if at - width / 2 < last:
                continue
            last = at + width / 2 + 4
            out.append(paint.text(at, bottom + 13, said, anchor="middle", longest=width + 1))
    if said := title(wanted):
        middle = (scale.start + scale.end) / 2
        at = bottom + (33 if labelled(wanted) else 16)
        out.append(paint.text(middle, at, said, anchor="middle"))
    return out


def vertical(
    wanted: Mapping[str, Any], scale: Scale, left: float, right: float, *, room: float
) -> list[str]:
    """An axis at the left of the plot; its labels take `room` pixels at most."""
    out = _grid(wanted, scale, lambda p: f"M{n(left)} {n(p)}H{n(right)}")
    if labelled(wanted):
        out += [
            paint.text(left - 7, scale.place(units), said, anchor="end", longest=room)
            for units, said in scale.ticks
        ]
    if said := title(wanted):
        wide = min(room, label_width(scale)) if labelled(wanted) else 0
        middle = (scale.start + scale.end) / 2
        out.append(paint.text(left - wide - 18, middle, said, anchor="middle", turn=True))
    return out


def label_width(scale: Scale) -> float:
    """Pixels that the widest tick label takes."""
    return max((paint.width_of(said) for _, said in scale.ticks), default=0.0)


def labelled(wanted: Mapping[str, Any]) -> bool:
    """Whether tick labels are shown."""
    return wanted.get("showticklabels") is not False and wanted.get("visible") is not False


def title(wanted: Mapping[str, Any]) -> str:
    """The axis title, or nothing."""
    given = wanted.get("title")
    return str((given.get("text") if isinstance(given, Mapping) else given) or "")


def _labels(scale: Scale) -> list[tuple[float, str, float]]:
    """(place, text, pixels) of labels under an axis, from the left.

    Names are cut to their share of the axis; of round numbers and dates every second, third …
    is named, as many as find room whole.
    """
    placed = sorted((scale.place(units), said) for units, said in scale.ticks)
    room = abs(scale.end - scale.start) / max(1, len(placed))
    if scale.kind == "category":
        longest = max(room - 4, 40)
        return [(at, said, min(longest, paint.width_of(said))) for at, said in placed]
    step = max(1, math.ceil((label_width(scale) + 8) / room))
    return [(at, said, paint.width_of(said)) for at, said in placed[::step]]


def _grid(wanted: Mapping[str, Any], scale: Scale, line: Callable[[float], str]) -> list[str]:
    hidden = wanted.get("showgrid") is False or wanted.get("visible") is False
    if hidden or scale.kind == "category" or not scale.ticks:
        return []
    path = "".join(line(scale.place(units)) for units, _ in scale.ticks)
    return [f'<path d="{path}" {paint.stroke(RULE)} fill="none"/>']
