"""Draws what a layout lays over the plot: reference lines, boxes and annotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from proml_lab.plots import paint
from proml_lab.plots.marks import known
from proml_lab.plots.paint import n
from proml_lab.plots.scale import Scale, Value
from proml_lab.plots.theme import INK


@dataclass(frozen=True)
class Area:
    """The scales by name (``x``, ``y2`` …) and the plot's pixels: left to right, bottom to top."""

    x: Mapping[str, Scale]
    y: Mapping[str, Scale]
    across: tuple[float, float]
    up: tuple[float, float]

    def pixel(self, value: Value, ref: str, axis: str) -> float | None:
        """Pixel of `value` where `ref` is an axis, ``x domain`` or ``paper``."""
        scales = self.x if axis == "x" else self.y
        start, end = self.across if axis == "x" else self.up
        if ref == "paper":
            return start + float(value) * (end - start) if isinstance(value, int | float) else None
        name, _, domain = ref.partition(" ")
        scale = scales.get(name) or next(iter(scales.values()))
        if domain and isinstance(value, int | float):
            return scale.start + float(value) * (scale.end - scale.start)
        return scale.pixel(value)


def shapes(given: Iterable[Mapping[str, Any]], area: Area) -> list[str]:
    """Lines and boxes; raises UsageError for another type of shape."""
    out = []
    for shape in given:
        kind = str(shape.get("type") or "rect")
        known("shape", [kind], ("line", "rect"))
        xref, yref = str(shape.get("xref") or "x"), str(shape.get("yref") or "y")
        x0, x1 = (area.pixel(shape.get(k), xref, "x") for k in ("x0", "x1"))
        y0, y1 = (area.pixel(shape.get(k), yref, "y") for k in ("y0", "y1"))
        if x0 is None or x1 is None or y0 is None or y1 is None:
            continue
        line: Mapping[str, Any] = shape.get("line") or {}
        width = float(line.get("width", 1.2))
        look = paint.stroke(
            str(line.get("color") or INK) if width else "none",
            width,
            dash=str(line.get("dash") or "solid"),
            opacity=float(shape.get("opacity") or 1),
        )
        if kind == "line":
            out.append(f'<path d="M{n(x0)} {n(y0)}L{n(x1)} {n(y1)}" fill="none" {look}/>')
        else:
            box = (min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))
            place = 'x="{}" y="{}" width="{}" height="{}"'.format(*map(n, box))
            inside = paint.fill(
                str(shape.get("fillcolor") or "none"), float(shape.get("opacity") or 1)
            )
            out.append(f"<g {look}><rect {place} {inside}/></g>")
    return out


def notes(given: Iterable[Mapping[str, Any]], area: Area) -> list[str]:
    """Texts at their places; a short line where one points at something."""
    out = []
    for note in given:
        said = str(note.get("text") or "")
        x = area.pixel(note.get("x"), str(note.get("xref") or "paper"), "x")
        y = area.pixel(note.get("y"), str(note.get("yref") or "paper"), "y")
        if x is None or y is None or not said:
            continue
        if note.get("showarrow") is not False:
            tail = (x + float(note.get("ax") or 0), y + float(note.get("ay", -30)))
            path = f"M{n(tail[0])} {n(tail[1])}L{n(x)} {n(y)}"
            out.append(f'<path d="{path}" fill="none" {paint.stroke(INK)}/>')
            x, y = tail[0], tail[1] - 8
        x += float(note.get("xshift") or 0)
        y -= float(note.get("yshift") or 0)
        anchor = {"left": "start", "right": "end"}.get(str(note.get("xanchor")), "middle")
        high = (len(paint.lines(said)) * 1.2 * paint.FONT) / 2
        y += {"top": high, "bottom": -high}.get(str(note.get("yanchor")), 0.0)
        out.append(paint.text(x, y, said, anchor=anchor))
    return out
