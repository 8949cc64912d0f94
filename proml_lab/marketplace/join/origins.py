"""What a training set was made of: one origin for each view that was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256

from proml_lab.contracts import Origin
from proml_lab.marketplace.join.answers import Answers
from proml_lab.marketplace.join.request import Pick
from proml_lab.marketplace.source import Table
from proml_lab.marketplace.view import FeatureView


def origins(answers: Answers, chosen: Iterable[Pick]) -> list[Origin]:
    """Where the columns came from: the views that were asked, then those that they read."""
    by_view: dict[str, list[Pick]] = {}
    for pick in chosen:
        if pick.view:
            by_view.setdefault(pick.view.view, []).append(pick)
    contents = {name: answers.content(view) for name, view in answers.sources.items()}
    found = []
    for name in dict.fromkeys([*by_view, *answers.sources]):
        view, columns = (answers.views | answers.sources)[name], by_view.get(name, [])
        seen = answers.seen(name)
        origin = Origin(
            view=name,
            source=str(view.source or "other views"),
            fingerprint=contents.get(name) or _together(contents),
            n_rows=answers.n_rows(view) if view.source else answers.spine.height,
            columns=tuple(pick.name for pick in columns),
            query="; ".join(f"{pick.name}: {view.formula(pick.feature)}" for pick in columns),
            types=_types(view.table, answers.read(view)) if view.source else {},
            until=answers.until if view.timed else None,
            version=view.version,
            meaning=meaning(view),
            features={pick.name: pick.feature for pick in columns},
            n_seen=seen.n_rows if seen else None,
            seen=seen.digest() if seen else "",
        )
        found.append(origin)
    return found


def meaning(view: FeatureView) -> str:
    """Hex digits of what decides the view's values: its own meaning, and those of its inputs."""
    if not view.inputs:
        return view.meaning
    return _together({name: meaning(other) for name, other in view.links.items()}, view.meaning)


def types_of(schema: Mapping[str, object]) -> dict[str, str]:
    """{column: its Polars type, as text}."""
    return {name: str(kind) for name, kind in schema.items()}


def _types(table: Table, read: Iterable[str]) -> dict[str, str]:
    """The types of the columns that the fingerprint is of."""
    types = types_of(table.schema())
    return types if table.state is not None else {name: types[name] for name in read}


def _together(contents: Mapping[str, str], *more: str) -> str:
    """One fingerprint for several."""
    return sha256(" ".join(sorted([*contents.values(), *more])).encode()).hexdigest()[:32]
