"""Pictures of cross-validation: a metric in each fold, and what leaks from training to test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from proml_lab.plots.frames import require
from proml_lab.plots.theme import INK, PALETTE, figure, text

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW = 30
"""Pixels that one check takes."""


def folds(frame: pl.DataFrame, *, metric: str) -> go.Figure:
    """A dot a fold, and a dotted line at their mean; `frame` has ``fold`` and ``value``."""
    require(frame, "picture of folds", "fold", "value")
    known = frame.filter(pl.col("value").is_not_null()).sort("fold")
    names = [str(fold) for fold in known["fold"].to_list()]
    made = figure(title=f"{metric} in each fold", x="Fold", y=metric, height=320)
    if known.height:
        mean = float(known["value"].to_numpy().mean())
        made.add_scatter(
            x=names, y=[mean] * len(names), mode="lines", name="mean", hoverinfo="skip",
            line={"color": INK, "dash": "dot", "width": 1.2},
        )  # fmt: skip
    made.add_scatter(
        x=names, y=known["value"].to_list(), mode="markers", name="fold",
        marker={"color": PALETTE[0], "symbol": "circle", "size": 9},
        hovertemplate="fold %{x}: %{y:.4g}<extra></extra>",
    )  # fmt: skip
    return made.update_xaxes(type="category")


def concerned(frame: pl.DataFrame) -> go.Figure:
    """A bar a check, as long as the share of test rows that it concerns.

    `frame` has ``code``, ``subject`` and ``share`` (0 to 1).
    """
    require(frame, "picture of leaks", "code", "subject", "share")
    names = [f"{row['code']} {row['subject']}" for row in frame.to_dicts()]
    made = figure(
        title="Test rows that are concerned", x="Share of the test rows",
        height=110 + ROW * max(1, frame.height),
    )  # fmt: skip
    made.add_bar(
        x=frame["share"].to_list(), y=[text(name) for name in names], orientation="h",
        marker={"color": PALETTE[1]}, showlegend=False,
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
    made.update_xaxes(rangemode="tozero", tickformat=".0%")
    return made.update_yaxes(type="category", autorange="reversed")
