from __future__ import annotations

import pytest

from proml_lab.errors import UsageError
from proml_lab.plots import theme
from proml_lab.plots.svg import to_svg
from tests.plots.reading import boxes, paths, texts


def test_groups_stand_side_by_side() -> None:
    figure = theme.figure()
    figure.add_bar(x=["a"], y=[1]).add_bar(x=["a"], y=[2])
    found = boxes(to_svg(figure))
    one, two = found["a: 1"], found["a: 2"]
    assert one[0] + one[2] <= two[0] + 0.1
    assert two[3] == pytest.approx(2 * one[3], abs=0.2)


@pytest.mark.parametrize("mode", ["stack", "relative"])
def test_stacks_stand_on_each_other(mode: str) -> None:
    figure = theme.figure().update_layout(barmode=mode)
    figure.add_bar(x=["a"], y=[1]).add_bar(x=["a"], y=[2]).add_bar(x=["a"], y=[-1.5])
    found = boxes(to_svg(figure))
    one, two, below = found["a: 1"], found["a: 2"], found["a: −1.5"]
    assert two[1] + two[3] == pytest.approx(one[1], abs=0.1)
    assert below[1] == pytest.approx(one[1] + one[3], abs=0.1)


def test_overlaid_bars_share_their_place() -> None:
    figure = theme.figure().update_layout(barmode="overlay")
    figure.add_bar(x=["a"], y=[1]).add_bar(x=["a"], y=[2])
    found = boxes(to_svg(figure))
    assert found["a: 1"][0] == found["a: 2"][0]


def test_bars_begin_at_their_base() -> None:
    figure = theme.figure().add_bar(y=["a", "b"], x=[2, -1], base=[0, 2], orientation="h")
    found = boxes(to_svg(figure))
    a, b = found["a: 2"], found["b: −1"]
    assert b[0] + b[2] == pytest.approx(a[0] + a[2], abs=0.2)
    assert a[2] == pytest.approx(2 * b[2], abs=0.2)


def test_numbers_on_the_axis_have_bars_as_wide_as_their_step() -> None:
    figure = theme.figure().add_bar(x=[0.5, 1.0, 2.0], y=[1, 2, 3])
    widths = {round(box[2], 1) for box in boxes(to_svg(figure)).values()}
    assert len(widths) == 1


def test_texts_stand_beyond_the_end() -> None:
    figure = theme.figure().add_bar(y=["a", "b"], x=[2, -2], orientation="h", text=["up", "down"])
    svg = to_svg(figure)
    found, said = boxes(svg), texts(svg)
    assert said["up"][0] > found["a: up"][0] + found["a: up"][2]
    assert said["down"][0] < found["b: down"][0]
    hidden = figure.update_traces(textposition="none")
    assert "up" not in texts(to_svg(hidden))


def test_error_bars_are_centred_on_the_end() -> None:
    figure = theme.figure().add_bar(y=["a"], x=[2], orientation="h", error_x={"array": [0.5]})
    svg = to_svg(figure)
    ((x, _, wide, _),) = boxes(svg).values()
    (whisker,) = [p["d"] for p in paths(svg) if "v6" in p["d"]]
    low, high = float(whisker[1:].split()[0]), float(whisker.split("H")[1].split("M")[0])
    assert (low + high) / 2 == pytest.approx(x + wide, abs=0.2)
    assert high - low == pytest.approx(wide / 2, abs=0.2)


def test_nulls_have_no_bar() -> None:
    figure = theme.figure().add_bar(x=["a", "b"], y=[1, None])
    assert list(boxes(to_svg(figure))) == ["a: 1"]


def test_an_unknown_mode_is_an_error() -> None:
    from proml_lab.plots import rects

    with pytest.raises(UsageError, match="no bar mode 'waterfall'"):
        rects.read([], "waterfall")
