"""The static twin of our Plotly figures: SVG without script that reads in light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proml_lab.errors import UsageError
from proml_lab.plots import axes, legend, overlay, paint, rects
from proml_lab.plots.marks import Trace, column, reach
from proml_lab.plots.paint import n
from proml_lab.plots.scale import Scale, Value, scale
from proml_lab.plots.scatter import scatter
from proml_lab.plots.theme import PALETTE
from proml_lab.plots.thin import Point

if TYPE_CHECKING:
    import plotly.graph_objects as go

TRACES = ("bar", "scatter")
LABEL_ROOM = 0.34
"""Share of the width that the labels of the vertical axis may take."""


@dataclass(frozen=True)
class Panel:
    """The traces that share a pair of axes; `numbers` are their places in the figure."""

    x: str
    y: str
    traces: tuple[Trace, ...]
    numbers: tuple[int, ...]


def to_svg(
    figure: go.Figure, *, width: int = 720, height: int | None = None, label: str = ""
) -> str:
    """`figure` as an ``<svg>`` element, `width` pixels wide at most and scalable below.

    It knows what our own pictures are made of: scatter and bar traces, error bars, bands, linear,
    log, date and category axes, legends, colour scales, lines and boxes as shapes, annotations.
    Colours of the palette become CSS classes, so that they suit the page. `label` is read out by
    screen readers; the figure's title if empty.

    Raises
    ------
    UsageError
        The figure has a trace, or a part of one, that this cannot draw.
    """
    made: dict[str, Any] = figure.to_plotly_json()
    layout: Mapping[str, Any] = made.get("layout") or {}
    traces = [t for t in made.get("data") or () if t.get("visible") in (None, True)]
    for trace in traces:
        if trace.get("type", "scatter") not in TRACES:
            raise UsageError(
                f"The static picture cannot draw a {trace.get('type')!r} trace.",
                hint=f"it knows {' and '.join(TRACES)}.",
            )
    full = float(height or layout.get("height") or 0.58 * width)
    title = axes.title(layout)
    entries = legend.entries(traces, layout)
    keys, top = legend.draw(entries, width, 40.0 if title else 14.0)
    bar, right = legend.colour_bar(traces, width, top, full)
    body = [paint.text(2, 18, title, size=17, bold=True, longest=width - 4)] if title else []
    body += [*keys, bar, *_plot(traces, layout, (float(width) - right, full), top)]
    said = paint.attribute(label or " ".join(paint.lines(title)) or "picture")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="proml-svg" role="img" aria-label="{said}" '
        f'viewBox="0 0 {width} {n(full)}" width="{width}" '
        'font-family="system-ui,sans-serif" font-size="12" '
        'style="max-width:100%;height:auto;background:none">'
        f"<style>{paint.CSS}</style>{''.join(body)}</svg>"
    )


def _plot(
    traces: Sequence[Trace], layout: Mapping[str, Any], size: tuple[float, float], top: float
) -> list[str]:
    """Every panel, with axes, shapes and annotations."""
    width, height = size
    panels = _panels(traces)
    mode = str(layout.get("barmode") or "group")
    below = max((_below(_axis(layout, p.x)) for p in panels), default=36.0)
    bottom = height - below
    heights = {p.y: _span(_axis(layout, p.y), bottom, top) for p in panels}
    ys = {
        p.y: scale(
            _axis(layout, p.y),
            _values(_sharing(panels, y=p.y), "y", mode),
            start=heights[p.y][0],
            end=heights[p.y][1],
            **_ends(_sharing(panels, y=p.y), "y"),
        )
        for p in panels
    }
    room = LABEL_ROOM * width
    margins = [
        (min(room, axes.label_width(ys[p.y])) + 10 if axes.labelled(_axis(layout, p.y)) else 6)
        + (22 if axes.title(_axis(layout, p.y)) else 0)
        for p in panels
        if float((_axis(layout, p.x).get("domain") or (0, 1))[0]) == 0.0
    ]
    left, right = max([*margins, 10.0]), width - 22.0
    xs = {
        p.x: scale(
            _axis(layout, p.x),
            _values(_sharing(panels, x=p.x), "x", mode),
            start=span[0],
            end=span[1],
            **_ends(_sharing(panels, x=p.x), "x"),
        )
        for p in panels
        for span in [_span(_axis(layout, p.x), left, right)]
    }
    out: list[str] = []
    for panel in panels:
        x, y = xs[panel.x], ys[panel.y]
        out += axes.horizontal(_axis(layout, panel.x), x, y.end, y.start)
        out += axes.vertical(_axis(layout, panel.y), y, x.start, x.end, room=room)
    area = overlay.Area(xs, ys, (left, right), (bottom, top))
    out += overlay.shapes(layout.get("shapes") or (), area)
    for panel in panels:
        out += _marks(panel, xs[panel.x], ys[panel.y], mode, layout)
    return out + overlay.notes(layout.get("annotations") or (), area)


def _marks(panel: Panel, x: Scale, y: Scale, mode: str, layout: Mapping[str, Any]) -> list[str]:
    """Bars first, then lines and markers, each in its place."""
    out: list[str] = []
    barred = [
        (number, trace)
        for number, trace in zip(panel.numbers, panel.traces, strict=True)
        if trace.get("type") == "bar"
    ]
    bars = rects.read([trace for _, trace in barred], mode)
    beside = y if bars and bars[0].across else x
    gap = float(layout.get("bargap") or 0.22)
    for (number, _), bar, slot in zip(
        barred, bars, rects.slots(bars, mode, beside, gap), strict=True
    ):
        out.append(rects.draw(bar, x, y, PALETTE[number % len(PALETTE)], slot))
    points: list[str] = []
    before: list[Point] = []
    for number, trace in zip(panel.numbers, panel.traces, strict=True):
        if trace.get("type", "scatter") == "scatter":
            drawn, before = scatter(trace, x, y, PALETTE[number % len(PALETTE)], before)
            points.append(drawn)
    return [*out, _clipped("".join(points), x, y)] if points else out


def _clipped(drawn: str, x: Scale, y: Scale) -> str:
    """Marks cut off a little outside the axes: an inner ``<svg>`` clips and needs no id."""
    left, top, width, height = x.start - 5, y.end - 5, x.end - x.start + 10, y.start - y.end + 10
    box = f"{n(left)} {n(top)} {n(width)} {n(height)}"
    place = 'x="{}" y="{}" width="{}" height="{}"'.format(*map(n, (left, top, width, height)))
    # Jupyter's own rule for every svg, height: auto, must not reach this one
    fixed = f"width:{n(width)}px;height:{n(height)}px;max-width:none;overflow:hidden"
    return f'<svg {place} viewBox="{box}" style="{fixed}">{drawn}</svg>'


def _panels(traces: Sequence[Trace]) -> list[Panel]:
    found: dict[tuple[str, str], list[int]] = {}
    for i, trace in enumerate(traces):
        pair = (str(trace.get("xaxis") or "x"), str(trace.get("yaxis") or "y"))
        found.setdefault(pair, []).append(i)
    if not found:
        return [Panel("x", "y", (), ())]
    return [
        Panel(x, y, tuple(traces[i] for i in numbers), tuple(numbers))
        for (x, y), numbers in found.items()
    ]


def _sharing(panels: Sequence[Panel], *, x: str = "", y: str = "") -> list[Trace]:
    """Traces on this axis, whichever panel they are in."""
    return [t for p in panels if p.x == x or p.y == y for t in p.traces]


def _axis(layout: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The layout of one axis, such as ``x`` or ``y2``."""
    wanted: Mapping[str, Any] = layout.get(f"{name[0]}axis{name[1:]}") or {}
    return wanted


def _span(wanted: Mapping[str, Any], start: float, end: float) -> tuple[float, float]:
    low, high = wanted.get("domain") or (0.0, 1.0)
    return start + float(low) * (end - start), start + float(high) * (end - start)


def _below(wanted: Mapping[str, Any]) -> float:
    return (24.0 if axes.labelled(wanted) else 6.0) + (20.0 if axes.title(wanted) else 0.0)


def _values(traces: Sequence[Trace], axis: str, mode: str) -> list[Value]:
    """Everything that the axis must hold: values, error bars, both ends of bars."""
    out: list[Value] = []
    for bar in rects.read([t for t in traces if t.get("type") == "bar"], mode):
        out += bar.ends if bar.across == (axis == "x") else bar.at
    for trace in traces:
        if trace.get("type") != "bar":
            values = column(trace.get(axis))
            out += [*values, *reach(trace.get(f"error_{axis}"), values)]
    return out


def _ends(traces: Sequence[Trace], axis: str) -> dict[str, bool]:
    """Whether bars grow along this axis: then it begins at zero."""
    grows = [
        t
        for t in traces
        if t.get("type") == "bar" and (t.get("orientation") == "h") == (axis == "x")
    ]
    return {"from_zero": bool(grows)}
