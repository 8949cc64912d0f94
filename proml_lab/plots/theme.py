"""Colours and the Plotly template: one look that reads on white and on black."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

PALETTE = ("#2b7bba", "#d1660a", "#0f8f73", "#a45fc0", "#a87b00", "#d1495b", "#7a7a7a")
"""Seven colours, told apart with any common colour blindness; 3:1 or more on #fff and on #111."""
LIGHT = ("#1f6aa5", "#b8560a", "#0b7a62", "#8e44ad", "#8a6500", "#b8384a", "#666666")
DARK = ("#5aa9e6", "#f0913a", "#2cc4a0", "#c48de0", "#d8ab2b", "#f0788a", "#a0a0a0")
"""The same colours where the page is known: PALETTE[i] is drawn as LIGHT[i] or as DARK[i]."""
DASHES = ("solid", "dash", "dashdot", "longdash", "longdashdot", "dot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
INK = "#797979"
"""Text: 4.3:1 on white and on #111, the most that one colour can have on both."""
RULE = "rgba(128,128,128,0.28)"
UP, DOWN, NEUTRAL = PALETTE[1], PALETTE[0], PALETTE[6]
SCALE = ((0.0, "#2b7bba"), (0.5, "#9268a6"), (1.0, "#d9480f"))
"""Low to high values: blue, purple, orange; every step reads on white and on #111."""


def figure(*, title: str = "", x: str = "", y: str = "", height: int | None = None) -> go.Figure:
    """An empty figure in the house template, with its title and axis titles."""
    import plotly.graph_objects as go

    made = go.Figure()
    made.update_layout(template=template(), title_text=text(title), height=height)
    made.update_xaxes(title_text=text(x))
    made.update_yaxes(title_text=text(y))
    return made


def template() -> go.layout.Template:
    """Transparent background, mid-grey text and rules, our palette."""
    import plotly.graph_objects as go

    axis = {
        "gridcolor": RULE,
        "linecolor": INK,
        "zerolinecolor": INK,
        "zeroline": False,
        "automargin": True,
        "title": {"standoff": 8},
    }
    return go.layout.Template(
        layout={
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": INK, "size": 13, "family": "system-ui, sans-serif"},
            "title": {
                "font": {"size": 17, "weight": 600},
                "pad": {"t": 12},
                "x": 0,
                "xref": "paper",
                "y": 1,
                "yanchor": "top",
                "yref": "container",
            },
            "colorway": list(PALETTE),
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 60, "r": 24, "t": 66, "b": 52},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "hoverlabel": {"bgcolor": "#333333", "font": {"color": "#ffffff"}},
        }
    )


def style(i: int) -> tuple[str, str, str]:
    """(colour, line dash, marker symbol) of the i-th series: never told by colour alone."""
    return PALETTE[i % len(PALETTE)], DASHES[i % len(DASHES)], SYMBOLS[i % len(SYMBOLS)]


def text(value: object) -> str:
    """`value` as Plotly shows it to the letter: Plotly reads a little HTML in any text."""
    return html.escape(str(value), quote=False)
