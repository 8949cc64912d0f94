"""The picture of values by period."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from proml_lab.plots.svg import to_svg
from proml_lab.plots.trend import trend


def test_the_middle_and_a_band_around_it() -> None:
    frame = pl.DataFrame(
        {
            "period": [datetime(2024, month, 1, tzinfo=UTC) for month in (1, 2, 3)],
            "q05": [1.0, None, 2.0],
            "middle": [2.0, None, 3.0],
            "q95": [4.0, None, 5.0],
        }
    )
    figure = trend(frame, title="x by month")
    assert [list(trace.y) for trace in figure.data] == [
        frame[name].to_list() for name in ("q95", "q05", "middle")
    ]
    drawn = to_svg(figure)
    assert "x by month" in drawn
    assert "middle" in drawn
