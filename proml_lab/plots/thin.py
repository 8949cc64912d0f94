"""Drops points that nobody could see, so that a picture stays small whatever the data's size."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]
MOST_POINTS = 6000
MOST_CORNERS = 1500


def snap(points: Sequence[Point], *, most: int = MOST_POINTS) -> list[Point]:
    """Markers without those hidden under another: pixels are rounded to the finest grid, from
    half a pixel up, that leaves at most `most` of them.
    """
    grid = 0.5
    while True:
        cells = {(round(x / grid), round(y / grid)): None for x, y in points}
        if len(cells) <= most:
            return [(i * grid, j * grid) for i, j in cells]
        grid *= 2**0.5


def corners(points: Sequence[Point], *, most: int = MOST_CORNERS) -> list[Point]:
    """A line without corners that move it by less than a tenth of a pixel, or as much more as it
    takes to leave at most `most` of them (Douglas and Peucker 1973).
    """
    tolerance = 0.1
    kept = list(points)
    while True:
        kept = _simplified(kept, tolerance)
        if len(kept) <= most:
            return kept
        tolerance *= 2


def _simplified(points: list[Point], tolerance: float) -> list[Point]:
    keep = {0, len(points) - 1}
    todo = [(0, len(points) - 1)]
    while todo:
        first, last = todo.pop()
        farthest, index = tolerance, -1
        (ax, ay), (bx, by) = points[first], points[last]
        dx, dy = bx - ax, by - ay
        length = (dx * dx + dy * dy) ** 0.5
        for i in range(first + 1, last):
            px, py = points[i][0] - ax, points[i][1] - ay
            off = abs(px * dy - py * dx) / length if length else (px * px + py * py) ** 0.5
            if off > farthest:
                farthest, index = off, i
        if index > 0:
            keep.add(index)
            todo += [(first, index), (index, last)]
    return [points[i] for i in sorted(keep)]
