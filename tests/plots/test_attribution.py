from __future__ import annotations

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError
from proml_lab.plots import attribution, theme
from proml_lab.plots.svg import to_svg
from tests.plots import conftest as made
from tests.plots.reading import boxes, texts


def test_bars_are_as_long_as_importance_and_the_first_is_on_top() -> None:
    frame = made.importance_frame()
    found = list(boxes(to_svg(attribution.bar(frame))).values())
    lengths = [box[2] for box in found]
    assert [size / lengths[0] for size in lengths] == pytest.approx([1, 0.5, 0.25], abs=0.01)
    assert [box[1] for box in found] == sorted(box[1] for box in found)


def test_bars_have_whiskers_only_where_there_is_an_interval() -> None:
    frame = made.importance_frame()
    assert attribution.bar(frame).data[0].error_x.array is not None
    assert attribution.bar(frame.drop("low", "high")).data[0].error_x.array is None


def test_beeswarm_rows_are_in_the_order_of_the_frame() -> None:
    figure = attribution.beeswarm(made.swarm_frame(50))
    grey, coloured = figure.data
    assert list(figure.layout.yaxis.ticktext) == ["hour", theme.text(made.NASTY), "wind"]
    assert {round(y) for y in grey.y} == {1}
    assert {round(y) for y in coloured.y} == {0, 2}
    assert grey.marker.color == theme.NEUTRAL
    found = texts(to_svg(figure))
    assert found["hour"][1] < found[made.NASTY][1] < found["wind"][1]
    assert {"low", "high", "category or missing value"} <= set(found)


def test_waterfall_steps_from_base_to_total() -> None:
    frame = made.waterfall_frame()
    figure = attribution.waterfall(frame, -1.0, -0.7)
    svg = to_svg(figure)
    hour, nasty, others = (box for box in boxes(svg).values())
    assert hour[0] + hour[2] == pytest.approx(nasty[0] + nasty[2], abs=0.2)  # down from the top
    assert nasty[0] == pytest.approx(others[0], abs=0.2)
    assert hour[2] == pytest.approx(2 * nasty[2], abs=0.2)
    colours = figure.data[0].marker.color
    assert list(colours) == [theme.UP, theme.DOWN, theme.UP]
    found = texts(svg)
    assert {"+0.50", "−0.25", "+0.050", "hour = 7", "3 other features"} <= set(found)
    assert f"{made.NASTY} = <i>" in svg.replace("&lt;", "<").replace("&gt;", ">").replace(
        "&amp;", "&"
    )
    assert "−1.00" in found
    ends = figure.data[1]
    assert list(ends.x) == [-1.0, -0.7]


def test_waterfall_says_the_chances_at_both_ends() -> None:
    figure = attribution.waterfall(made.waterfall_frame(), -1.0, -0.7, chances=(0.269, 0.332))
    said = [note.text for note in figure.layout.annotations]
    assert said == ["−1.00, a chance of 26.9%", "−0.70, a chance of 33.2%"]


@pytest.mark.parametrize("push", [1.0, -1.0, 0.0])
def test_waterfall_words_stay_inside(push: float) -> None:
    frame = pl.DataFrame({"feature": ["a"], "value": ["1"], "contribution": [push]})
    svg = to_svg(attribution.waterfall(frame, 0.0, push, chances=(0.5, 0.7)))
    found = {said: x for said, (x, _) in texts(svg).items() if "chance" in said}
    assert all(150 < x < 690 for x in found.values())


def test_dependence_of_numbers_and_categories() -> None:
    dots = attribution.dependence(made.number_frame(), feature="x", note="5 rows without a value")
    assert len(dots.data) == 1
    assert dots.layout.xaxis.title.text == "x (5 rows without a value)"
    rows = attribution.dependence(made.category_frame(), feature="x")
    assert list(rows.data[0].y)[::2] == ["UA (5 rows)", "missing (1 row)"]
    assert list(rows.data[0].marker.color) == [theme.UP, theme.DOWN, theme.UP]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda f: attribution.bar(f), "importance picture needs a column 'feature'"),
        (lambda f: attribution.beeswarm(f), "beeswarm needs a column 'feature'"),
        (
            lambda f: attribution.dependence(f, feature="x"),
            "dependence picture needs a column 'value'",
        ),
        (lambda f: attribution.waterfall(f, 0, 1), "waterfall needs a column 'feature'"),
    ],
)
def test_a_missing_column_is_an_error(call, said: str) -> None:
    with pytest.raises(ColumnMissingError, match=said):
        call(pl.DataFrame({"other": [1]}))


def test_a_category_or_trend_without_its_columns_is_an_error() -> None:
    with pytest.raises(ColumnMissingError, match="needs a column 'high'"):
        attribution.dependence(made.category_frame().drop("high"), feature="x")
    with pytest.raises(ColumnMissingError, match="needs a column 'contribution'"):
        attribution.dependence(made.number_frame(), feature="x", trend=pl.DataFrame({"value": [1]}))
