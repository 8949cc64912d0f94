"""The sections of the browser's detail pane: what is known of one feature, each on its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from proml_lab.contracts import Json

if TYPE_CHECKING:
    from proml_lab.marketplace.know.graph import Node
    from proml_lab.marketplace.know.report import FeatureProfile
    from proml_lab.marketplace.know.usage import Use
    from proml_lab.marketplace.workspace import Workspace

MOST_USES, MOST_IN_LAYER, MOST_SIMILAR = 12, 3, 6


def card(workspace: Workspace, name: str) -> dict[str, Json]:
    """What is said of it without a look at its values."""
    said = workspace.card(name, values=False)
    facts: list[Json] = [[what, text] for what, text in said.facts]
    return {"name": said.name, "about": said.description, "facts": facts, "code": said.code}


def values(workspace: Workspace, name: str) -> Json:
    """The histogram of all values, and what they span in words."""
    from proml_lab.marketplace.know.bins import bins

    one, row = _profile(workspace, name)
    counts, labels = bins(one.total, one.type)
    words = one.total.texts is not None
    first, last = (labels[0], labels[-1]) if labels else ("", "")
    span = (
        (first, f"{one.total.n_distinct:,} values")
        if words
        else (first.partition(" to ")[0], last.rpartition(" to ")[2])
    )
    facts: list[Json] = [
        [what, str(row[what])]
        for what in ("missing", "different", "least", "middle", "greatest", "newest row", "drift")
        if row[what] not in ("", "–")
    ]
    facts.insert(0, ["looked at", f"{one.total.n:,} {one.basis}"])
    drawn: Json = {
        "counts": [round(n) for n in counts],
        "low": span[0].replace("below ", "< "),
        "high": span[1].replace("from ", "≥ "),
        "nulls": one.nulls,
    }
    return {"facts": facts, "bins": drawn}


def over_time(workspace: Workspace, name: str) -> Json:
    """By period: the middle of the values, the middle nine tenths, and the share missing."""
    from proml_lab.marketplace.know.bins import shown

    one, _ = _profile(workspace, name)
    day = "%Y-%m-%d %H:%M" if one.unit == "hour" else "%Y-%m-%d"
    drawable = one.total.texts is None
    periods: list[Json] = []
    ends: list[float] = []
    for start, part in one.periods:
        low, middle, high = part.quantiles([0.05, 0.5, 0.95]).tolist()
        there = drawable and middle == middle
        ends += [low, high] if there else []
        drawn = {"low": low, "middle": middle, "high": high} if there else _NOTHING
        share = part.nulls / part.n if part.n else 1.0
        periods.append({"start": start.strftime(day), "n": part.n, "nulls": share, **drawn})
    return {
        "unit": one.unit or "",
        "periods": periods,
        "least": shown(min(ends), one.type) if ends else "",
        "most": shown(max(ends), one.type) if ends else "",
    }


_NOTHING: dict[str, Json] = {"low": None, "middle": None, "high": None}


def health(workspace: Workspace, name: str) -> Json:
    """The mark and every reason, with why it matters and how to mend it."""
    from proml_lab.marketplace.know.health import health
    from proml_lab.promote.uses import uses

    found = uses(workspace).uses
    (one,) = health(workspace.catalog, found, name, cache=workspace.profiles).features
    reasons: list[Json] = [
        {
            "code": reason.code,
            "title": reason.check.title,
            "seen": reason.seen,
            "why": reason.check.why,
            "mend": reason.check.mend,
        }
        for reason in one.reasons
    ]
    return {"mark": one.mark, "reasons": reasons}


def users(workspace: Workspace, name: str) -> Json:
    """Which artifacts, specs and notebooks use it: those with an alias and the newest first."""
    from proml_lab.promote.uses import uses

    found = uses(workspace)
    mine = [use for use in found.uses if use.key == name]
    mine.sort(key=lambda use: (bool(use.aliases), _when(use)), reverse=True)
    shown: list[Json] = [
        {
            "kind": use.kind,
            "name": f"{use.name} ({', '.join(use.aliases)})" if use.aliases else use.name,
            "who": use.who,
            "when": _when(use),
        }
        for use in mine[:MOST_USES]
    ]
    return {"total": len(mine), "uses": shown, "notes": list(found.notes)}


def _when(use: Use) -> str:
    return f"{use.when:%Y-%m-%d}" if use.when else ""


def lineage(workspace: Workspace, name: str) -> Json:
    """What it comes from and what comes from it, in layers from the sources on."""
    from proml_lab.marketplace.know.lineage import lineage
    from proml_lab.promote.uses import uses

    found = lineage(workspace.catalog, name, uses(workspace).uses)
    layers: list[Json] = []
    more: list[Json] = []
    for layer in found.layers():
        things = sorted(layer, key=lambda node: node != found.node)
        layers.append([_thing(node, here=node == found.node) for node in things[:MOST_IN_LAYER]])
        more.append(max(0, len(things) - MOST_IN_LAYER))
    steps: list[Json] = [[str(edge.start), str(edge.end)] for edge in found.edges]
    return {"layers": layers, "more": more, "steps": steps}


def _thing(node: Node, *, here: bool) -> Json:
    """A box of the picture, with the telling part of its name."""
    match node.kind:
        case "column":
            label = node.name.rpartition(": ")[2]
        case "source" | "notebook" | "spec":
            label = node.name.rpartition("/")[2]
        case "feature":
            label = node.name.rpartition(".")[2]
        case _:
            label = node.name
    return {"kind": node.kind, "label": label, "name": node.name, "here": here}


def similar(workspace: Workspace, name: str) -> Json:
    """Features of the same formula, values or words, each with the reason."""
    from proml_lab.marketplace.find.similar import similar

    found = similar(workspace.catalog, name, index=workspace.index, n=MOST_SIMILAR).found
    rows: list[Json] = [
        {"name": other, "why": why} for other, why in found.select("feature", "why").rows()
    ]
    return {"found": rows}


def _profile(workspace: Workspace, name: str) -> tuple[FeatureProfile, dict[str, object]]:
    """What is known of the values of one feature, and the same in words."""
    from proml_lab.marketplace.know.describe import describe

    report = describe(workspace.catalog, name, cache=workspace.profiles)
    return report.profiles[0], report.table().row(0, named=True)


SECTIONS: dict[str, Callable[[Workspace, str], Json]] = {
    "values": values,
    "time": over_time,
    "health": health,
    "users": users,
    "lineage": lineage,
    "similar": similar,
}
"""What the page may ask of a feature beside its card."""
