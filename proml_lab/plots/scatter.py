"""Draws Plotly's scatter traces: lines, bands and markers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from proml_lab.plots import paint
from proml_lab.plots.marks import Trace, colours_of, column, known, whiskers
from proml_lab.plots.paint import n
from proml_lab.plots.scale import Scale, Value
from proml_lab.plots.thin import MOST_POINTS, Point, corners, snap

FILLS = ("none", "tozeroy", "tonexty", "toself")
SHAPES = ("linear", "hv", "vh")
SYMBOLS = {
    "square": "m-{r} -{r}h{d}v{d}h-{d}z",
    "diamond": "m0 -{e}l{e} {e}l-{e} {e}l-{e} -{e}z",
    "triangle-up": "m0 -{e}l{e} {w}h-{v}z",
    "cross": "m-{e} 0h{v}m-{e} -{e}v{v}",
    "x": "m-{r} -{r}l{d} {d}m0 -{d}l-{d} {d}",
}
"""Paths from the marker's middle; r is half its size."""


def scatter(
    trace: Trace, x: Scale, y: Scale, colour: str, before: list[Point]
) -> tuple[str, list[Point]]:
    """A line, its band, markers and error bars; also its points, for a band of the next trace.

    `before` are the points of the trace before it. Raises UsageError for a mode, line shape, fill
    or symbol that the static pictures do not know.
    """
    xs, ys = column(trace.get("x")), column(trace.get("y"))
    modes = set(str(trace.get("mode") or "lines").split("+")) - {"none"}
    known("trace mode", modes, ("lines", "markers"))
    line: Mapping[str, Any] = trace.get("line") or {}
    line_colour = str(line.get("color") or colour)
    runs = _runs(xs, ys, x, y, str(line.get("shape") or "linear"))
    points = [point for run in runs for point in run]
    out = [_band(trace, points, before, y, line_colour)]
    if "lines" in modes and float(line.get("width", 2) or 0) > 0:
        path = "".join(polyline(corners(run)) for run in runs if len(run) > 1)
        look = paint.stroke(
            line_colour,
            float(line.get("width") or 2),
            dash=str(line.get("dash") or "solid"),
            opacity=float(trace.get("opacity") or 1),
        )
        out.append(f'<path d="{path}" fill="none" stroke-linejoin="round" {look}/>' if path else "")
    px, py = [x.pixel(v) for v in xs], [y.pixel(v) for v in ys]
    out.append(whiskers(trace.get("error_y"), ys, px, y, across=False, colour=line_colour))
    out.append(whiskers(trace.get("error_x"), xs, py, x, across=True, colour=line_colour))
    if "markers" in modes:
        out.append(_markers(trace, px, py, colour))
    return "".join(out), points


def symbol(shape: str, size: float, colour: str, points: list[Point], opacity: float = 1.0) -> str:
    """One path with a marker at each of `points`."""
    known("marker symbol", [shape], ["circle", *SYMBOLS])
    if shape == "circle":
        path = "".join(f"M{n(x)} {n(y)}h0" for x, y in points)
        look = paint.stroke(colour, size, opacity=opacity)
        return f'<path d="{path}" fill="none" stroke-linecap="round" {look}/>'
    half = size / 2
    sizes = {"r": half, "d": size, "e": half * 1.25, "v": half * 2.5, "w": half * 2.2}
    one = SYMBOLS[shape].format(**{key: n(value) for key, value in sizes.items()})
    path = "".join(f"M{n(x)} {n(y)}{one}" for x, y in points)
    if shape in ("cross", "x"):
        return f'<path d="{path}" fill="none" {paint.stroke(colour, 2, opacity=opacity)}/>'
    return f'<path d="{path}" {paint.fill(colour, opacity)}/>'


def polyline(points: list[Point], *, closed: bool = False) -> str:
    """Path data of a line through `points`."""
    (first, *rest) = points
    body = "".join(f"L{n(x)} {n(y)}" for x, y in rest)
    return f"M{n(first[0])} {n(first[1])}{body}{'Z' if closed else ''}"


def _runs(xs: list[Value], ys: list[Value], x: Scale, y: Scale, shape: str) -> list[list[Point]]:
    """Pixels of the line, in pieces between nulls, steps drawn out."""
    known("line shape", [shape], SHAPES)
    runs: list[list[Point]] = [[]]
    for a, b in zip(xs, ys, strict=True):
        px, py = x.pixel(a), y.pixel(b)
        if px is None or py is None:
            runs.append([])
        else:
            runs[-1].append((px, py))
    if shape != "linear":
        runs = [_steps(run, shape) for run in runs]
    return [run for run in runs if run]


def _steps(run: list[Point], shape: str) -> list[Point]:
    out = run[:1]
    for (ax, ay), (bx, by) in pairwise(run):
        out += [(bx, ay) if shape == "hv" else (ax, by), (bx, by)]
    return out


def _band(trace: Trace, points: list[Point], before: list[Point], y: Scale, colour: str) -> str:
    fill = str(trace.get("fill") or "none")
    known("fill", [fill], FILLS)
    if fill == "none" or len(points) < 2:
        return ""
    edge = corners(points)
    if fill == "tozeroy":
        floor = y.pixel(0.0)
        base = y.start if floor is None else floor
        edge = [(edge[0][0], base), *edge, (edge[-1][0], base)]
    elif fill == "tonexty":
        edge = edge + corners(before)[::-1] if len(before) > 1 else edge
    given = trace.get("fillcolor")
    look = paint.fill(str(given)) if given else paint.fill(colour, 0.2)
    return f'<path d="{polyline(edge, closed=True)}" {look}/>'


def _markers(trace: Trace, px: list[float | None], py: list[float | None], colour: str) -> str:
    marker: Mapping[str, Any] = trace.get("marker") or {}
    clear = float(marker.get("opacity") or trace.get("opacity") or 1)
    colours = colours_of(marker, colour, len(px))
    sizes = [float(s or 6) for s in column(marker.get("size") or 6, len(px))]
    shapes = [str(s or "circle") for s in column(marker.get("symbol") or "circle", len(px))]
    groups: dict[tuple[str, float, str], list[Point]] = {}
    for a, b, *look in zip(px, py, shapes, sizes, colours, strict=True):
        if a is not None and b is not None:
            groups.setdefault((str(look[0]), float(str(look[1])), str(look[2])), []).append((a, b))
    n_points = sum(map(len, groups.values()))
    out = []
    for (shape, size, paint_with), points in groups.items():
        share = max(50, MOST_POINTS * len(points) // max(1, n_points))
        out.append(symbol(shape, size, paint_with, snap(points, most=share), clear))
    return "".join(out)
