"""Colours and the Plotly template: one look that reads on white and on black."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

PALETTE = ("#2f66e8", "#d67a14", "#0ba39e", "#ad50bd", "#745f1d", "#c42a60")
"""Six colours for series: 3:1 or more on #fff and on #111, and any two of them 20 apart in CIELAB
for people who see all colours and for the three kinds of colour blindness (Machado et al. 2009).
"""
NEUTRAL = "#7a7a7a"
LIGHT = ("#14489a", "#cf6f0a", "#1b9a94", "#c05ed8", "#574a08", "#8a2445", "#666666")
DARK = ("#4a82f5", "#f08418", "#46ddcc", "#c48be0", "#f7dc50", "#cc3c74", "#a0a0a0")
"""The same six and neutral where the page is known, on the same terms."""
DASHES = ("solid", "dash", "dashdot", "longdash", "longdashdot", "dot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
INK = "#797979"
"""Text: 4.3:1 on white and on #111, the most that one colour can have on both."""
RULE = "rgba(128,128,128,0.28)"
UP, DOWN = PALETTE[1], PALETTE[0]
SCALE = ((0.0, "#2f66e8"), (0.5, "#9a6296"), (1.0, "#d9480f"))
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
