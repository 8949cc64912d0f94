"""All that is said of one feature, on one card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.duration import show_duration
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.view import Delay, FeatureView

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True, eq=False)
class FeatureCard:
    """A feature in words: `facts` are (what, text), the most telling first.

    `values` are what its values look like, a row of `know.profile.profile`; None where nobody
    looked. `code` joins it to a spine.
    """

    name: str
    description: str
    facts: tuple[tuple[str, str], ...]
    code: str
    values: pl.DataFrame | None = field(default=None, repr=False)

    def __str__(self) -> str:
        width = max(len(what) for what, _ in self.facts)
        lines = [f"  {what:<{width}}  {text}" for what, text in self.facts]
        about = [f"  {self.description}"] if self.description else []
        return "\n".join([self.name, *about, "", *lines, "", *_indented(self.code)])

    def frame(self) -> pl.DataFrame:
        """Two columns, ``fact`` and ``text``."""
        return pl.DataFrame(self.facts, schema=["fact", "text"], orient="row")

    def figure(self) -> go.Figure:
        """How many of the moments that were asked about had each value."""
        from proml_lab.plots.bars import counts

        bins = pl.DataFrame(schema={"name": pl.String, "n": pl.Int64})
        if self.values is not None:
            row = self.values.row(0, named=True)
            bins = pl.DataFrame({"name": row["labels"], "n": row["bins"]}, schema=bins.schema)
        return counts(bins, title=f"Values of {self.name}", what="Moments")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        parts = [html.heading(self.name)]
        parts += [html.lead(self.description)] if self.description else []
        parts.append(html.facts(self.facts))
        if self.values is not None and self.values["bins"].list.len().item():
            said = f"What {self.name} was at {self.values['n_asked'].item():,} moments."
            parts.append(html.picture(self.figure(), title="Values", description=said))
        parts.append(html.details("Python that joins it", html.pre(self.code)))
        return html.bundle(str(self), *parts)


def card(
    view: FeatureView, name: str, *, values: pl.DataFrame | None = None, empty: bool = False
) -> FeatureCard:
    """The card of feature `name` of `view`; `values` are rows of its profile, and none are to be
    had where it is `empty`.

    Raises
    ------
    UnknownNameError
        The view has no such feature.
    """
    feature = view.feature(name)
    row = values.filter(pl.col("feature") == name) if values is not None else None
    unit = f", in {feature.unit}" if feature.unit else ""
    facts = [
        ("is", f"{feature.type}{unit}"),
        ("of", " and ".join(view.entities or view.keys)),
        ("made by", view.formula(name)),
        ("seen", _seen(view, name)),
        ("where there is none", _absent(feature)),
        *(_looks(row) if row is not None else []),
        ("values", "none: no row of its source has a key and a time" if empty else ""),
        ("owner", view.owner_of(name)),
        ("tags", ", ".join(view.tags_of(name))),
        ("sensitivity", view.sensitivity_of(name)),
        ("status", _status(view, name)),
        ("source", _source(view)),
        ("defined in", _file(view)),
    ]
    code = (
        "from proml_lab import open_workspace\n\n"
        f"open_workspace().training_set(spine, [{view.view + '.' + name!r}]"
        f"{', cutoff=…' if view.timed else ''})"
    )
    told = tuple((what, text) for what, text in facts if text)
    return FeatureCard(f"{view.view}.{name}", view.about(name), told, code, row)


def _seen(view: FeatureView, name: str) -> str:
    """Which rows a label sees, in words."""
    feature, key = view.feature(name), " and ".join(view.keys)
    if view.inputs:
        return "as its inputs are"
    if view.event_time is None:
        several = f", that with the greatest {view.ties}" if view.ties else ""
        return f"always: one row for each {key}{several}"
    if isinstance(view.known_at, Delay):
        known = f"known {show_duration(view.known_at.delay)} after {view.event_time}"
    elif view.known_at:
        known = f"known at {view.known_at}"
    else:
        known = f"known at once, at {view.event_time}"
    if feature.aggregate:
        return f"rows of the {key}, {known}"
    if view.ties:
        known += f"; of several at once, that with the greatest {view.ties}"
    old = f", while not older than {show_duration(view.time_to_live)}" if view.time_to_live else ""
    return f"the newest row of the {key}, {known}{old}"


def _absent(feature: Feature) -> str:
    """What stands where a label sees nothing."""
    if feature.default is not None:
        return str(feature.default)
    return "0" if feature.aggregate in ("count", "distinct") else "null"


def _looks(row: pl.DataFrame) -> list[tuple[str, str]]:
    found = row.row(0, named=True)
    span = f"{found['low']} to {found['high']}, middle {found['middle']}"
    often = f"most often {found['middle']}" if found["middle"] else "none"
    return [
        ("looked at", f"{found['n_asked']:,} moments of {found['n_rows']:,} rows"),
        ("values", span if found["low"] else often),
        ("different values", f"{found['n_distinct']:,}"),
        ("missing", f"{found['nulls']:.1%}"),
    ]


def _status(view: FeatureView, name: str) -> str:
    successor = view.feature(name).successor or view.successor
    version = f"version {view.version}, {view.status_of(name)}"
    return f"{version}; use {successor} instead" if successor else version


def _source(view: FeatureView) -> str:
    if view.source is not None:
        return str(view.source)
    return ", ".join(dict.fromkeys(wanted.feature for wanted in view.inputs.values()))


def _file(view: FeatureView) -> str:
    """The file of the view, as the workspace names it."""
    path, root = view.path, view.root
    inside = path is not None and root is not None and path.is_relative_to(root)
    return str(path.relative_to(root)) if path and root and inside else str(path or "")


def _indented(text: str) -> list[str]:
    return [f"    {line}" if line else "" for line in text.splitlines()]
