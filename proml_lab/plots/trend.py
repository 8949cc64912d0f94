"""The picture of how values change from period to period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from proml_lab.plots.frames import require
from proml_lab.plots.theme import PALETTE, figure

if TYPE_CHECKING:
    import plotly.graph_objects as go


def trend(frame: pl.DataFrame, *, title: str = "") -> go.Figure:
    """A line of the middle values, a band of the middle nine tenths.

    `frame` has ``period`` (moments), ``q05``, ``middle`` and ``q95``, all null where there are no
    values.
    """
    require(frame, "picture of a trend", "period", "q05", "middle", "q95")
    made = figure(title=title, y="value", height=300)
    periods = [moment.strftime("%Y-%m-%d %H:%M") for moment in frame["period"].to_list()]
    faint = {"color": PALETTE[0], "width": 1, "dash": "dot"}
    made.add_scatter(
        x=periods, y=frame["q95"].to_list(), mode="lines", line=faint, name="95 % lie below"
    )
    made.add_scatter(
        x=periods, y=frame["q05"].to_list(), mode="lines", line={**faint, "dash": "dash"},
        fill="tonexty", fillcolor="rgba(47,102,232,0.12)", name="5 % lie below",
    )  # fmt: skip
    made.add_scatter(
        x=periods, y=frame["middle"].to_list(), mode="lines+markers", name="middle",
        line={"color": PALETTE[0], "width": 2},
        marker={"symbol": "circle", "size": 6, "color": PALETTE[0]},
    )  # fmt: skip
    return made
