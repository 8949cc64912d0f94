"""Impact: what breaks if a source, a column, a view or a feature changes or goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import polars as pl

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.know.graph import Graph, Node, graph
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.publish.changes import Change
from proml_lab.marketplace.sensitivity import personal
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

Effect = Literal["breaks", "changes"]
_TOLD = ("view", "feature", "spec", "notebook", "artifact")
_HOW = {
    "view": "reads it",
    "feature": "is computed from it",
    "spec": "asks for it",
    "notebook": "asks for it",
    "artifact": "was trained on it",
}
_SCHEMA = dict.fromkeys(("cause", "what", "effect", "kind", "name", "how", "aliases"), pl.String)
_MOST = 100


@dataclass(frozen=True)
class Cause:
    """Something that changes or goes.

    `what` says so in words; `renewed`: under a new version, so that nothing breaks in secret.
    """

    node: Node
    what: str
    effect: Effect = "breaks"
    renewed: bool = False


@dataclass(frozen=True)
class Hit:
    """Something that a `cause` reaches: a view, feature, spec, notebook or artifact.

    `counts`: whether it is in use, see `graph.Graph.in_use`.
    """

    cause: Cause
    node: Node
    aliases: tuple[str, ...] = ()
    counts: bool = True

    @property
    def how(self) -> str:
        """What it has to do with the cause."""
        alone = "has no alias" if self.node.kind == "artifact" else "nothing uses it"
        return _HOW[self.node.kind] + ("" if self.counts else f", and {alone}")


@dataclass(frozen=True, eq=False)
class Impact:
    """What `causes` reach. A `Report`: `frame`, `figure` and a static rich form.

    `hits` come in the order of the causes; `notes` tell of files that could not be read.
    """

    causes: tuple[Cause, ...]
    hits: tuple[Hit, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing that is in use is reached, or only by changes under a new version."""
        return not any(hit.counts and not hit.cause.renewed for hit in self.hits)

    @property
    def title(self) -> str:
        """The verdict, in one line."""
        names = ", ".join(dict.fromkeys(cause.node.name for cause in self.causes[:3]))
        more = f" and {len(self.causes) - 3} more" if len(self.causes) > 3 else ""
        if not self.causes:
            return "Nothing changes that others could depend on"
        if not self.hits:
            return f"Nothing depends on {names}{more}"
        n = len({hit.node for hit in self.hits})
        used = len({hit.node for hit in self.hits if hit.counts})
        depend = "depends" if n == 1 else "depend"
        if used == n:
            return f"{counted(n, 'thing')} in use {depend} on {names}{more}"
        of_them = f"{used} of them" if used else "not" if n == 1 else "none of them"
        return f"{counted(n, 'thing')} {depend} on {names}{more}, {of_them} in use"

    def frame(self) -> pl.DataFrame:
        """One row a hit: ``cause``, ``what`` happens to it, ``effect`` (breaks, changes), ``kind``
        (view, feature, spec, notebook, artifact) and ``name`` of what is hit, ``how``,
        ``aliases``.
        """
        rows = [
            (hit.cause.node.name, hit.cause.what, hit.cause.effect, hit.node.kind, hit.node.name,
             hit.how, ", ".join(hit.aliases))
            for hit in self.hits
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=_SCHEMA, orient="row")

    def figure(self) -> go.Figure:
        """How many things of each kind are reached."""
        from proml_lab.plots.bars import counts

        nodes = dict.fromkeys(hit.node for hit in self.hits)
        rows = [(f"{kind}s", sum(n.kind == kind for n in nodes)) for kind in _TOLD]
        schema = {"name": pl.String, "n": pl.Int64}
        frame = pl.DataFrame([row for row in rows if row[1]], schema=schema, orient="row")
        return counts(frame, title=self.title, what="things")

    def __str__(self) -> str:
        lines = [self.title]
        for cause in self.causes:
            hits = [hit for hit in self.hits if hit.cause is cause]
            if not hits:
                continue
            version = ", in a new version" if cause.renewed else ""
            lines.append(f"  {cause.node.name} {cause.what}{version}")
            for hit in hits[:_MOST]:
                aliases = f" ({', '.join(hit.aliases)})" if hit.aliases else ""
                lines.append(f"    {hit.node}{aliases} {hit.how}")
            if len(hits) > _MOST:
                lines.append(f"    and {len(hits) - _MOST} more")
        return "\n".join([*lines, *self.notes])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        notes = [html.note(note) for note in self.notes]
        if not self.hits:
            return html.bundle(str(self), html.lead(self.title), *notes)
        many = ("cause", "what", "effect") if len(self.causes) > 1 else ()
        named = ("aliases",) if any(hit.aliases for hit in self.hits) else ()
        table = self.frame().select("kind", "name", *named, "how", *many)
        return html.bundle(str(self), html.table(table, caption=self.title, max_rows=_MOST), *notes)


def impact(
    catalog: Catalog, name: str, uses: Iterable[Use] = (), *, notes: Iterable[str] = ()
) -> Impact:
    """What breaks if `name` changes or goes.

    Parameters
    ----------
    catalog
        Views, features and their sources.
    name
        ``view.feature``, a view, a source, or ``source:column``.
    uses
        As in `usage`; uses of a published version are left out: it never changes.
    notes
        Handed on to the report.

    Raises
    ------
    UnknownNameError
        Nothing is called so.
    """
    whole = graph(catalog, [use for use in uses if not use.pinned])
    cause = Cause(whole.node(name), "changes or goes")
    found = tuple(hits(whole, cause))
    told = personal(catalog, [cause.node.name, *(hit.node.name for hit in found)])
    return Impact((cause,), found, (*notes, *told))


def hits(whole: Graph, cause: Cause) -> Iterator[Hit]:
    """What a cause reaches; the features of a view that changes are a part of it, and not told."""
    edges = whole.from_([cause.node])
    for node in sorted(
        {edge.end for edge in edges}, key=lambda one: (_order(one), one.kind, one.name)
    ):
        own = cause.node.kind == "view" and node.name.rpartition(".")[0] == cause.node.name
        if node.kind in _TOLD and not (own and node.kind == "feature"):
            aliases = whole.aliases.get(node.name, ())
            yield Hit(cause, node, aliases, counts=node in whole.in_use)


def caused(view: str, change: Change, *, renewed: bool = False) -> Cause:
    """What a change of the view called `view` does; `renewed`: under a new version.

    What goes breaks whatever version it goes in.
    """
    goes = change.field == "feature"
    name = f"{view}.{change.feature}" if change.feature else view
    return Cause(
        Node("feature" if change.feature else "view", name),
        change.what if goes else f"changes: {change.what}",
        "breaks" if goes else "changes",
        renewed=renewed and not goes,
    )


def _order(node: Node) -> int:
    return _TOLD.index(node.kind) if node.kind in _TOLD else len(_TOLD)
