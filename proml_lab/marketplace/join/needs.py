"""Which columns of its source a view reads, checked before anything is read."""

from __future__ import annotations

from collections.abc import Iterable

from proml_lab.errors import ColumnMissingError, DataError, choose
from proml_lab.marketplace.entity import is_key
from proml_lab.marketplace.view import FeatureView
from proml_lab.places import Steps


def needs(view: FeatureView, features: Iterable[str]) -> list[str]:
    """Columns of the source that `features` of `view` read, keys and times included.

    Raises
    ------
    SourceError
        The source cannot be read.
    ColumnMissingError
        It lacks one of them.
    DataError
        A key has another type than its entity says.
    """
    with view.places.at("source"):
        there = view.table.schema()
    asked: list[tuple[Steps, str, str]] = [
        (("entities", name), f"entity {name!r}", column) for name, column in view.keys.items()
    ]
    if view.event_time:
        asked.append((("event_time",), "event_time", view.event_time))
    if isinstance(view.known_at, str):
        asked.append((("known_at",), "known_at", view.known_at))
    if view.ties:
        asked.append((("ties",), "ties", view.ties))
    for name in features:
        read = view.feature(name).reads(name)
        asked += [(("features", name), f"feature {name!r}", column) for column in read]
    for place, role, column in asked:
        if column not in there:
            with view.places.at(*place):
                raise ColumnMissingError(
                    f"View {view.view!r}: {role} reads column {column!r}, which {view.source} "
                    "lacks.",
                    hint=choose(column, there),
                )
    for name, wanted in view.key_types.items():
        kind = there[view.keys[name]]
        if not is_key(kind, wanted):
            with view.places.at("entities"):
                raise DataError(
                    f"View {view.view!r}: the key {name!r} is {wanted}, as its entity says, but "
                    f"{view.keys[name]!r} of {view.source} is {kind}.",
                    hint="name another column, or cast it where the source is made.",
                )
    return list(dict.fromkeys(column for _, _, column in asked))
