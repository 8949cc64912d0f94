"""Lineage: where something comes from and what comes from it, as rows and as a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import polars as pl

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.know.graph import Edge, Graph, Node, graph
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.sensitivity import personal
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

Way = Literal["both", "from", "to"]
WAYS: tuple[Way, ...] = ("both", "from", "to")
WIDTH = 1000
_SCHEMA = dict.fromkeys(("from_kind", "from", "to_kind", "to", "how"), pl.String)
_MOST = 60


@dataclass(frozen=True, eq=False)
class Lineage:
    """The ways that lead to `node` (`before`) and on from it (`after`).

    A `Report`: `frame`, `figure` and a static rich form. `notes` tell which features are personal.
    """

    node: Node
    before: tuple[Edge, ...] = field(repr=False)
    after: tuple[Edge, ...] = field(repr=False)
    graph: Graph = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def edges(self) -> tuple[Edge, ...]:
        """All of them, from the sources to the artifacts."""
        return (*reversed(self.before), *self.after)

    def frame(self) -> pl.DataFrame:
        """One row a step: ``from_kind``, ``from``, ``to_kind``, ``to``, ``how``."""
        rows = [(e.start.kind, e.start.name, e.end.kind, e.end.name, e.how) for e in self.edges]
        return pl.DataFrame(rows, schema=_SCHEMA, orient="row")

    def figure(self) -> go.Figure:
        """The picture: from the left, what it comes from, to the right, what comes from it.

        Columns of a source are drawn where the lineage is of one feature or column; else only the
        sources are.
        """
        from proml_lab.plots.flow import flow

        nodes, shown = self._shown()
        rows = [(str(node), node.kind, self._label(node), node == self.node) for node in nodes]
        schema = {"node": pl.String, "kind": pl.String, "label": pl.String, "here": pl.Boolean}
        steps = [(str(edge.start), str(edge.end)) for edge in shown]
        return flow(
            pl.DataFrame(rows, schema=schema, orient="row"),
            pl.DataFrame(steps, schema={"from": pl.String, "to": pl.String}, orient="row"),
            title=f"Lineage of {self.node.name}",
        )

    def layers(self) -> list[list[Node]]:
        """The things of the picture, each in a layer after all that it comes from."""
        from proml_lab.plots.flow import layers_of

        nodes, shown = self._shown()
        kinds = {str(node): {"kind": node.kind} for node in nodes}
        found = layers_of(kinds, [(str(edge.start), str(edge.end)) for edge in shown])
        layers: list[list[Node]] = [[] for _ in range(1 + max(found.values()))]
        for node in nodes:
            layers[found[str(node)]].append(node)
        return layers

    def _shown(self) -> tuple[list[Node], tuple[Edge, ...]]:
        """What is drawn: the things, and the steps between them."""
        edges = _without_columns(self.edges) if self._leaves_columns_out else self.edges
        ends = (node for edge in edges for node in (edge.start, edge.end))
        return list(dict.fromkeys([*ends, self.node])), edges

    @property
    def _leaves_columns_out(self) -> bool:
        return self.node.kind not in ("feature", "column")

    def _label(self, node: Node) -> str:
        match node.kind:
            case "column":
                return node.name.rpartition(": ")[2]
            case "artifact":
                aliases = self.graph.aliases.get(node.name, ())
                return "<br>".join(filter(None, [node.name, ", ".join(aliases)]))
            case "feature":
                view, _, short = node.name.rpartition(".")
                return f"{short}<br>{view}"
            case "model":
                learner, _, of = node.name.partition(" of ")
                return f"{learner}<br>of {of}"
            case "source" | "notebook" | "spec":
                folder, _, file = node.name.rpartition("/")
                return f"{file}<br>{folder}" if folder else file
        return node.name

    @property
    def title(self) -> str:
        """How much there is, in one line."""
        n, m = len({e.start for e in self.before}), len({e.end for e in self.after})
        return (
            f"{self.node.name} comes from {counted(n, 'thing')} and leads to {counted(m, 'thing')}"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        table = self.frame()
        notes = [html.note(note) for note in self.notes]
        plain = "\n".join([self.title, html.text_table(table, max_rows=_MOST), *self.notes])
        if table.is_empty():
            return html.bundle(plain, html.lead(self.title), *notes)
        said = "From the left what it comes from, to the right what comes from it."
        drawn = html.picture(self.figure(), title=self.title, description=said, width=WIDTH)
        steps = html.table(table, max_rows=_MOST)
        parts = (drawn, html.details("Every step", steps), *notes)
        return html.bundle(plain, html.lead(self.title), *parts)


def lineage(catalog: Catalog, name: str, uses: Iterable[Use] = (), *, way: Way = "both") -> Lineage:
    """Where `name` comes from and what comes from it.

    Parameters
    ----------
    catalog
        Views, features and their sources.
    name
        ``view.feature``, a view, a source, ``source:column``, or what `uses` name: a spec, a
        notebook, ``artifact@version``.
    uses
        As in `usage`.
    way
        ``from``: only what it comes from; ``to``: only what comes from it.

    Raises
    ------
    UnknownNameError
        Nothing is called so.
    """
    whole = graph(catalog, uses)
    node = whole.node(name)
    before = _before(whole, node) if way != "to" else []
    after = whole.from_([node]) if way != "from" else []
    ends = (end.name for edge in (*before, *after) for end in (edge.start, edge.end))
    notes = personal(catalog, [node.name, *ends])
    return Lineage(node, tuple(before), tuple(after), whole, notes)


def _before(whole: Graph, node: Node) -> list[Edge]:
    """The edges that lead to `node`; to a derived view, those that lead to its features."""
    found = whole.to([node])
    if found or node.kind != "view":
        return found
    features = [edge.end for edge in whole.edges if edge.start == node]
    return [edge for edge in whole.to(features) if edge.start != node]


def _without_columns(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """`edges` but those of columns: a source leads to its views, a view to its features."""
    ends = ((edge.start.kind, edge.end.kind) for edge in edges)
    return tuple(e for e, kinds in zip(edges, ends, strict=True) if "column" not in kinds)
