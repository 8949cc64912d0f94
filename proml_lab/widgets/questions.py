"""Questions of the feature browser: ``{id, kind, payload}`` in, ``{id, payload or error}`` out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from proml_lab.contracts import Json
from proml_lab.errors import ProMLError, UsageError, unknown
from proml_lab.marketplace.find.knowledge import pictures
from proml_lab.marketplace.find.report import MEANING
from proml_lab.marketplace.know.healthreport import mark_of
from proml_lab.marketplace.know.kept import last_word
from proml_lab.marketplace.know.report import ago

if TYPE_CHECKING:
    from proml_lab.marketplace.find.search import Kept, Sort
    from proml_lab.marketplace.know.kept import Looked
    from proml_lab.marketplace.workspace import Workspace

PAGE = 50
"""Rows of one answer, at most."""
LONGEST = 200
"""Letters of a search that are looked at."""
MARKED = {"status": "active", "sensitivity": "internal"}
"""What is told of a feature only where it differs from what is usual."""
FACETS = ("entity", "type", "owner", "tag", "view", "source", "status", "sensitivity", "unit",
          "freshness", "used_by")  # fmt: skip
CHOICES = 50
"""Values of one facet that are sent, at most: the most frequent, and the one that is chosen."""


Question = Callable[["Workspace", Mapping[str, object]], Json]
"""Answers one kind of question: the workspace and the payload in, the payload of the reply out."""


def answer(
    workspace: Workspace, message: object, more: Mapping[str, Question] | None = None
) -> dict[str, Json] | None:
    """The reply to one message of the page; None to what is not a question.

    ``search`` takes ``text``, ``kept`` (facet to value), ``start`` and ``sort`` and gives
    ``total``, at most 50 ``rows`` from `start` on, and ``facets``, at most 50 values of each;
    ``rows`` is the same without facets. ``bins`` takes at most
    50 ``names`` of features and gives the ``counts`` of each, what they span (``low``, ``high``)
    and the share of ``nulls``. `more` are questions of other kinds.
    """
    if not isinstance(message, Mapping) or not isinstance(message.get("id"), str):
        return None
    known = {"search": _search, "rows": _rows, "bins": _bins, **(more or {})}
    kind, payload = message.get("kind"), message.get("payload")
    try:
        if kind not in known:
            raise unknown("kind of question", str(kind), known)
        if not isinstance(payload, Mapping):
            raise UsageError(f"The question {kind!r} has no payload.")
        return {"id": message["id"], "payload": known[kind](workspace, payload)}
    except ProMLError as error:
        return {"id": message["id"], "error": str(error)}


def _search(workspace: Workspace, payload: Mapping[str, object]) -> Json:
    text, kept = _asked(payload)
    facets = workspace.facets(text, index=workspace.asked_index, **kept)
    choices = {name: _choices(getattr(facets, name), kept.get(name)) for name in FACETS}
    return {**_rows(workspace, payload), "facets": choices}


def _rows(workspace: Workspace, payload: Mapping[str, object]) -> dict[str, Json]:
    text, kept = _asked(payload)
    start, sort = payload.get("start"), str(payload.get("sort", "relevance"))
    start = start if isinstance(start, int) and start > 0 else 0
    found = workspace.search(text, sort=cast("Sort", sort), index=workspace.asked_index, **kept)
    page = found.page(start, PAGE)
    seen = pictures(workspace.profiles, found.index, found.rows[start : start + PAGE])
    rows = [
        _row({**row, "age": age}, one)
        for row, age, one in zip(page.to_dicts(), found.ages(start, PAGE), seen, strict=True)
    ]
    return {"total": len(found), "rows": cast("Json", rows)}


def _asked(payload: Mapping[str, object]) -> tuple[str, Kept]:
    """The words and the chosen facets."""
    given = payload.get("kept")
    items = given.items() if isinstance(given, Mapping) else ()
    kept = {name: str(value) for name, value in items if name in FACETS}
    return str(payload.get("text", ""))[:LONGEST], cast("Kept", kept)


def _choices(counts: Mapping[str, int], chosen: object) -> Json:
    """The first of a facet's values, and the chosen one, with their counts."""
    return [
        {"value": value, "count": n}
        for i, (value, n) in enumerate(counts.items())
        if i < CHOICES or value == chosen
    ]


def _row(row: Mapping[str, Json], seen: Looked | None) -> Json:
    """What the list shows of one feature: null and "" where nobody looked."""
    kept = ("type", "owner", "description", "tags", "entities", "formula", "unit", "freshness")
    marks = [str(row[name]) for name, usual in MARKED.items() if row[name] != usual]
    marks += ["by meaning"] if row.get(MEANING) else []
    used, health, age = (cast("float | None", row[name]) for name in ("usage", "health", "age"))
    return {
        "name": f"{row['view']}.{row['feature']}",
        **{name: row[name] for name in kept},
        "mark": ", ".join(marks),
        "used": None if used is None else round(used),
        "health": None if health is None else mark_of(health),
        "age": "" if age is None else ago(timedelta(seconds=age)),
        "nulls": seen.nulls if seen else None,
        "bins": json.loads(seen.bars) if seen else None,
        "low": seen.low if seen else "",
        "high": seen.high if seen else "",
    }


def _bins(workspace: Workspace, payload: Mapping[str, object]) -> Json:
    from proml_lab.marketplace.know.profile import profile

    names = payload.get("names")
    if not isinstance(names, Sequence) or isinstance(names, str) or len(names) > PAGE:
        raise UsageError(f"Bins are given for at most {PAGE} features at a time.")
    catalog = workspace.catalog
    wanted: dict[str, list[str]] = {}
    for name in map(str, names):
        catalog.feature(name)
        view, _, feature = name.rpartition(".")
        wanted.setdefault(view, []).append(feature)
    drawn: dict[str, Json] = {}
    for view, features in wanted.items():
        frame = profile(catalog.view(view), cache=workspace.profiles)
        rows = {row["feature"]: row for row in frame.to_dicts()}
        drawn |= {f"{view}.{feature}": _drawn(rows[feature]) for feature in features}
    return drawn


def _drawn(row: Mapping[str, object]) -> Json:
    """One feature's little histogram, and the words below it."""
    labels = [str(label) for label in cast("list[object]", row["labels"])]
    span = "", ""
    if labels and row["low"] is None:
        span = labels[0], last_word(labels, cast("int", row["n_distinct"]))
    elif labels:
        first, last = labels[0].partition(" to ")[0], labels[-1].rpartition(" to ")[2]
        span = first.replace("below ", "< "), last.replace("from ", "≥ ")
    return {
        "counts": row["bins"] or [],  # type: ignore[dict-item]
        "low": span[0],
        "high": span[1],
        "nulls": row["nulls"],  # type: ignore[dict-item]
    }
