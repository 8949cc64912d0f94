"""Draws what explains the marks: the legend and the colour bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proml_lab.plots import paint
from proml_lab.plots.marks import STEPS, Trace, scale_steps
from proml_lab.plots.paint import n
from proml_lab.plots.scatter import symbol
from proml_lab.plots.theme import PALETTE

LINE = 20.0


@dataclass(frozen=True)
class Entry:
    """A name with the look of its trace."""

    name: str
    trace: Trace
    colour: str


def entries(traces: Sequence[Trace], layout: Mapping[str, Any]) -> list[Entry]:
    """One entry a named trace or legend group; none where one name would say nothing."""
    found: dict[str, Entry] = {}
    for i, trace in enumerate(traces):
        name = str(trace.get("name") or "")
        if not name or trace.get("showlegend") is False:
            continue
        key = str(trace.get("legendgroup") or name)
        found.setdefault(key, Entry(name, trace, PALETTE[i % len(PALETTE)]))
    asked = layout.get("showlegend")
    shown = len(found) > 1 if asked is None else bool(asked)
    return list(found.values()) if shown else []


def draw(named: Sequence[Entry], width: float, top: float) -> tuple[list[str], float]:
    """The legend in lines from `top` down, and where the plot may begin."""
    out: list[str] = []
    x, y = 2.0, top + 4.0
    for entry in named:
        wide = 30 + min(paint.width_of(entry.name), 0.6 * width) + 18
        if x > 2.0 and x + wide > width:
            x, y = 2.0, y + LINE
        out += _key(entry, x, y)
        out.append(paint.text(x + 30, y, entry.name, longest=0.6 * width))
        x += wide
    return out, (y + LINE if named else top)


def colour_bar(
    traces: Sequence[Trace], width: float, top: float, height: float
) -> tuple[str, float]:
    """The colour scale of the first trace that shows one, and the pixels it takes at the right."""
    for trace in traces:
        marker: Mapping[str, Any] = trace.get("marker") or {}
        if not marker.get("showscale"):
            continue
        bar: Mapping[str, Any] = marker.get("colorbar") or {}
        words = [str(w) for w in bar.get("ticktext") or ()]
        title = str((bar.get("title") or {}).get("text") or "")
        wide = max((paint.width_of(w) for w in words), default=0.0)
        room = 36 + wide + (18 if title else 0)
        left, bottom = width - room + 10, height - 60
        step = (bottom - top - 20) / STEPS
        out = [
            f'<rect x="{n(left)}" y="{n(bottom - (i + 1) * step)}" width="9" '
            f'height="{n(step + 0.4)}" {paint.fill(colour)}/>'
            for i, colour in enumerate(scale_steps(marker))
        ]
        for i, word in enumerate(words):
            at = bottom - (bottom - top - 20) * i / max(1, len(words) - 1)
            out.append(paint.text(left + 14, at, word))
        if title:
            middle = (bottom + top + 20) / 2
            out.append(paint.text(left + 24 + wide, middle, title, anchor="middle", turn=True))
        return "".join(out), room
    return "", 0.0


def _key(entry: Entry, x: float, y: float) -> list[str]:
    trace = entry.trace
    marker: Mapping[str, Any] = trace.get("marker") or {}
    line: Mapping[str, Any] = trace.get("line") or {}
    own = marker.get("color")
    colour = str(line.get("color") or (own if isinstance(own, str) else entry.colour))
    if trace.get("type") == "bar":
        box = f'x="{n(x + 8)}" y="{n(y - 6)}" width="14" height="12"'
        return [f"<rect {box} {paint.fill(colour, float(marker.get('opacity') or 1))}/>"]
    mode = str(trace.get("mode") or "lines")
    out = []
    if "lines" in mode:
        look = paint.stroke(
            colour, float(line.get("width") or 2), dash=str(line.get("dash") or "solid")
        )
        out.append(f'<path d="M{n(x)} {n(y)}h26" fill="none" {look}/>')
    elif trace.get("fill") not in (None, "none"):
        given = trace.get("fillcolor")
        look = paint.fill(str(given)) if given else paint.fill(colour, 0.2)
        out.append(f'<rect x="{n(x + 4)}" y="{n(y - 6)}" width="18" height="12" {look}/>')
    if "markers" in mode:
        shape = marker.get("symbol")
        known = shape if isinstance(shape, str) else "circle"
        out.append(symbol(known, 7, colour, [(x + 13, y)]))
    return out
