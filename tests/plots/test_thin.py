from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest

from proml_lab.plots.thin import corners, snap
from tests.soak import seeds


def distance_to_line(point: tuple[float, float], line: list[tuple[float, float]]) -> float:
    best = math.inf
    for (ax, ay), (bx, by) in pairwise(line):
        dx, dy = bx - ax, by - ay
        size = dx * dx + dy * dy
        t = 0.0 if size == 0 else ((point[0] - ax) * dx + (point[1] - ay) * dy) / size
        t = min(1.0, max(0.0, t))
        best = min(best, math.hypot(point[0] - ax - t * dx, point[1] - ay - t * dy))
    return best


@pytest.mark.parametrize("seed", seeds(5))
def test_no_corner_left_out_is_far_from_the_line(seed: int) -> None:
    rng = random.Random(seed)
    line = [(float(x), 100 * math.sin(x / 20) + rng.uniform(-0.4, 0.4)) for x in range(300)]
    kept = corners(line)
    assert kept[0] == line[0]
    assert kept[-1] == line[-1]
    assert max(distance_to_line(point, kept) for point in line) <= 0.1 + 1e-9


def test_a_straight_line_keeps_its_ends() -> None:
    assert corners([(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]) == [(0.0, 0.0), (2.0, 2.0)]


def test_a_closed_line_keeps_its_farthest_corner() -> None:
    assert (5.0, 0.0) in corners([(0.0, 0.0), (5.0, 0.0), (0.0, 0.0)])


def test_a_jagged_line_is_cut_to_a_limit() -> None:
    rng = random.Random(1)
    assert len(corners([(x / 100, rng.uniform(0, 300)) for x in range(20_000)])) <= 1500


def test_markers_move_by_less_than_the_grid_and_none_vanishes() -> None:
    rng = random.Random(2)
    points = [(rng.uniform(0, 700), rng.uniform(0, 400)) for _ in range(2000)]
    kept = snap(points)
    for x, y in points:
        assert any(abs(x - a) <= 0.26 and abs(y - b) <= 0.26 for a, b in kept)


def test_many_markers_are_cut_to_a_limit() -> None:
    rng = random.Random(3)
    points = [(rng.uniform(0, 700), rng.uniform(0, 400)) for _ in range(50_000)]
    assert 2000 < len(snap(points, most=6000)) <= 6000
