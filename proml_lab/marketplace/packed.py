"""Checked documents as JSON, and back without checking them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from typing import Any

from proml_lab.document import Document
from proml_lab.marketplace.entity import Entity
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.source.definition import Source
from proml_lab.marketplace.view import Delay, FeatureView, Input
from proml_lab.places import Places, Steps

_KIND = "="
"""In an object of JSON: what it is. Of a plain mapping it says nothing."""
_KINDS: dict[str, type[Document]] = {
    kind.__name__: kind for kind in (FeatureView, Entity, Feature, Source, Input, Delay)
}
_NOWHERE = Places()
Maker = Callable[[], Any]


def pack(document: Document) -> str | None:
    """All that `document` says, in one line; None where that has no exact form in JSON."""
    try:
        return json.dumps(_plain(document), separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError):  # not a value of ours, or a number that JSON cannot say
        return None


def unpack(text: str, places: Places) -> Document:
    """The document of which `text` is what `pack` made; its fields stand at `places`."""
    made: Document = json.loads(text, object_hook=_made)
    made._places = places
    return made


def pack_lines(lines: Mapping[Steps, int]) -> str:
    """The lines of fields: of each how many steps its way begins with those of the one before,
    its other steps, and the line.
    """
    rows: list[list[int | str]] = []
    before: Steps = ()
    for path, line in lines.items():
        same = next(
            (i for i, (a, b) in enumerate(zip(before, path, strict=False)) if a != b),
            min(len(before), len(path)),
        )
        rows.append([same, *path[same:], line])
        before = path
    return json.dumps(rows, separators=(",", ":"))


class Lines(Mapping[Steps, int]):
    """The lines of fields that `pack_lines` packed, read once somebody asks for one."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _lines(self) -> dict[Steps, int]:
        found: dict[Steps, int] = {}
        before: Steps = ()
        for same, *steps, line in json.loads(self._text):
            before = (*before[:same], *steps)
            found[before] = line
        return found

    def __getitem__(self, path: Steps) -> int:
        return self._lines[path]

    def __iter__(self) -> Iterator[Steps]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def _plain(value: object) -> object:
    """`value` in what JSON has; raises TypeError for what it cannot give back as it was."""
    kind = type(value)
    if value is None or kind in (str, bool, int, float):
        return value
    if isinstance(value, tuple) and kind is tuple:
        return {_KIND: "tuple", "of": [_plain(one) for one in value]}
    if isinstance(value, timedelta):
        return {_KIND: "time", "s": [value.days, value.seconds, value.microseconds]}
    if isinstance(value, Document) and _KINDS.get(kind.__name__) is kind:
        fields, given = value.__dict__, value.model_fields_set
        said: dict[str, object] = {_KIND: kind.__name__}
        for name, default in _shape(kind).values.items():
            if name in given:
                said[name] = _plain(fields[name])
            elif fields[name] is not default and fields[name] != _default(kind, name):
                raise TypeError
        return said
    if isinstance(value, dict) and all(type(name) is str and name != _KIND for name in value):
        return {name: _plain(one) for name, one in value.items()}
    raise TypeError


def _made(said: dict[str, Any]) -> object:
    """What an object of JSON stands for, its parts made already."""
    name = said.pop(_KIND, None)
    if name is None:
        return said
    if name == "tuple":
        return tuple(said["of"])
    if name == "time":
        return timedelta(*said["s"])
    shape = _shape(_KINDS[name])
    values, private = shape.values | said, shape.private.copy()
    for field, make in shape.makers:
        if field not in said:
            values[field] = make()
    for field, make in shape.private_makers:
        private[field] = make()
    one = shape.kind.__new__(shape.kind)
    one.__setstate__(
        {
            "__dict__": values,
            "__pydantic_extra__": None,
            "__pydantic_fields_set__": set(said),
            "__pydantic_private__": private,
        }
    )
    return one


@dataclass(frozen=True)
class _Shape:
    """What a document has where nothing is said: values in the order of its fields, what is private
    to it, and what makes those of both that no two documents share.
    """

    kind: type[Document]
    values: dict[str, Any]
    makers: tuple[tuple[str, Maker], ...]
    private: dict[str, Any]
    private_makers: tuple[tuple[str, Maker], ...]


def _default(kind: type[Document], name: str) -> object:
    return kind.model_fields[name].get_default(call_default_factory=True)


@cache
def _shape(kind: type[Document]) -> _Shape:
    fields, private = kind.model_fields, kind.__private_attributes__
    own = {name: one.default for name, one in private.items() if not one.default_factory}
    return _Shape(
        kind,
        {name: field.default for name, field in fields.items()},
        _makers(fields),
        {"_places": _NOWHERE, **own},
        _makers({name: one for name, one in private.items() if name != "_places"}),
    )


def _makers(parts: Mapping[str, Any]) -> tuple[tuple[str, Maker], ...]:
    found = ((name, part.default_factory) for name, part in parts.items())
    return tuple((name, make) for name, make in found if make is not None)
