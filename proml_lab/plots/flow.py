"""The picture of what comes from what: boxes in layers from left to right, lines between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl

from proml_lab.plots.frames import require
from proml_lab.plots.paint import fit
from proml_lab.plots.theme import INK, NEUTRAL, PALETTE, figure, text

if TYPE_CHECKING:
    import plotly.graph_objects as go

Step = tuple[str, str]
_WIDTH = 1000
_SLOT = 44
_MOST = 12
_HALF_WIDTH, _HALF_HEIGHT = 0.41, 0.40
_COLOURS = {
    "source": NEUTRAL, "column": NEUTRAL, "view": PALETTE[0], "feature": PALETTE[2],
    "spec": PALETTE[4], "notebook": PALETTE[4], "dataset": PALETTE[3], "model": PALETTE[1],
    "artifact": PALETTE[5],
}  # fmt: skip


def flow(nodes: pl.DataFrame, steps: pl.DataFrame, *, title: str = "") -> go.Figure:
    """Boxes and lines, each thing to the right of all that it comes from.

    `nodes` has ``node``, ``kind``, ``label`` (lines by ``<br>``) and ``here``, true for the one
    that the picture is about; `steps` has ``from`` and ``to``, nodes both, and no circle. Of a
    layer with more than twelve boxes the last one stands for the rest.
    """
    require(nodes, "picture of a flow", "node", "kind", "label", "here")
    require(steps, "picture of a flow", "from", "to")
    rows = {row["node"]: row for row in nodes.to_dicts()}
    pairs = list(dict.fromkeys(steps.select("from", "to").iter_rows()))
    layers = layers_of(rows, pairs)
    rows, pairs, layers = _gathered(rows, pairs, layers)
    n_layers = 1 + max(layers.values(), default=0)
    chains = [_chain(pair, layers) for pair in pairs]
    places = _places(layers, chains)
    most = max((abs(y) for _, y in places.values()), default=0.0)
    made = figure(title=title, height=round(110 + _SLOT * (2 * most + 1)))
    made.add_scatter(
        **_lines(chains, places), mode="lines", hoverinfo="skip", showlegend=False,
        line={"color": INK, "width": 1}, opacity=0.55,
    )  # fmt: skip
    room = _WIDTH / n_layers * 2 * _HALF_WIDTH - 12
    for name, row in rows.items():
        x, y = places[name]
        made.add_shape(**_box(x, y, row["kind"], here=row["here"]))
        made.add_annotation(
            x=x, y=y, xref="x", yref="y", showarrow=False, text=_label(row["label"], room)
        )
    for layer, kinds in enumerate(_kinds(rows, layers, n_layers)):
        made.add_annotation(
            x=layer, y=most + 0.85, xref="x", yref="y", showarrow=False,
            text=fit(kinds, room + 12),
        )  # fmt: skip
    plain: dict[str, Any] = {"visible": False, "fixedrange": True}
    made.update_xaxes(range=[-0.5, n_layers - 0.5], **plain)
    return made.update_yaxes(range=[-most - 0.6, most + 1.1], **plain)


def layers_of(rows: Mapping[str, Any], pairs: Iterable[Step]) -> dict[str, int]:
    """Each node's layer: one past the last that it comes from; a lone start is next to its end.

    `rows` tells the ``kind`` of each node: a ``source`` stays first.
    """
    before: dict[str, list[str]] = {name: [] for name in rows}
    after: dict[str, list[str]] = {name: [] for name in rows}
    for start, end in pairs:
        before[end].append(start)
        after[start].append(end)
    found: dict[str, int] = {}
    waiting = {name: len(starts) for name, starts in before.items()}
    todo = [name for name, n in waiting.items() if not n]
    for name in todo:
        found[name] = 1 + max((found[one] for one in before[name]), default=-1)
        for end in after[name]:
            waiting[end] -= 1
            if not waiting[end]:
                todo.append(end)
    for name, layer in found.items():
        if not before[name] and after[name] and rows[name]["kind"] != "source":
            found[name] = max(layer, min(found[end] for end in after[name]) - 1)
    return found


def _gathered(
    rows: Mapping[str, Any], pairs: Iterable[Step], layers: Mapping[str, int]
) -> tuple[dict[str, Any], list[Step], dict[str, int]]:
    """The same with what is too much of a layer made one box."""
    stands: dict[str, str] = {}
    kept: dict[str, Any] = {}
    for layer in sorted(set(layers.values())):
        names = [name for name in rows if layers[name] == layer]
        names.sort(key=lambda name: not rows[name]["here"])
        few = names if len(names) <= _MOST else names[: _MOST - 1]
        kept |= {name: rows[name] for name in few}
        stands |= {name: name for name in few}
        if rest := names[len(few) :]:
            more = f"\0{layer}"
            label = f"and {len(rest)} more"
            kept[more] = {"kind": rows[rest[0]]["kind"], "label": label, "here": False}
            stands |= dict.fromkeys(rest, more)
    merged = dict.fromkeys((stands[start], stands[end]) for start, end in pairs)
    return kept, [*merged], {stands[name]: layer for name, layer in layers.items()}


def _chain(pair: Step, layers: Mapping[str, int]) -> list[tuple[int, str]]:
    """(layer, what stands there) from the start of a step to its end, empty places between."""
    start, end = pair
    between = range(layers[start] + 1, layers[end])
    passing = [(layer, f"\0{start}\0{end}\0{layer}") for layer in between]
    return [(layers[start], start), *passing, (layers[end], end)]


def _places(
    layers: Mapping[str, int], chains: Iterable[list[tuple[int, str]]]
) -> dict[str, tuple[int, float]]:
    """(layer, height) of everything, in an order in which few lines cross."""
    levels: dict[int, dict[str, None]] = {}
    for name, layer in layers.items():
        levels.setdefault(layer, {})[name] = None
    beside: dict[tuple[str, int], list[str]] = {}
    for chain in chains:
        for (layer, name), (following, other) in pairwise(chain):
            levels.setdefault(layer, {})[name] = None
            levels.setdefault(following, {})[other] = None
            beside.setdefault((name, 1), []).append(other)
            beside.setdefault((other, -1), []).append(name)
    at: dict[str, float] = {}
    orders = {layer: [*names] for layer, names in levels.items()}
    for names in orders.values():
        _spread(names, at)
    for way in (-1, 1, -1, 1, -1):
        for layer in sorted(orders, reverse=way > 0):
            orders[layer].sort(key=lambda name: _middle(beside.get((name, way), []), at, name))
            _spread(orders[layer], at)
    return {name: (layer, at[name]) for layer, names in orders.items() for name in names}


def _spread(names: list[str], at: dict[str, float]) -> None:
    """Heights one apart around zero, the first on top."""
    for i, name in enumerate(names):
        at[name] = (len(names) - 1) / 2 - i


def _middle(others: list[str], at: Mapping[str, float], name: str) -> float:
    """Minus the mean height of what a thing is tied to, or of itself."""
    heights = [at[other] for other in others] or [at[name]]
    return -sum(heights) / len(heights)


def _lines(
    chains: Iterable[list[tuple[int, str]]], places: Mapping[str, tuple[int, float]]
) -> dict[str, list[float | None]]:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for chain in chains:
        for i, (layer, name) in enumerate(chain):
            ends = ([layer - _HALF_WIDTH] if i else []) + (
                [layer + _HALF_WIDTH] if i < len(chain) - 1 else []
            )
            xs += ends
            ys += [places[name][1]] * len(ends)
        xs.append(None)
        ys.append(None)
    return {"x": xs, "y": ys}


def _box(x: float, y: float, kind: str, *, here: bool) -> dict[str, Any]:
    colour = _COLOURS.get(kind, NEUTRAL)
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return {
        "type": "rect",
        "x0": x - _HALF_WIDTH,
        "x1": x + _HALF_WIDTH,
        "y0": y - _HALF_HEIGHT,
        "y1": y + _HALF_HEIGHT,
        "line": {"color": colour, "width": 3 if here else 1.5},
        "fillcolor": f"rgba({red},{green},{blue},{0.18 if here else 0.04})",
    }


def _label(said: str, room: float) -> str:
    return "<br>".join(text(fit(line, room)) for line in said.split("<br>"))


def _kinds(rows: Mapping[str, Any], layers: Mapping[str, int], n_layers: int) -> list[str]:
    """What the boxes of each layer are, in words."""
    found: list[dict[str, None]] = [{} for _ in range(n_layers)]
    for name, row in rows.items():
        found[layers[name]][row["kind"]] = None
    return [", ".join(kinds) for kinds in found]
