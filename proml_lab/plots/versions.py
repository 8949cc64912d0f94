"""The picture of a metric over the versions of promoted models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from proml_lab.plots.frames import require
from proml_lab.plots.theme import figure, style, text

if TYPE_CHECKING:
    import plotly.graph_objects as go


def versions(frame: pl.DataFrame, *, metric: str, direction: str = "") -> go.Figure:
    """A line a name: value and interval at each version.

    `frame` has ``name``, ``version``, ``value``, ``low`` and ``high``; the bounds may be null.
    `direction` says which values are better: ``higher``, ``lower``, or nothing.
    """
    require(frame, "picture of versions", "name", "version", "value", "low", "high")
    better = f" ({direction} is better)" if direction else ""
    made = figure(title=f"{metric} by version", x="version", y=f"{metric}{better}", height=340)
    names = frame["name"].unique(maintain_order=True).to_list()
    for i, name in enumerate(names):
        part = frame.filter(pl.col("name") == name).sort("version")
        colour, dash, symbol = style(i)
        made.add_scatter(
            x=[str(version) for version in part["version"]],
            y=part["value"].to_list(),
            name=text(name),
            mode="lines+markers",
            line={"color": colour, "dash": dash},
            marker={"symbol": symbol, "size": 8},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": _distance(part["high"] - part["value"]),
                "arrayminus": _distance(part["value"] - part["low"]),
                "color": colour,
                "thickness": 1.3,
                "width": 3,
            },
            showlegend=len(names) > 1,
            hovertemplate=f"{text(name)}@%{{x}}: %{{y:.4g}}<extra></extra>",
        )
    every = sorted(frame["version"].unique().to_list())
    return made.update_xaxes(
        type="category", categoryorder="array", categoryarray=[str(v) for v in every]
    )


def _distance(values: pl.Series) -> list[float]:
    return values.fill_null(0.0).clip(0.0).to_list()
