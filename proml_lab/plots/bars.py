"""Pictures of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from proml_lab.plots.frames import require
from proml_lab.plots.theme import PALETTE, figure, text

if TYPE_CHECKING:
    import plotly.graph_objects as go


def counts(frame: pl.DataFrame, *, title: str = "", what: str = "Count") -> go.Figure:
    """A bar a row, the first on top; `frame` has ``name`` and ``n``, which counts `what`."""
    require(frame, "picture of counts", "name", "n")
    made = figure(title=title, x=what, height=110 + 26 * max(1, frame.height))
    made.add_bar(
        x=frame["n"].to_list(),
        y=[text(name) for name in frame["name"].to_list()],
        orientation="h",
        marker={"color": PALETTE[0]},
        text=[f"{n:,}" for n in frame["n"].to_list()],
        textposition="outside",
        cliponaxis=False,
        showlegend=False,
    )
    most = float(str(frame["n"].max() or 1))
    made.update_xaxes(range=[0, most * 1.12])
    return made.update_yaxes(type="category", autorange="reversed")


def shares(frame: pl.DataFrame, *, title: str = "", what: str = "Share") -> go.Figure:
    """A bar a row, the first on top; `frame` has ``name`` and ``share``, which says `what`."""
    require(frame, "picture of shares", "name", "share")
    made = figure(title=title, x=what, height=110 + 26 * max(1, frame.height))
    made.add_bar(
        x=frame["share"].to_list(),
        y=[text(name) for name in frame["name"].to_list()],
        orientation="h",
        marker={"color": PALETTE[0]},
        text=[f"{share:.2f}" for share in frame["share"].to_list()],
        textposition="outside",
        cliponaxis=False,
        showlegend=False,
    )
    most = float(str(frame["share"].max() or 1))
    made.update_xaxes(range=[0, most * 1.12])
    return made.update_yaxes(type="category", autorange="reversed")
