"""The picture of a metric over versions."""

from __future__ import annotations

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError
from proml_lab.plots.svg import to_svg
from proml_lab.plots.versions import versions

FRAME = pl.DataFrame(
    {
        "name": ["a", "a", "b"],
        "version": [2, 1, 10],
        "value": [0.7, 0.6, 0.5],
        "low": [0.65, None, 0.4],
        "high": [0.8, None, 0.6],
    }
)


def test_a_line_a_name_with_its_interval() -> None:
    figure = versions(FRAME, metric="auc", direction="higher")
    first, second = figure.data
    assert list(first.x) == ["1", "2"]
    assert list(first.y) == [0.6, 0.7]
    assert list(first.error_y.array) == pytest.approx([0.0, 0.1])
    assert list(first.error_y.arrayminus) == pytest.approx([0.0, 0.05])
    assert list(second.x) == ["10"]
    assert list(figure.layout.xaxis.categoryarray) == ["1", "2", "10"]
    assert figure.layout.yaxis.title.text == "auc (higher is better)"
    assert "auc by version" in to_svg(figure)


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(ColumnMissingError, match="picture of versions"):
        versions(FRAME.drop("low"), metric="auc")
