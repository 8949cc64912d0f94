from __future__ import annotations

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError
from proml_lab.plots.agreement import agreement
from proml_lab.plots.svg import to_svg


def test_each_model_is_a_line_with_intervals_beside_the_diagonal() -> None:
    frame = pl.DataFrame(
        {
            "model": ["a", "a", "<b>"],
            "predicted": [1.0, 30.0, 5.0],
            "observed": [2.0, 25.0, 6.0],
            "low": [1.5, 20.0, 6.0],
            "high": [2.5, 31.0, 6.0],
            "n": [10, 12, 1],
        }
    )
    figure = agreement(frame)
    diagonal, a, b = figure.data
    assert list(diagonal.x) == list(diagonal.y) == [1.0, 30.0]
    assert list(a.error_y.array) == [0.5, 6.0]
    assert list(a.error_y.arrayminus) == [0.5, 5.0]
    assert b.name == "&lt;b&gt;"
    assert "Predicted against what happened" in to_svg(figure)
    assert "Observed, quantile 0.9 of the bin" in to_svg(agreement(frame, quantile=0.9))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ColumnMissingError, match="agreement picture needs a column 'model'"):
        agreement(pl.DataFrame({"x": [1]}))
