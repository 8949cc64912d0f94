"""Pictures of why a model predicts what it predicts: frame in, Plotly figure out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.plots.cells import signed, value_text
from proml_lab.plots.frames import require
from proml_lab.plots.theme import DOWN, INK, NEUTRAL, PALETTE, SCALE, UP, figure, text
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW = 26
"""Pixels that one feature takes."""


def bar(frame: pl.DataFrame, *, scale: str = "raw score") -> go.Figure:
    """A bar a feature, the first on top, as long as its mean push up or down.

    `frame` has ``feature`` and ``importance``, and ``low``, ``high`` where there is an interval;
    `scale` names what contributions are measured in.
    """
    require(frame, "importance picture", "feature", "importance")
    made = figure(
        title="How far each feature moves the prediction",
        x=f"Mean push up or down, {scale}",
        height=110 + ROW * max(1, frame.height),
    )
    error = None
    if {"low", "high"} <= set(frame.columns):
        error = {
            "type": "data",
            "symmetric": False,
            "array": (frame["high"] - frame["importance"]).to_list(),
            "arrayminus": (frame["importance"] - frame["low"]).to_list(),
            "color": INK,
            "thickness": 1.3,
            "width": 3,
        }
    made.add_bar(
        x=frame["importance"].to_list(),
        y=[text(name) for name in frame["feature"].to_list()],
        orientation="h",
        marker={"color": PALETTE[0]},
        error_x=error,
        showlegend=False,
        hovertemplate="%{y}: %{x:.3g}<extra></extra>",
    )
    made.update_xaxes(rangemode="tozero")
    return made.update_yaxes(type="category", autorange="reversed")


def beeswarm(frame: pl.DataFrame, *, scale: str = "raw score") -> go.Figure:
    """A row of dots a feature, the first on top: right pushes up, left pushes down.

    `frame` has ``feature``, ``contribution``, ``offset`` (up or down within the row, -0.5 to 0.5)
    and ``value_scaled`` (0 low to 1 high, null for categories and missing values).
    """
    require(frame, "beeswarm", "feature", "value_scaled", "contribution", "offset")
    names = frame["feature"].unique(maintain_order=True).to_list()
    number = {name: float(i) for i, name in enumerate(names)}
    placed = frame.with_columns(
        y=pl.col("feature").replace_strict(number, return_dtype=pl.Float64) + pl.col("offset")
        if number
        else pl.lit(None, pl.Float64)
    )
    made = figure(
        title="Which values push up, which down",
        x=f"Push on the prediction, {scale}",
        height=110 + ROW * max(1, len(names)),
    )
    known = placed.filter(pl.col("value_scaled").is_not_null())
    other = placed.filter(pl.col("value_scaled").is_null())
    made.add_scatter(
        x=other["contribution"].to_list(),
        y=other["y"].to_list(),
        mode="markers",
        name="category or missing value",
        marker={"color": NEUTRAL, "size": 4},
        showlegend=other.height > 0,
        hoverinfo="x",
    )
    made.add_scatter(
        x=known["contribution"].to_list(),
        y=known["y"].to_list(),
        mode="markers",
        name="number",
        showlegend=False,
        marker={
            "color": known["value_scaled"].to_list(),
            "colorscale": [list(stop) for stop in SCALE],
            "cmin": 0.0,
            "cmax": 1.0,
            "size": 4,
            "showscale": known.height > 0,
            "colorbar": {
                "title": {"text": "value of the feature", "side": "right"},
                "tickvals": [0.0, 1.0],
                "ticktext": ["low", "high"],
                "thickness": 9,
            },
        },
        hoverinfo="x",
    )
    _zero(made)
    made.update_yaxes(
        tickvals=list(number.values()),
        ticktext=[text(name) for name in names],
        range=[len(names) - 0.4, -0.6],
        showgrid=False,
    )
    return made.update_layout(showlegend=other.height > 0)


def dependence(
    frame: pl.DataFrame,
    *,
    feature: str,
    scale: str = "raw score",
    trend: pl.DataFrame | None = None,
    note: str = "",
) -> go.Figure:
    """How a feature's push depends on its value.

    A number or a time: `frame` has a dot a row, ``value`` and ``contribution``; `trend` has the
    same columns, drawn as a line; `note` stands at the axis. A category: a row a value, with
    ``low``, ``high`` (80% of its rows lie between) and ``n``.
    """
    require(frame, "dependence picture", "value", "contribution")
    title = f"How {text(feature)} moves the prediction"
    if "low" in frame.columns:
        return _categories(frame, title, scale)
    about = f"{feature} ({note})" if note else feature
    made = figure(title=title, x=text(about), y=f"Push, {scale}", height=400)
    made.add_scatter(
        x=frame["value"].to_list(),
        y=frame["contribution"].to_list(),
        mode="markers",
        name="a row",
        marker={"color": PALETTE[0], "size": 4, "opacity": 0.55},
    )
    if trend is not None:
        require(trend, "dependence picture", "value", "contribution")
        made.add_scatter(
            x=trend["value"].to_list(),
            y=trend["contribution"].to_list(),
            mode="lines",
            name="mean",
            line={"color": PALETTE[1], "width": 2.5},
        )
    made.add_shape(
        type="line", x0=0, x1=1, y0=0, y1=0, xref="x domain", yref="y",
        line={"color": INK, "width": 1, "dash": "dot"},
    )  # fmt: skip
    return made.update_layout(showlegend=trend is not None)


def waterfall(
    frame: pl.DataFrame,
    base: float,
    total: float,
    *,
    scale: str = "raw score",
    ends: tuple[str, str] = ("average of all rows", "this row"),
    chances: tuple[float, float] | None = None,
) -> go.Figure:
    """From the average score `base` to a row's score `total`, feature by feature.

    `frame` has ``feature``, ``value`` (text, or null where there is none to show) and
    ``contribution``, in the order drawn; contributions sum to ``total - base``. `chances` are the
    probabilities at both ends, where the score is a log-odds.
    """
    require(frame, "waterfall", "feature", "value", "contribution")
    pushes = [float(push) for push in frame["contribution"].to_list()]
    starts = list(accumulate(pushes, initial=base))[:-1]
    labels = [
        text(name if value is None else f"{name} = {value_text(value)}")
        for name, value in zip(frame["feature"].to_list(), frame["value"].to_list(), strict=True)
    ]
    first, last = (text(end) for end in ends)
    made = figure(
        title="What moves this prediction",
        x=scale.capitalize(),
        height=120 + ROW * (len(pushes) + 2),
    )
    made.add_bar(
        y=labels,
        x=pushes,
        base=starts,
        orientation="h",
        marker={"color": [UP if push >= 0 else DOWN for push in pushes]},
        text=[signed(push) for push in pushes],
        textposition="outside",
        cliponaxis=False,
        showlegend=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    chance = [f", a chance of {p:.1%}" for p in chances] if chances else ["", ""]
    made.add_scatter(
        x=[base, total],
        y=[first, last],
        mode="markers",
        marker={"color": INK, "symbol": "diamond", "size": 9},
        showlegend=False,
        hoverinfo="x",
    )
    low, high = min(base, total, *starts), max(base, total, *starts)
    room = (high - low) or 1.0
    right = (low + high) / 2 >= base
    for at, name, said in ((base, first, chance[0]), (total, last, chance[1])):
        left_half = at < (low + high) / 2 or (at == base and right)
        made.add_annotation(
            x=at, y=name, xref="x", yref="y", showarrow=False,
            text=f"{at:.2f}{said}".replace("-", "−"),
            xanchor="left" if left_half else "right", xshift=9 if left_half else -9,
        )  # fmt: skip
    made.add_shape(
        type="line", x0=base, x1=base, y0=0, y1=1, xref="x", yref="y domain",
        line={"color": INK, "width": 1, "dash": "dot"},
    )  # fmt: skip
    made.update_xaxes(range=[low - 0.16 * room, high + 0.16 * room])
    return made.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=[first, *labels, last],
        autorange="reversed",
    )


def _categories(frame: pl.DataFrame, title: str, scale: str) -> go.Figure:
    require(frame, "dependence picture", "high", "n")
    names = [
        text(f"{value_text(value)} ({counted(n, 'row')})")
        for value, n in zip(frame["value"].to_list(), frame["n"].to_list(), strict=True)
    ]
    made = figure(
        title=title,
        x=f"Mean push, {scale}; whiskers hold 80% of the rows",
        height=110 + ROW * max(1, frame.height),
    )
    pushes: Sequence[float] = frame["contribution"].to_list()
    made.add_scatter(
        x=pushes,
        y=names,
        mode="markers",
        showlegend=False,
        marker={"color": [UP if push >= 0 else DOWN for push in pushes], "size": 9},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (frame["high"] - frame["contribution"]).to_list(),
            "arrayminus": (frame["contribution"] - frame["low"]).to_list(),
            "color": INK,
            "thickness": 1.3,
            "width": 3,
        },
    )
    _zero(made)
    return made.update_yaxes(
        type="category", categoryorder="array", categoryarray=names, autorange="reversed"
    )


def _zero(made: go.Figure) -> None:
    """A line where nothing is pushed."""
    made.add_shape(
        type="line", x0=0, x1=0, y0=0, y1=1, xref="x", yref="y domain",
        line={"color": INK, "width": 1, "dash": "dot"},
    )  # fmt: skip
