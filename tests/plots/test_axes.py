from __future__ import annotations

from itertools import pairwise

from proml_lab.plots import axes, theme
from proml_lab.plots.svg import to_svg
from tests.plots.reading import texts


def test_titles_and_ticks_are_shown() -> None:
    figure = theme.figure(x="across", y="up").add_scatter(x=[0, 1], y=[0, 100])
    found = texts(to_svg(figure))
    assert {"across", "up", "0.0", "1.0", "100"} <= set(found)
    assert found["across"][1] > found["0.0"][1]


def test_labels_can_be_hidden() -> None:
    figure = theme.figure().add_scatter(x=[0, 1], y=[0, 100])
    figure.update_xaxes(showticklabels=False).update_yaxes(visible=False)
    assert texts(to_svg(figure)) == {}
    assert not axes.labelled({"visible": False})


def test_crowded_labels_do_not_overlap() -> None:
    names = [f"{i} category" for i in range(60)]
    svg = to_svg(theme.figure().add_bar(x=names, y=[1] * 60))
    shown = sorted(x for said, (x, _) in texts(svg).items() if "c" in said)
    assert 3 < len(shown) < 60
    assert min(b - a for a, b in pairwise(shown)) > 30


def test_labels_of_dates_are_whole_and_evenly_spaced() -> None:
    months = [f"2013-{month:02}-01" for month in range(1, 13)]
    svg = to_svg(theme.figure().add_scatter(x=months, y=[1] * 12))
    shown = {said: x for said, (x, _) in texts(svg).items() if "2013" in said or "…" in said}
    assert not [said for said in shown if "…" in said]
    assert [said[:3] for said in shown] in (
        ["Jan", "Mar", "May", "Jul", "Sep", "Nov"], ["Jan", "Apr", "Jul", "Oct"]
    )  # fmt: skip
    gaps = [b - a for a, b in pairwise(sorted(shown.values()))]
    assert max(gaps) < 1.1 * min(gaps)
