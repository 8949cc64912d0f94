from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError
from proml_lab.plots import curves
from proml_lab.plots.svg import to_svg
from tests.plots import conftest as made
from tests.plots.reading import texts


@pytest.mark.parametrize(
    ("draw", "frame", "chance"),
    [
        (curves.roc, made.curve_frame("fpr", "tpr"), True),
        (curves.precision_recall, made.curve_frame("recall", "precision"), False),
        (curves.calibration, made.calibration_frame(), True),
    ],
)
def test_models_differ_by_more_than_colour(
    draw: Callable[[pl.DataFrame], go.Figure], frame: pl.DataFrame, chance: bool
) -> None:
    lines = draw(frame).data
    looks = {(line.line.dash, line.marker.symbol) for line in lines}
    assert len(looks) == len(lines) == frame["model"].n_unique() + chance


def test_a_curve_holds_the_frame_as_it_is() -> None:
    frame = made.curve_frame("fpr", "tpr").filter(pl.col("model") == "linear")
    line = curves.roc(frame).data[-1]
    assert list(line.x) == frame["fpr"].to_list()
    assert list(line.y) == frame["tpr"].to_list()
    assert line.name == "linear"


def test_names_are_shown_to_the_letter() -> None:
    svg = to_svg(curves.roc(made.curve_frame("fpr", "tpr")))
    assert made.NASTY in texts(svg)


def test_calibration_whiskers_are_the_interval() -> None:
    frame = made.calibration_frame().filter(pl.col("model") == "trees")
    line = curves.calibration(frame).data[-1]
    high = [a + b for a, b in zip(line.y, line.error_y.array, strict=True)]
    low = [a - b for a, b in zip(line.y, line.error_y.arrayminus, strict=True)]
    assert high == pytest.approx(frame["high"].to_list())
    assert low == pytest.approx(frame["low"].to_list())


def test_calibration_axes_hold_small_chances_large() -> None:
    small = made.calibration_frame().with_columns(
        pl.col("predicted", "observed", "low", "high") / 100
    )
    assert curves.calibration(small).layout.xaxis.range[1] < 0.3


def test_scores_have_a_panel_a_model_and_steps_over_bins() -> None:
    figure = curves.scores(made.score_frame())
    assert {trace.yaxis for trace in figure.data} == {"y", "y2"}
    first = figure.data[0]
    assert first.line.shape == "hv"
    assert first.x[-1] == pytest.approx(1.0)
    assert first.y[-1] == first.y[-2]
    assert len({trace.line.dash for trace in figure.data[:2]}) == 2
    assert [trace.showlegend for trace in figure.data] == [True, True, False, False]
    panels = [figure.layout.yaxis.domain, figure.layout.yaxis2.domain]
    assert panels[0][0] > panels[1][1]


@pytest.mark.parametrize(
    "draw", [curves.roc, curves.precision_recall, curves.calibration, curves.scores]
)
def test_a_missing_column_is_an_error(draw: Callable[[pl.DataFrame], go.Figure]) -> None:
    with pytest.raises(ColumnMissingError, match="picture needs a column"):
        draw(pl.DataFrame({"model": ["a"]}))
