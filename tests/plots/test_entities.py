"""The picture of random effects."""

from __future__ import annotations

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError
from proml_lab.plots.entities import caterpillar
from proml_lab.plots.svg import to_svg
from tests.plots.reading import texts


def _frame(n: int) -> pl.DataFrame:
    middle = pl.int_range(n, eager=True).cast(float)
    return pl.DataFrame(
        {
            "carrier": [f"c{k}" for k in range(n)],
            "dest": "BOS",
            "term": "(intercept)",
            "coefficient": middle,
            "low": middle - 1.5,
            "high": middle + 0.5,
        }
    )


def test_the_greatest_is_on_top_with_its_interval() -> None:
    figure = caterpillar(_frame(3))
    (dots,) = figure.data
    assert list(dots.y) == ["c2, BOS", "c1, BOS", "c0, BOS"]
    assert list(dots.x) == [2.0, 1.0, 0.0]
    assert list(dots.error_x.arrayminus) == [1.5] * 3
    assert list(dots.error_x.array) == [0.5] * 3
    assert figure.layout.title.text == "(intercept) by carrier, dest: 3 entities"
    found = texts(to_svg(figure))
    assert found["c2, BOS"][1] < found["c1, BOS"][1] < found["c0, BOS"][1]


def test_of_many_entities_both_ends_are_drawn() -> None:
    figure = caterpillar(_frame(100), most=4)
    assert list(figure.data[0].x) == [99.0, 98.0, 1.0, 0.0]
    assert "the 2 at either end of 100 entities" in figure.layout.title.text
    to_svg(figure)


def test_entities_named_alike_by_signs_of_html_are_text() -> None:
    frame = _frame(1).with_columns(carrier=pl.lit("<b>x</b>"))
    assert "<b>" not in caterpillar(frame).data[0].y[0]


def test_a_frame_without_intervals_is_refused() -> None:
    with pytest.raises(ColumnMissingError, match="caterpillar picture needs a column 'low'"):
        caterpillar(_frame(2).drop("low"))
