from __future__ import annotations

from typing import Any

from proml_lab.plots import legend, theme
from proml_lab.plots.svg import to_svg
from tests.plots.reading import NS, root, texts


def names(*traces: dict[str, Any], **layout: Any) -> list[str]:
    return [entry.name for entry in legend.entries(traces, layout)]


def test_one_name_says_nothing_unless_asked() -> None:
    assert names({"name": "a"}) == []
    assert names({"name": "a"}, showlegend=True) == ["a"]
    assert names({"name": "a"}, {"name": "b"}) == ["a", "b"]
    assert names({"name": "a"}, {"name": "b"}, showlegend=False) == []


def test_groups_and_hidden_traces_have_one_entry_or_none() -> None:
    grouped = ({"name": "a", "legendgroup": "1"}, {"name": "a", "legendgroup": "1"}, {"name": "b"})
    assert names(*grouped) == ["a", "b"]
    assert names({"name": "a"}, {"name": "b"}, {"name": "c", "showlegend": False}) == ["a", "b"]


def test_a_long_legend_takes_more_lines_and_leaves_the_plot_room() -> None:
    figure = theme.figure()
    for i in range(8):
        figure.add_scatter(x=[0, 1], y=[0, i], name=f"a model with a long name {i}")
    found = texts(to_svg(figure))
    lines = {y for said, (_, y) in found.items() if said.startswith("a model")}
    assert len(lines) > 1
    assert all(x < 720 for x, _ in found.values())


def test_keys_of_bars_bands_and_markers() -> None:
    figure = theme.figure()
    figure.add_bar(x=[1], y=[1], name="bar")
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="none", fill="tozeroy", name="band")
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="markers", name="dots")
    assert {"bar", "band", "dots"} <= set(texts(to_svg(figure)))


def test_a_colour_bar_names_both_ends() -> None:
    marker = {
        "color": [0, 1], "colorscale": [list(stop) for stop in theme.SCALE], "showscale": True,
        "colorbar": {"ticktext": ["low", "high"], "tickvals": [0, 1], "title": {"text": "value"}},
    }  # fmt: skip
    svg = to_svg(theme.figure().add_scatter(x=[0, 1], y=[0, 1], mode="markers", marker=marker))
    found = texts(svg)
    assert found["low"][1] > found["high"][1]
    assert "value" in found
    assert len(list(root(svg).iter(f"{NS}rect"))) == 9
