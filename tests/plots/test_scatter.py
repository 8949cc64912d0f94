from __future__ import annotations

from typing import Any

import pytest

from proml_lab.errors import UsageError
from proml_lab.plots import theme
from proml_lab.plots.scatter import SYMBOLS, symbol
from proml_lab.plots.svg import to_svg
from tests.plots.reading import paths, points


def drawn(**trace: Any) -> list[dict[str, str]]:
    return paths(to_svg(theme.figure().add_scatter(**trace)))


def lines(**trace: Any) -> list[dict[str, str]]:
    return [path for path in drawn(**trace) if "stroke-linejoin" in path]


def test_a_null_breaks_the_line() -> None:
    (line,) = lines(x=[0, 1, 2, 3], y=[1, 2, None, 4], mode="lines")
    assert line["d"].count("M") == 1  # the single point after the gap is no line
    (line,) = lines(x=[0, 1, 2, 3, 4], y=[1, 2, None, 4, 5], mode="lines")
    assert line["d"].count("M") == 2


@pytest.mark.parametrize(("shape", "corner"), [("hv", (1, 0)), ("vh", (0, 1))])
def test_steps_turn_where_plotly_turns(shape: str, corner: tuple[int, int]) -> None:
    (line,) = lines(x=[0, 1], y=[0, 1], mode="lines", line_shape=shape)
    start, turn, end = points(line["d"])
    assert turn == ((start, end)[corner[0]][0], (start, end)[corner[1]][1])


def test_dashes_differ() -> None:
    seen = {
        str(line.get("stroke-dasharray"))
        for dash in theme.DASHES
        for line in lines(x=[0, 1], y=[0, 1], mode="lines", line_dash=dash)
    }
    assert len(seen) == len(theme.DASHES)


def test_a_band_lies_between_two_traces() -> None:
    figure = theme.figure()
    figure.add_scatter(x=[0, 1], y=[0, 0], mode="lines", line_width=0)
    figure.add_scatter(x=[0, 1], y=[1, 2], mode="lines", line_width=0, fill="tonexty")
    (band,) = [p for p in paths(to_svg(figure)) if p["d"].endswith("Z")]
    corners = points(band["d"])
    assert len(corners) == 4
    assert corners[2][1] == corners[3][1] > corners[0][1] > corners[1][1]


def test_a_fill_to_zero_reaches_zero() -> None:
    (band,) = [p for p in drawn(x=[0, 1], y=[1, 2], fill="tozeroy") if p["d"].endswith("Z")]
    corners = points(band["d"])
    assert corners[0][1] == corners[-1][1] == max(y for _, y in corners)


def test_every_symbol_is_drawn_around_its_point() -> None:
    for name in ("circle", *SYMBOLS):
        assert "M10 20" in symbol(name, 8, theme.PALETTE[0], [(10.0, 20.0)])
    assert set(theme.SYMBOLS) <= {"circle", *SYMBOLS}


def test_points_are_coloured_by_value() -> None:
    marker = {"color": [0.0, 1.0, float("nan")], "colorscale": [[0, "#000000"], [1, "#ffffff"]]}
    colours = {p["stroke"] for p in drawn(x=[0, 1, 2], y=[0, 1, 2], mode="markers", marker=marker)}
    assert {"#0e0e0e", "#f1f1f1", theme.NEUTRAL} <= colours


def test_error_bars_end_at_their_bounds() -> None:
    error = {"array": [1.0, 0.0], "arrayminus": [0.5, 0.0], "type": "data"}
    traces = {"x": [0, 1], "y": [2.0, 3.0], "mode": "markers", "error_y": error}
    (whisker,) = [p for p in drawn(**traces) if "h6" in p["d"]]
    low, high = points(whisker["d"].replace("V", "L0 "))[:2]
    marks = [p for p in drawn(**traces) if p.get("stroke-linecap") == "round"]
    ((_, y0), (_, y1)) = points(marks[0]["d"])
    assert low[1] - y0 == pytest.approx(0.5 * (y0 - y1), abs=0.6)
    assert y0 - high[1] == pytest.approx(y0 - y1, abs=0.6)


@pytest.mark.parametrize(
    ("trace", "said"),
    [
        ({"mode": "text"}, "no trace mode 'text'"),
        ({"line_shape": "spline"}, "no line shape 'spline'"),
        ({"fill": "tozerox"}, "no fill 'tozerox'"),
        ({"mode": "markers", "marker_symbol": "star"}, "no marker symbol 'star'"),
        ({"line_dash": "4px"}, "no line dash '4px'"),
        ({"line_color": "red"}, "cannot read the colour 'red'"),
        ({"mode": "markers", "marker": {"color": [1, 2]}}, "needs a colour scale in full"),
    ],
)
def test_what_it_cannot_draw_is_an_error(trace: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        drawn(x=[0, 1], y=[0, 1], **trace)
