"""Pictures of how well models predict: each takes a frame and gives a Plotly figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from proml_lab.plots.agreement import add_bins
from proml_lab.plots.frames import groups, require
from proml_lab.plots.theme import DOWN, INK, UP, figure, style, text

if TYPE_CHECKING:
    import plotly.graph_objects as go

LABELS = ((DOWN, "solid"), (UP, "dash"))


def roc(frame: pl.DataFrame) -> go.Figure:
    """Hits against false alarms; `frame` has ``model``, ``fpr``, ``tpr``, a curve a model."""
    require(frame, "ROC picture", "model", "fpr", "tpr")
    made = figure(
        title="Hits against false alarms (ROC)",
        x="False alarms: share of negatives flagged",
        y="Hits: share of positives found",
        height=430,
    )
    _diagonal(made, "by chance")
    _lines(made, frame, x="fpr", y="tpr")
    return _unit_axes(made)


def precision_recall(frame: pl.DataFrame) -> go.Figure:
    """Precision against recall; `frame` has ``model``, ``recall``, ``precision``."""
    require(frame, "precision-recall picture", "model", "recall", "precision")
    made = figure(
        title="Precision against recall",
        x="Recall: share of positives found",
        y="Precision: share of flags that are right",
        height=430,
    )
    _lines(made, frame, x="recall", y="precision")
    return _unit_axes(made)


def calibration(frame: pl.DataFrame) -> go.Figure:
    """What happened against what was predicted, with intervals, in bins of predicted chance.

    `frame` has ``model``, ``predicted`` and ``observed`` (means in the bin), ``low``, ``high``
    (the interval of `observed`) and ``n``.
    """
    require(frame, "calibration picture", "model", "predicted", "observed", "low", "high", "n")
    made = figure(
        title="Predicted chance against what happened",
        x="Predicted chance",
        y="Share that happened",
        height=430,
    )
    _diagonal(made, "as predicted")
    add_bins(made, frame, hover="predicted %{x:.1%}, happened %{y:.1%}, %{customdata:,} rows")
    top = [frame[name].max() for name in ("predicted", "high", "observed")]
    most = max((float(str(value)) for value in top if value is not None), default=1.0)
    end = min(1.02, max(0.2, most * 1.08))
    made.update_xaxes(range=[-0.01, end], tickformat=".0%")
    made.update_yaxes(range=[-0.01, end], tickformat=".0%")
    return made


def scores(frame: pl.DataFrame) -> go.Figure:
    """How predictions spread for each label, a panel a model: the less overlap, the better.

    `frame` has ``model``, ``label``, and bins from ``left`` to ``right`` with the ``share`` of the
    label's rows that they hold.
    """
    require(frame, "score picture", "model", "label", "left", "right", "share")
    models = groups(frame, "model")
    made = figure(title="Predictions by what happened", height=120 + 170 * max(1, len(models)))
    step = 1.0 / max(1, len(models))
    for i, (model, rows) in enumerate(models):
        number = "" if i == 0 else str(i + 1)
        top = 1.0 - i * step
        last = i == len(models) - 1
        made.update_layout(
            {
                f"yaxis{number}": {
                    "domain": [top - step + (0 if last else 0.16 * step), top - 0.1 * step],
                    "anchor": f"x{number}",
                    "tickformat": ".0%",
                    "rangemode": "tozero",
                    "title": {"text": "Share of rows"},
                },
                f"xaxis{number}": {
                    "anchor": f"y{number}",
                    "showticklabels": last,
                    "title": {"text": "Prediction" if last else ""},
                    "range": [frame["left"].min(), frame["right"].max()],
                },
            }
        )
        made.add_annotation(
            text=text(model), x=1, y=top, xref="paper", yref="paper", showarrow=False,
            xanchor="right", yanchor="top",
        )  # fmt: skip
        for j, (label, bins) in enumerate(groups(rows, "label")):
            ordered = bins.sort("left")
            colour, dash = LABELS[j % len(LABELS)]
            made.add_scatter(
                x=[*ordered["left"].to_list(), *ordered["right"].tail(1).to_list()],
                y=[*ordered["share"].to_list(), *ordered["share"].tail(1).to_list()],
                mode="lines",
                name=text(f"label {label}"),
                legendgroup=str(label),
                showlegend=i == 0,
                line={"color": colour, "dash": dash, "shape": "hv", "width": 2},
                fill="tozeroy",
                fillcolor=_clear(colour),
                xaxis=f"x{number}",
                yaxis=f"y{number}",
            )
    made.update_layout(showlegend=True)
    return made


def _lines(made: go.Figure, frame: pl.DataFrame, *, x: str, y: str) -> None:
    for i, (model, rows) in enumerate(groups(frame, "model")):
        colour, dash, _ = style(i)
        made.add_scatter(
            x=rows[x].to_list(),
            y=rows[y].to_list(),
            mode="lines",
            name=text(model),
            line={"color": colour, "dash": dash, "width": 2},
        )


def _diagonal(made: go.Figure, name: str) -> None:
    made.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name=name,
        line={"color": INK, "dash": "dot", "width": 1.2},
        hoverinfo="skip",
    )


def _unit_axes(made: go.Figure) -> go.Figure:
    made.update_xaxes(range=[0, 1], tickformat=".0%")
    made.update_yaxes(range=[0, 1.01], tickformat=".0%")
    return made.update_layout(showlegend=True)


def _clear(colour: str) -> str:
    """`colour`, ``#rrggbb``, as a light tint."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.14)"
