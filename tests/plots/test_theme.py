from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
import pytest

from proml_lab.plots import theme

Vector = npt.NDArray[np.float64]
SIGHT = {  # Machado, Oliveira, Fernandes 2009, full severity
    "all colours": np.eye(3),
    "no red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]]),
    "no green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                          [-0.011820, 0.042940, 0.968881]]),
    "no blue": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                         [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def linear(colour: str) -> Vector:
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted(float(linear(c) @ weights) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def cielab(rgb: Vector) -> Vector:
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
    ratio = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("colour", [*theme.PALETTE, theme.NEUTRAL, *(c for _, c in theme.SCALE)])
def test_marks_stand_out_on_white_and_on_black(colour: str) -> None:
    assert contrast(colour, "#ffffff") >= 3
    assert contrast(colour, "#111111") >= 3


def test_marks_stand_out_where_the_page_is_known() -> None:
    assert min(contrast(colour, "#ffffff") for colour in theme.LIGHT) >= 3
    assert min(contrast(colour, "#111111") for colour in theme.DARK) >= 3


def test_text_is_as_legible_as_one_colour_can_be_on_both() -> None:
    most = contrast("#ffffff", "#111111") ** 0.5
    assert min(contrast(theme.INK, page) for page in ("#ffffff", "#111111")) >= most - 0.05


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("colours", [theme.PALETTE, theme.LIGHT[:6], theme.DARK[:6]])
def test_any_two_colours_are_told_apart(colours: Sequence[str], sight: str) -> None:
    seen = [cielab(SIGHT[sight] @ linear(colour)) for colour in colours]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) >= 19.5


def test_series_differ_by_more_than_colour() -> None:
    looks = [theme.style(i) for i in range(6)]
    assert len({dash for _, dash, _ in looks}) == len({symbol for *_, symbol in looks}) == 6


def test_a_figure_has_the_house_look_and_shows_text_to_the_letter() -> None:
    made = theme.figure(title="<b>&", x="x<", y="y", height=300)
    assert isinstance(made, go.Figure)
    assert made.layout.title.text == "&lt;b&gt;&amp;"
    assert made.layout.xaxis.title.text == "x&lt;"
    assert made.layout.height == 300
    assert made.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
