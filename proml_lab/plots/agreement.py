"""The picture of predicted against observed values: what calibration is for labels that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from proml_lab.plots.frames import groups, require
from proml_lab.plots.theme import INK, figure, style, text

if TYPE_CHECKING:
    import plotly.graph_objects as go


def agreement(frame: pl.DataFrame, *, quantile: float | None = None) -> go.Figure:
    """Observed against predicted means with intervals, a line a model, on the label's own scale.

    `frame` has ``model``, ``predicted`` and ``observed`` (means in a bin of predictions), ``low``,
    ``high`` (the interval of `observed`) and ``n``. With `quantile`, ``observed`` is that one.
    """
    require(frame, "agreement picture", "model", "predicted", "observed", "low", "high", "n")
    made = figure(
        title="Predicted against what happened",
        x="Predicted, mean of the bin",
        y=f"Observed, {'mean' if quantile is None else f'quantile {quantile:g}'} of the bin",
        height=430,
    )
    ends = [frame["predicted"].min(), frame["predicted"].max()]
    made.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        name="as predicted",
        line={"color": INK, "dash": "dot", "width": 1.2},
        hoverinfo="skip",
    )
    add_bins(made, frame, hover="predicted %{x:.4g}, observed %{y:.4g}, %{customdata:,} rows")
    return made.update_layout(showlegend=True)


def add_bins(made: go.Figure, frame: pl.DataFrame, *, hover: str) -> None:
    """Each model's bins of ``predicted`` and ``observed`` with bars from ``low`` to ``high``.

    `hover` is Plotly's template of what a bin says.
    """
    for i, (model, rows) in enumerate(groups(frame, "model")):
        colour, dash, symbol = style(i)
        made.add_scatter(
            x=rows["predicted"].to_list(),
            y=rows["observed"].to_list(),
            customdata=rows["n"].to_list(),
            error_y={
                "type": "data",
                "symmetric": False,
                "array": (rows["high"] - rows["observed"]).to_list(),
                "arrayminus": (rows["observed"] - rows["low"]).to_list(),
                "color": colour,
                "thickness": 1.2,
                "width": 3,
            },
            mode="lines+markers",
            name=text(model),
            line={"color": colour, "dash": dash, "width": 2},
            marker={"color": colour, "symbol": symbol, "size": 7},
            hovertemplate=hover,
        )
