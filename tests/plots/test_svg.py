from __future__ import annotations

import plotly.graph_objects as go
import pytest

from proml_lab.errors import UsageError
from proml_lab.plots import theme
from proml_lab.plots.html import MAX_BYTES
from proml_lab.plots.svg import to_svg
from tests.plots.reading import NS, boxes, paths, points, root, texts


def test_every_picture_is_well_formed_static_and_small(any_figure: go.Figure) -> None:
    svg = to_svg(any_figure)
    top = root(svg)
    assert top.tag == f"{NS}svg"
    assert len(svg.encode()) < MAX_BYTES
    names = {element.tag.removeprefix(NS) for element in top.iter()}
    assert names <= {"svg", "style", "text", "tspan", "title", "path", "rect", "g"}
    assert not any(key.startswith("on") or "href" in key for e in top.iter() for key in e.attrib)
    assert "nan" not in svg
    assert "inf" not in svg


def test_it_is_scalable_and_reads_in_light_and_dark(any_figure: go.Figure) -> None:
    svg = to_svg(any_figure, width=500, height=300)
    top = root(svg)
    assert top.attrib["viewBox"] == "0 0 500 300"
    assert "max-width:100%" in top.attrib["style"]
    assert top.attrib["role"] == "img"
    assert top.attrib["aria-label"]
    style = top.find(f"{NS}style")
    assert style is not None
    assert style.text is not None
    for word in ("--jp-content-font-color1", "prefers-color-scheme:dark", "data-jp-theme-light"):
        assert word in style.text


def test_a_label_is_escaped_and_read_out() -> None:
    svg = to_svg(theme.figure(title="a"), label='"<b>&')
    assert root(svg).attrib["aria-label"] == '"<b>&'


def test_bars_are_as_long_as_their_values() -> None:
    figure = theme.figure().add_bar(x=[1.0, 2.0, -0.5], y=["a", "b", "c"], orientation="h")
    found = boxes(to_svg(figure))
    a, b, c = found["a: 1"], found["b: 2"], found["c: −0.5"]
    assert b[2] == pytest.approx(2 * a[2], abs=0.2)
    assert c[2] == pytest.approx(0.5 * a[2], abs=0.2)
    assert a[0] == pytest.approx(b[0], abs=0.1)  # from zero
    assert c[0] + c[2] == pytest.approx(a[0], abs=0.1)  # to zero
    assert a[1] > b[1] > c[1]  # Plotly stacks categories upwards


def test_reversed_axis_puts_the_first_on_top() -> None:
    figure = theme.figure().add_bar(x=[1, 2], y=["a", "b"], orientation="h")
    found = boxes(to_svg(figure.update_yaxes(autorange="reversed")))
    assert found["a: 1"][1] < found["b: 2"][1]


def test_lines_pass_through_their_points() -> None:
    figure = theme.figure().add_scatter(x=[0, 1, 4], y=[0, 3, 1], mode="lines")
    (line,) = [p for p in paths(to_svg(figure)) if "stroke-linejoin" in p]
    (x0, y0), (x1, y1), (x2, y2) = points(line["d"])
    assert (x1 - x0) / (x2 - x0) == pytest.approx(1 / 4, abs=0.002)
    assert (y0 - y2) / (y0 - y1) == pytest.approx(1 / 3, abs=0.002)


def test_packed_numbers_are_read() -> None:
    import numpy as np

    listed = theme.figure().add_scatter(x=[0, 1, 2], y=[3.0, 1.0, 2.0])
    packed = theme.figure().add_scatter(x=np.arange(3), y=np.array([3.0, 1.0, 2.0]))
    assert to_svg(packed) == to_svg(listed)


def test_panels_share_the_height() -> None:
    figure = theme.figure()
    figure.add_bar(x=["a"], y=[1], xaxis="x", yaxis="y")
    figure.add_bar(x=["b"], y=[1], xaxis="x2", yaxis="y2")
    figure.update_layout(
        xaxis={"anchor": "y"}, xaxis2={"anchor": "y2"},
        yaxis={"domain": [0.55, 1]}, yaxis2={"domain": [0, 0.45]},
    )  # fmt: skip
    found = boxes(to_svg(figure))
    a, b = found["a: 1"], found["b: 1"]
    assert a[1] + a[3] < b[1]
    assert a[3] == pytest.approx(b[3], abs=0.2)


def test_long_labels_are_cut_and_kept_in_a_tooltip() -> None:
    long = "a feature with a name that is much longer than any picture has room for"
    svg = to_svg(theme.figure().add_bar(x=[1], y=[long], orientation="h"), width=400)
    assert any(said.endswith("…") for said in texts(svg))
    assert long in svg
    assert min(box[0] for box in boxes(svg).values()) < 200


def test_hidden_traces_are_not_drawn() -> None:
    figure = theme.figure().add_bar(x=["a"], y=[1], visible=False)
    assert boxes(to_svg(figure)) == {}


def test_text_of_plotly_is_read_as_plotly_reads_it() -> None:
    figure = theme.figure().update_layout(title_text="<b>bold</b> &lt;b&gt; &amp; x")
    assert "bold <b> & x" in texts(to_svg(figure))


def test_an_unknown_trace_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"cannot draw a 'pie' trace\.\nHint: it knows bar and"):
        to_svg(go.Figure(go.Pie(values=[1])))
