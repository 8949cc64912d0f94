"""What comes from what: sources, columns, views, features, and whatever is made of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from proml_lab.errors import unknown
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.view import FeatureView

Kind = Literal[
    "source", "column", "view", "feature", "spec", "notebook", "dataset", "model", "artifact"
]
_NAMED: tuple[Kind, ...] = ("feature", "view", "source", "column", "artifact", "spec", "notebook")
"""In what order a name is looked up."""


@dataclass(frozen=True, order=True)
class Node:
    """One thing; a column is called ``source: column``."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Edge:
    """`end` comes from `start`; `how` says in a word or two what it takes of it."""

    start: Node
    end: Node
    how: str


@dataclass(frozen=True, eq=False)
class Graph:
    """All edges of a workspace. `aliases` are those of its artifacts, by ``name@version``."""

    edges: tuple[Edge, ...]
    aliases: Mapping[str, tuple[str, ...]]

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every thing that is at the end of an edge."""
        return tuple(dict.fromkeys(node for edge in self.edges for node in (edge.start, edge.end)))

    @cached_property
    def _after(self) -> dict[Node, list[Edge]]:
        found: dict[Node, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.start, []).append(edge)
        return found

    @cached_property
    def _before(self) -> dict[Node, list[Edge]]:
        found: dict[Node, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.end, []).append(edge)
        return found

    @cached_property
    def in_use(self) -> frozenset[Node]:
        """Specs, notebooks, artifacts with an alias, and all that one of these comes from.

        So a derived feature is in use where somebody uses it, not because it is there.
        """
        used = {
            node
            for node in self.nodes
            if node.kind in ("spec", "notebook")
            or (node.kind == "artifact" and self.aliases.get(node.name))
        }
        return frozenset(used | {edge.start for edge in self.to(used)})

    def node(self, name: str) -> Node:
        """The thing called `name`: ``view.feature``, a view, a source, ``source: column``, a spec.

        ``source:column`` and the newest version of an artifact's bare name are found too.

        Raises
        ------
        UnknownNameError
            Nothing is called so; the hint gives the nearest names.
        """
        by_kind = {kind: {n.name: n for n in self.nodes if n.kind == kind} for kind in _NAMED}
        spaced = ": ".join(part.strip() for part in name.rsplit(":", 1))
        for kind in _NAMED:
            for text in (name, spaced):
                if text in by_kind[kind]:
                    return by_kind[kind][text]
        versions = [n for key, n in by_kind["artifact"].items() if key.partition("@")[0] == name]
        if versions:
            return max(versions, key=lambda node: int(node.name.rpartition("@")[2]))
        raise unknown("feature, view, source or artifact", name, [n.name for n in self.nodes])

    def from_(self, starts: Iterable[Node]) -> list[Edge]:
        """Every edge on a way that leads on from `starts`, the nearest first."""
        return _walk(starts, self._after, lambda edge: edge.end)

    def to(self, ends: Iterable[Node]) -> list[Edge]:
        """Every edge on a way that leads to `ends`, the nearest first."""
        return _walk(ends, self._before, lambda edge: edge.start)


def graph(catalog: Catalog, uses: Iterable[Use] = ()) -> Graph:
    """What the features of `catalog` come from, and what `uses` make of them."""
    found: dict[Edge, None] = {}
    aliases: dict[str, tuple[str, ...]] = {}
    for view in _with_versions(catalog.views):
        found |= dict.fromkeys(_of_view(view))
    for use in uses:
        found |= dict.fromkeys(_of_use(use))
        if use.kind == "artifact":
            aliases[use.name] = use.aliases
    return Graph(tuple(found), aliases)


def _with_versions(views: Iterable[FeatureView]) -> Iterator[FeatureView]:
    """The views, and the published versions that they are derived from."""
    for view in views:
        yield view
        yield from _with_versions(one for one in view.links.values() if "@" in one.view)


def column(source: object, name: str) -> Node:
    """The column `name` of a source."""
    return Node("column", f"{source}: {name}")


def _of_view(view: FeatureView) -> Iterator[Edge]:
    me = Node("view", view.view)
    source = Node("source", str(view.source)) if view.source else None
    if source:
        yield Edge(source, me, "rows")
        for name, role in _rows(view):
            yield Edge(source, column(view.source, name), "holds")
            yield Edge(column(view.source, name), me, role)
    for name, feature in view.features.items():
        end = Node("feature", f"{view.view}.{name}")
        yield Edge(me, end, "holds")
        if source is None:
            for other, how in _inputs(view, name):
                yield Edge(Node("feature", other), end, how)
            continue
        for read in feature.reads(name):
            yield Edge(source, column(view.source, read), "holds")
            yield Edge(column(view.source, read), end, feature.formula(name))


def _rows(view: FeatureView) -> Iterator[tuple[str, str]]:
    """(column, role) of what tells the rows of a source apart."""
    yield from ((name, "key") for name in view.keys.values())
    if view.event_time:
        yield view.event_time, "event time"
    if isinstance(view.known_at, str):
        yield view.known_at, "known at"
    if view.ties:
        yield view.ties, "decides ties"


def _inputs(view: FeatureView, name: str) -> Iterator[tuple[str, str]]:
    """(feature, how) of the inputs that a derived feature needs, those that are keys too."""
    feature = view.features[name]
    todo = [(one, feature.formula(name)) for one in feature.reads(name)]
    seen: set[str] = set()
    while todo:
        one, how = todo.pop(0)
        if one not in view.inputs or one in seen:
            continue
        seen.add(one)
        yield view.inputs[one].feature, how
        todo += [(key, f"key of {one}") for key in view.inputs[one].keys.values()]


def _of_use(use: Use) -> Iterator[Edge]:
    feature = Node("feature", use.key)
    if use.kind != "artifact":
        yield Edge(feature, Node(use.kind, use.name), "asks for")
        return
    data = Node("dataset", use.dataset[:12] or f"data of {use.name}")
    model = Node("model", f"{use.learner or 'model'} of {use.name}")
    artifact = Node("artifact", use.name)
    yield Edge(feature, data, "column")
    yield Edge(data, model, "fitted on")
    yield Edge(model, artifact, "promoted as")
    if use.notebook:
        yield Edge(Node("notebook", use.notebook), artifact, "promoted as")


def _walk(
    nodes: Iterable[Node], edges: Mapping[Node, list[Edge]], other: Callable[[Edge], Node]
) -> list[Edge]:
    todo, seen, found = deque(nodes), set[Node](), []
    while todo:
        node = todo.popleft()
        if node in seen:
            continue
        seen.add(node)
        for edge in edges.get(node, []):
            found.append(edge)
            todo.append(other(edge))
    return found
