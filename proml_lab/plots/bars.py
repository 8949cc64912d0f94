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
    return _bars(frame["name"], frame["n"], "{:,}", title=title, what=what)


def shares(frame: pl.DataFrame, *, title: str = "", what: str = "Share") -> go.Figure:
    """A bar a row, the first on top; `frame` has ``name`` and ``share``, which says `what`."""
    require(frame, "picture of shares", "name", "share")
    return _bars(frame["name"], frame["share"], "{:.2f}", title=title, what=what)


def _bars(names: pl.Series, sizes: pl.Series, form: str, *, title: str, what: str) -> go.Figure:
    """Bars of `sizes`, each with its size as `form` writes it."""
    made = figure(title=title, x=what, height=110 + 26 * max(1, len(names)))
    made.add_bar(
        x=sizes.to_list(),
        y=[text(name) for name in names.to_list()],
        orientation="h",
        marker={"color": PALETTE[0]},
        text=[form.format(size) for size in sizes.to_list()],
        textposition="outside",
        cliponaxis=False,
        showlegend=False,
    )
    most = float(str(sizes.max() or 1))
    made.update_xaxes(range=[0, most * 1.12])
    return made.update_yaxes(type="category", autorange="reversed")
