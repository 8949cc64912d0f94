"""Rows and labels at random for kernels of windows, and their windows by looking at every row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from proml_lab.kernels import asof
from proml_lab.kernels.windows import Rows, Window, in_order

SHAPES = [
    {"n": 60, "length": 5, "late": 10, "span": 50},
    {"n": 900, "length": 30, "late": 3, "span": 80},
    {"n": 900, "length": 40, "late": 200, "span": 80},
    {"n": 900, "length": 500, "late": 0, "span": 300},
    {"n": 1, "length": 1, "late": 1, "span": 2},
]


@dataclass
class Case:
    """`inside` (n labels) are the rows of each window."""

    rows: Rows
    window: Window
    values: np.ndarray
    inside: list[np.ndarray]


def make_case(seed: int, *, n: int, length: int, late: int, span: int) -> Case:
    rng = np.random.default_rng(seed)
    groups = 3
    event = np.sort(rng.integers(0, span, n))
    known = event + (rng.random(n) < 0.3) * rng.integers(-2, late + 1, n) if late else event
    order, offsets = asof.layout(rng.integers(0, groups, n), groups + 1)
    event, known = event[order], known[order]
    ready = np.maximum(event, known)
    by_known = in_order(ready, offsets) if late else np.empty(0, np.int64)
    group, cutoff = rng.integers(0, groups + 1, 120), rng.integers(-5, span + late, 120)
    by_group = np.lexsort((cutoff, group))
    group, cutoff = group[by_group], cutoff[by_group]
    window = Window(
        group,
        cutoff,
        asof.positions(group, cutoff - length, offsets, event),
        asof.positions(group, cutoff, offsets, event),
        asof.positions(group, cutoff, offsets, ready[by_known] if late else ready),
    )
    inside = []
    for g, t in zip(group, cutoff, strict=True):
        rows = np.arange(offsets[g], offsets[g + 1])
        at, seen = event[rows], known[rows]
        inside.append(rows[(at <= t) & (at > t - length) & (seen <= t)])
    values = rng.integers(-50, 50, n) / 8
    return Case(Rows(offsets, known, by_known), window, values, inside)
