"""What a dataset and a model say of themselves, as text and as HTML."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.plots import html
from proml_lab.plots.cells import column_texts, number
from proml_lab.words import counted

if TYPE_CHECKING:
    from proml_lab.contracts import Dataset
    from proml_lab.model import Model

MOST = 8
"""Warnings that a model's facts list; the table below them has all."""
SCALES = {
    "binary": "the chance that {} is 1",
    "regression": "{}, as a number",
    "count": "{}, as a count",
    "quantile": "a quantile of {}",
    "multiclass": "which class {} is",
}


def dataset(data: Dataset) -> dict[str, str]:
    """Rows, columns by role, label rate, cutoff range, sources, fingerprint, schema."""
    title = f"Dataset: {counted(len(data), 'row')}, {counted(data.frame.width, 'column')}"
    facts = [
        ("label", _label(data)),
        ("entities", ", ".join(data.entities) or "none"),
        ("cutoff", _range(data.frame[data.cutoff]) if data.cutoff else "none: not tied to time"),
        ("features", _features(data)),
        *([("personal", ", ".join(data.personal))] if data.personal else []),
        (
            "sources",
            "; ".join(f"{o.view} ({counted(o.n_rows, 'row')})" for o in data.origins) or "–",
        ),
        ("fingerprint", data.fingerprint),
    ]
    schema = html.details(
        "All columns: type, role, nulls, source", html.table(data.schema, max_rows=200)
    )
    return html.bundle(_plain(title, facts), html.heading(title), html.facts(facts), schema)


def model(fitted: Model) -> dict[str, str]:
    """Learner, task, rows, features, fit time, what to do next."""
    title = f"Model {fitted.name}: {fitted.learner}"
    tested = f"{counted(len(fitted.test), 'row')} held out" if fitted.test else "no held-out rows"
    facts = [
        ("predicts", SCALES[fitted.task].format(fitted.spec.label.column)),
        (
            "fitted on",
            f"{counted(fitted.n_rows, 'row')}, {counted(len(fitted.features), 'feature')}",
        ),
        ("tested on", tested),
        ("took", f"{fitted.fit_s:.1f} s" if fitted.fit_s else "–"),
        ("data", fitted.data),
        *([("stopped", fitted.stopped)] if fitted.stopped else []),
        *([("warnings", _warnings(fitted))] if fitted.warnings else []),
        ("next", "compare scores it on held-out rows, explain says why"),
    ]
    parts = [html.heading(title), html.facts(facts)]
    if fitted.warnings:
        names = {"code": pl.String, "column": pl.String, "words": pl.String, "hint": pl.String}
        told = pl.DataFrame([asdict(one) for one in fitted.warnings], schema=names)
        parts.append(html.details("Warnings", html.table(told, max_rows=200)))
    learnt = html.details("What was learnt", html.table(fitted.summary(), max_rows=50))
    asked = html.details("The spec", html.pre(fitted.spec.to_yaml()))
    return html.bundle(_plain(title, facts), *parts, learnt, asked)


def _warnings(fitted: Model) -> str:
    told = [f"{one.code} {one.words}" for one in fitted.warnings[:MOST]]
    more = len(fitted.warnings) - MOST
    return "; ".join([*told, *([f"and {more:,} more"] if more > 0 else [])])


def _plain(title: str, facts: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in facts)
    return "\n".join([title, *(f"  {name.ljust(width)}  {said}" for name, said in facts)])


def _label(data: Dataset) -> str:
    if not data.label:
        return "none"
    values = data.frame[data.label]
    known = values.drop_nulls()
    gaps = f", {counted(values.null_count(), 'null')}" if values.null_count() else ""
    if not len(known) or not (known.dtype.is_numeric() or known.dtype == pl.Boolean):
        return f"{data.label}, {counted(known.n_unique(), 'value')}{gaps}"
    as_float = known.cast(pl.Float64)
    mean, low, high = float(as_float.sum()) / len(known), as_float.min(), as_float.max()
    if set(as_float.unique().head(3).to_list()) <= {0.0, 1.0}:
        return f"{data.label}, {mean:.1%} are 1{gaps}"
    span = " to ".join(number(float(str(v))) for v in (low, high))
    return f"{data.label}, mean {number(mean)}, from {span}{gaps}"


def _range(moments: pl.Series) -> str:
    known = moments.drop_nulls().sort()
    if not len(known):
        return f"{moments.name}, no value"
    first, last = column_texts(pl.concat([known.head(1), known.tail(1)]))
    return f"{moments.name}, {first} to {last}"


def _features(data: Dataset) -> str:
    kinds = [data.frame.schema[name] for name in data.features]
    n_numbers = sum(kind.is_numeric() for kind in kinds)
    other = len(kinds) - n_numbers
    return (
        f"{len(kinds)}: {counted(n_numbers, 'number')}, {other} of other types" if kinds else "none"
    )
