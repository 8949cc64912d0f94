from __future__ import annotations

import pytest

from proml_lab.errors import UsageError
from proml_lab.plots import theme
from proml_lab.plots.svg import to_svg
from tests.plots.reading import NS, paths, points, root, texts


def test_a_reference_line_lies_at_its_value() -> None:
    figure = theme.figure().add_scatter(x=[0, 10], y=[0, 10], mode="lines", line_width=0)
    figure.update_xaxes(range=[0, 10], showgrid=False)
    figure.update_yaxes(range=[0, 10], showgrid=False)
    figure.add_vline(x=5).add_hline(y=2.5)
    upright, level = [points(p["d"]) for p in paths(to_svg(figure)) if "L" in p["d"]]
    assert upright[0][0] == upright[1][0]
    assert level[0][1] == level[1][1]
    left, right = sorted(x for x, _ in level)
    top, bottom = sorted(y for _, y in upright)
    assert upright[0][0] == pytest.approx((left + right) / 2, abs=0.2)
    assert level[0][1] == pytest.approx(bottom - (bottom - top) / 4, abs=0.2)


def test_a_box_is_drawn() -> None:
    figure = theme.figure().add_scatter(x=[0, 1], y=[0, 1])
    figure.add_shape(type="rect", x0=0, x1=1, y0=0, y1=1, fillcolor=theme.PALETTE[2], opacity=0.2)
    (box,) = root(to_svg(figure)).iter(f"{NS}rect")
    assert box.attrib["fill-opacity"] == "0.2"


def test_annotations_stand_at_their_place_and_side() -> None:
    figure = theme.figure().add_scatter(x=[0, 1], y=[0, 1])
    for anchor in ("left", "center", "right"):
        figure.add_annotation(x=0.5, y=0.5, text=anchor, showarrow=False, xanchor=anchor)
    figure.add_annotation(x=1, y=1, xref="paper", yref="paper", text="corner", showarrow=False)
    figure.add_annotation(x=0.5, y=0.5, text="pointed", ay=-40)
    found = texts(to_svg(figure))
    assert found["left"][0] == found["right"][0] == found["center"][0]
    assert found["corner"][0] > found["center"][0]
    assert found["pointed"][1] < found["center"][1] - 40


def test_an_unknown_shape_is_an_error() -> None:
    figure = theme.figure().add_shape(type="circle", x0=0, x1=1, y0=0, y1=1)
    with pytest.raises(UsageError, match="no shape 'circle'"):
        to_svg(figure)
