"""The picture of a flow: layers from left to right, and what is too much gathered."""

from __future__ import annotations

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError, ProMLError
from proml_lab.plots.flow import flow
from proml_lab.plots.svg import to_svg


def frames(steps: list[tuple[str, str]], here: str = "") -> tuple[pl.DataFrame, pl.DataFrame]:
    names = list(dict.fromkeys(name for step in steps for name in step))
    kinds = ["source" if name.startswith("s") else "feature" for name in names]
    nodes = pl.DataFrame(
        {"node": names, "kind": kinds, "label": names, "here": [name == here for name in names]}
    )
    return nodes, pl.DataFrame(steps, schema=["from", "to"], orient="row")


def places(figure) -> dict[str, tuple[float, float]]:
    return {note.text: (note.x, note.y) for note in figure.layout.annotations}


def test_each_thing_is_to_the_right_of_what_it_comes_from() -> None:
    steps = [("s", "a"), ("a", "b"), ("s", "c"), ("b", "c"), ("d", "c")]
    at = places(flow(*frames(steps)))
    assert {name: at[name][0] for name in "sabcd"} == {"s": 0, "a": 1, "b": 2, "c": 3, "d": 2}
    assert len({at[name] for name in "sabcd"}) == 5
    assert at["source"][1] > max(at[name][1] for name in "sabcd")


def test_lines_do_not_cross_where_they_need_not() -> None:
    at = places(flow(*frames([("s1", "b"), ("s2", "a"), ("s3", "c")])))
    pairs = [("s1", "b"), ("s2", "a"), ("s3", "c")]
    assert sorted(pairs, key=lambda p: at[p[0]][1]) == sorted(pairs, key=lambda p: at[p[1]][1])


def test_a_full_layer_is_gathered_and_keeps_the_one_it_is_about() -> None:
    figure = flow(*frames([("s", f"f{i}") for i in range(30)], here="f29"))
    at = places(figure)
    assert "and 19 more" in at
    assert "f29" in at
    assert "f28" not in at
    (wide,) = [shape for shape in figure.layout.shapes if shape.line.width == 3]
    assert (wide.y0 + wide.y1) / 2 == pytest.approx(at["f29"][1])


def test_texts_are_shown_to_the_letter_and_cut() -> None:
    drawn = to_svg(flow(*frames([("s<b>x</b>", "f" * 300)]), title="a"))
    assert "s&lt;b&gt;x&lt;/b&gt;" in drawn
    assert "f" * 300 not in drawn
    assert "fff…" in drawn


def test_nothing_at_all_is_drawn_too() -> None:
    nodes = pl.DataFrame({"node": ["a"], "kind": ["view"], "label": ["a"], "here": [True]})
    steps = pl.DataFrame(schema={"from": pl.String, "to": pl.String})
    assert ">a</text>" in to_svg(flow(nodes, steps))


def test_frames_without_the_columns_are_refused() -> None:
    with pytest.raises((ColumnMissingError, ProMLError), match="picture of a flow"):
        flow(pl.DataFrame({"node": ["a"]}), pl.DataFrame({"from": [], "to": []}))
