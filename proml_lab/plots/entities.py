"""Pictures of random effects: how entities differ, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from proml_lab.plots.frames import require
from proml_lab.plots.theme import INK, PALETTE, figure, text

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW = 16
"""Pixels that one entity takes."""


def caterpillar(frame: pl.DataFrame, *, most: int = 40, scale: str = "raw score") -> go.Figure:
    """A dot an entity with its 95 % interval, the greatest coefficient on top.

    Of more than `most` entities, those at both ends are drawn, as many of each.

    Parameters
    ----------
    frame
        Rows of one term of `RandomEffect.frame`: the entity's columns first, and ``term``,
        ``coefficient``, ``low`` and ``high``.
    most
        How many entities are drawn at most; an even number.
    scale
        What coefficients are measured in.

    Raises
    ------
    ColumnMissingError
        One of these is not in `frame`.
    """
    require(frame, "caterpillar picture", "term", "coefficient", "low", "high")
    columns = frame.columns[: frame.columns.index("term")]
    ranked = frame.sort("coefficient", *columns, descending=[True, *[False] * len(columns)])
    drawn, of = ranked, f"{ranked.height:,} {'entity' if ranked.height == 1 else 'entities'}"
    if ranked.height > most:
        drawn = pl.concat([ranked.head(most // 2), ranked.tail(most // 2)])
        of = f"the {most // 2} at either end of {of}"
    term = ", ".join(frame["term"].unique(maintain_order=True).to_list())
    names = [text(", ".join(map(str, row))) for row in drawn.select(columns).iter_rows()]
    made = figure(
        title=f"{term} by {', '.join(columns)}: {of}",
        x=f"Coefficient and 95 % interval, {scale}",
        height=110 + ROW * max(1, drawn.height),
    )
    made.add_scatter(
        x=drawn["coefficient"].to_list(),
        y=names,
        mode="markers",
        marker={"symbol": "circle", "size": 6, "color": PALETTE[0]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (drawn["high"] - drawn["coefficient"]).to_list(),
            "arrayminus": (drawn["coefficient"] - drawn["low"]).to_list(),
            "color": INK,
            "thickness": 1.3,
            "width": 0,
        },
        showlegend=False,
        hovertemplate="%{y}: %{x:.3g}<extra></extra>",
    )
    made.update_xaxes(zeroline=True)
    return made.update_yaxes(type="category", autorange="reversed")
