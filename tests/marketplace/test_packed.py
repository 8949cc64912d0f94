"""What is packed comes back as it was, to the type of each value and the line of each field."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from proml_lab import document
from proml_lab.document import Document
from proml_lab.marketplace.entity import Entity
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.packed import Lines, pack, pack_lines, unpack
from proml_lab.marketplace.view import FeatureView
from proml_lab.places import Places

RICH = """
view: shop.rich
description: "a tab\\t, a line\\nend, \\u00fc, \\x1c and ="
tags: [a, b]
mute: {FH041: known}
source: {path: s.csv, separator: ";", nulls: ["", NA], time_zone: Europe/Berlin}
entities: {place: [x, y], who: person, other: {a: b}}
event_time: at
known_at: {delay: 1d1s}
time_to_live: 90d
features:
  plain: float
  whole: {type: integer, default: 3}
  part: {type: float, default: 3}
  yes: {type: boolean, default: true}
  many: {type: "list[float]", default: [1.5, 2]}
  none: {type: "list[float]", default: []}
  far: {type: float, sql: "a - 1e-300", mute: {FH021: so}}
  kinds:
    type: integer
    aggregate: count
    window: all
    by: {column: kind, values: [red, 2, true]}
  middle: {type: float, aggregate: quantile, q: 0.5, of: a, window: 1w2d, slide: 1h, limit: 5}
"""
PLAIN = "view: shop.small\nsource: s.parquet\nentities: [id]\nfeatures: {a: float}\n"
DERIVED = """
view: shop.both
inputs: {a: shop.small.a, b: {feature: shop.small.a, keys: {id: other}}}
features:
  c: {type: float, sql: a + b}
"""
KIND = "entity: place\nkeys: {x: integer, y: string}\ntags: [where]\n"
TEXTS: dict[str, tuple[str, type[Document]]] = {
    "rich": (RICH.replace("  yes:", "  sure:"), FeatureView),
    "plain": (PLAIN, FeatureView),
    "derived": (DERIVED, FeatureView),
    "kind": (KIND, Entity),
}


def exact(value: object) -> object:
    """`value` with its type, and those of everything in it."""
    if isinstance(value, Document):
        said: dict[str, Any] = value.__dict__
        private = sorted((value.__pydantic_private__ or {}).items())
        return type(value), exact(said), value.model_fields_set, exact(private)
    if isinstance(value, dict):
        return type(value), [(name, exact(one)) for name, one in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [exact(one) for one in value]
    return type(value), value


@pytest.mark.parametrize("name", TEXTS)
def test_a_document_comes_back_as_it_was(name: str) -> None:
    text, kind = TEXTS[name]
    was = document.parse(text, kind, name="f.yaml")
    said = pack(was)
    assert said is not None
    assert said.isascii()
    assert not {"\n", "\t"} & {*said}
    places = Places("f.yaml", Lines(pack_lines(was.places.lines)))
    found = unpack(said, places)
    assert exact(found) == exact(was)
    assert found == was
    assert found.model_dump_json() == was.model_dump_json()
    assert [*found.places.lines.items()] == [*was.places.lines.items()]
    assert len(found.places.lines) == len(was.places.lines)
    assert found.places.line(("nothing",)) == 1
    if isinstance(was, FeatureView):
        assert isinstance(found, FeatureView)
        assert (found.digest, found.meaning) == (was.digest, was.meaning)
        linked = found.at(Path("root")).linked({"id": "id"}, {}, {})
        assert linked.keys == {"id": "id"}
        assert found.keys == was.keys


def test_documents_share_nothing_that_can_change() -> None:
    said = pack(document.parse(PLAIN, FeatureView, name="f.yaml"))
    assert said is not None
    one, other = unpack(said, Places()), unpack(said, Places())
    assert isinstance(one, FeatureView)
    assert isinstance(other, FeatureView)
    for name in ("mute", "inputs", "entities", "_databases", "_keys", "_links"):
        assert getattr(one, name) is not getattr(other, name)
    assert one.features["a"].mute is not other.features["a"].mute
    assert one.features["a"].model_copy(update={"unit": "s"}).unit == "s"


def test_a_copy_that_was_changed_is_packed_as_it_is() -> None:
    was = Feature(type="float").model_copy(update={"unit": "s"})
    said = pack(was)
    assert said == '{"=":"Feature","type":"float","unit":"s"}'
    assert exact(unpack(said, Places())) == exact(was)


@pytest.mark.parametrize(
    ("field", "value"),
    [("mute", {"=": "x"}), ("default", float("nan")), ("unit", b"s"), ("tags", ["list"])],
)
def test_what_has_no_exact_form_is_not_packed(field: str, value: object) -> None:
    assert pack(Feature(type="float").model_copy(update={field: value})) is None


def test_a_value_that_nobody_gave_is_not_lost() -> None:
    odd = Feature(type="float")
    odd.__dict__["window"] = timedelta(1)
    assert pack(odd) is None
