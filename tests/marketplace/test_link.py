"""Views put together: keys of entity kinds, inputs of derived views, successors."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest

from proml_lab.errors import SpecError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.view import FeatureView

ROUTE = """\
entity: route
description: From one airport to another.
keys: {from_: string, to: string}
"""
PLANE = """\
entity: plane
keys: {tailnum: string}
"""
VIEW = """\
view: group.{0}
source: s.parquet
entities: {1}
features: {{x: float}}
"""
DERIVED = """\
view: group.derived
inputs:
  a: group.one.x
features:
  y: {type: float, sql: a + 1}
"""


def read(folder: Path, files: Mapping[str, str]) -> Catalog:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
    return Catalog.read([folder / f"{name}.yaml" for name in files], root=folder)


@pytest.mark.parametrize(
    ("entities", "keys"),
    [
        ("[route]", {"from_": "from_", "to": "to"}),
        ("{route: [a, b]}", {"from_": "a", "to": "b"}),
        ("{route: {to: b, from_: a}}", {"to": "b", "from_": "a"}),
        ("[plane, day]", {"tailnum": "tailnum", "day": "day"}),
        ("{plane: tail}", {"tailnum": "tail"}),
        ("{tailnum: tail}", {"tailnum": "tail"}),
    ],
)
def test_an_entity_brings_its_keys(tmp_path: Path, entities: str, keys: dict[str, str]) -> None:
    files = {"route": ROUTE, "plane": PLANE, "view": VIEW.format("one", entities)}
    view = read(tmp_path, files).view("group.one")
    assert view.keys == keys
    assert list(view.keys) == list(keys)


@pytest.mark.parametrize(
    ("entities", "told"),
    [
        ("{route: a}", "entity 'route' has the keys from_, to: 2 columns are needed, found 1."),
        ("{route: [a, b, c]}", "entity 'route' has the keys from_, to: 2 columns are needed, fo"),
        ("{route: {from_: a}}", "entity 'route' has the keys from_, to; name these."),
        ("{route: {from_: a, to: b, of: c}}", "entity 'route' has the keys from_, to; name these."),
        ("{rout: [a, b]}", "there is no entity 'rout' with several keys; did you mean 'route'?"),
        ("{route: [a, b], to: c}", "the key 'to' is there already."),
    ],
)
def test_keys_that_do_not_fit_the_entity(tmp_path: Path, entities: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, {"route": ROUTE, "view": VIEW.format("one", entities)})
    place, _, said = caught.value.message.partition(": entities.")
    assert place == f"{tmp_path / 'view.yaml'}:3"
    assert said.partition(": ")[2].startswith(told)


def test_a_derived_view_has_the_keys_of_its_inputs(tmp_path: Path) -> None:
    catalog = read(
        tmp_path,
        {
            "derived": """\
                view: group.derived
                inputs:
                  a: group.one.x
                  b: {feature: group.two.x, keys: {dest: a}}
                  c: {feature: group.two.x, keys: {dest: origin}}
                features:
                  y: {type: float, sql: b + c}
                """,
            "one": VIEW.format("one", "[user]"),
            "two": VIEW.format("two", "[dest, day]"),
        },
    )
    derived = catalog.view("group.derived")
    assert derived.keys == {"user": "user", "day": "day", "origin": "origin"}
    assert {name: view.view for name, view in derived.links.items()} == {
        "a": "group.one", "b": "group.two", "c": "group.two"
    }  # fmt: skip


def test_every_mistake_among_views_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read(
            tmp_path,
            {
                "one": VIEW.format("one", "{route: [a, b]}"),
                "derived": """\
                    view: group.derived
                    successor: group.noone
                    inputs:
                      a: group.one.z
                      b: {feature: group.two.x, keys: {dst: a}}
                      cutoff: group.two.x
                    features:
                      y: {type: float, sql: a + b}
                    """,
                "two": VIEW.format("two", "[dest]"),
            },
        )
    lines = [line.removeprefix(str(tmp_path)) for line in caught.value.message.splitlines()]
    assert lines == [
        "/one.yaml:3: entities.route: there is no entity 'route' with several keys; there is none "
        "yet.",
        "/derived.yaml:2: successor: there is no 'group.noone'; did you mean 'group.one' or "
        "'group.two'?",
        "/derived.yaml:4: inputs.a: there is no feature 'group.one.z'; did you mean 'group.one.x' "
        "or 'group.two.x'?",
        "/derived.yaml:5: inputs.b.keys.dst: view 'group.two' has no key 'dst'; did you mean "
        "'dest'?",
        "/derived.yaml:6: inputs.cutoff: cutoff is the moment of the label; call the input "
        "otherwise.",
    ]


def test_views_that_need_each_other(tmp_path: Path) -> None:
    files = {
        "one": "view: g.one\ninputs: {a: g.two.x}\nfeatures: {x: {type: float, column: a}}\n",
        "two": "view: g.two\ninputs: {a: g.three.x}\nfeatures: {x: {type: float, column: a}}\n",
        "three": "view: g.three\ninputs: {a: g.one.x}\nfeatures: {x: {type: float, column: a}}\n",
    }
    with pytest.raises(SpecError) as caught:
        read(tmp_path, files)
    place, _, circle = caught.value.message.partition(": these views need each other: ")
    assert place.endswith(".yaml:2: inputs")
    names = circle.removesuffix(".").split(" → ")
    assert names[0] == names[-1]
    assert set(names) == {"g.one", "g.two", "g.three"}
    for name, needed in pairwise(names):
        assert f"{needed}.x" in files[name.removeprefix("g.")]


def test_inputs_that_need_each_other(tmp_path: Path) -> None:
    derived = """\
        view: group.derived
        inputs:
          a: {feature: group.one.x, keys: {user: b}}
          b: {feature: group.one.x, keys: {user: a}}
        features:
          y: {type: float, sql: a}
        """
    with pytest.raises(SpecError, match=r"derived.yaml:[34]: inputs.[ab]: these inputs need each"):
        read(tmp_path, {"one": VIEW.format("one", "[user]"), "derived": derived})


def test_a_view_keeps_what_its_catalogue_knew(tmp_path: Path) -> None:
    files = {
        "route": ROUTE,
        "one": VIEW.format("one", "{route: [a, b]}"),
        "two": VIEW.format("two", "[k]") + "status: deprecated\nsuccessor: group.one\n",
        "derived": DERIVED,
    }
    catalog = read(tmp_path, files)
    for view in catalog.views:
        (again,) = Catalog((view,)).views
        assert again.keys == view.keys
        assert again.links == view.links
    moved = catalog.view("group.one").model_copy(update={"entities": {"k": "a"}})
    assert Catalog((moved,)).view("group.one").keys == {"k": "a"}


def test_two_of_one_name(tmp_path: Path) -> None:
    files = {"a": ROUTE, "b": ROUTE, "c": VIEW.format("one", "[k]"), "d": VIEW.format("one", "[k]")}
    with pytest.raises(SpecError) as caught:
        read(tmp_path, files)
    assert caught.value.message.splitlines() == [
        f"{tmp_path}/d.yaml:1: view: 'group.one' is also the name of {tmp_path}/c.yaml.",
        f"{tmp_path}/b.yaml:1: entity: 'route' is also the name of {tmp_path}/a.yaml.",
    ]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("successor: group.two", "one.yaml:5: successor: it replaces what is active; set status"),
        ("status: deprecated\nsuccessor: group.to", "one.yaml:6: successor: there is no 'group.to"),
        ("status: deprecated\nsuccessor: group.two", None),
    ],
)
def test_successors(tmp_path: Path, fields: str, told: str | None) -> None:
    files = {
        "one": VIEW.format("one", "[k]") + fields + "\n",
        "two": VIEW.format("two", "[k]"),
    }
    if told is None:
        assert read(tmp_path, files).view("group.one").successor == "group.two"
        return
    with pytest.raises(SpecError) as caught:
        read(tmp_path, files)
    assert told in caught.value.message


def test_the_successor_of_a_feature(tmp_path: Path) -> None:
    view = """\
        view: group.one
        source: s.parquet
        entities: [k]
        features:
          old: {type: float, status: deprecated, successor: group.one.new}
          new: float
          odd: {type: float, successor: group.one.new}
        """
    with pytest.raises(SpecError, match=r"one.yaml:7: features.odd.successor: it replaces what is"):
        read(tmp_path, {"one": view})


def test_views_in_memory_are_told_by_name() -> None:
    one = FeatureView(
        view="g.a", inputs={"x": "g.b.x"}, features={"y": {"type": "float", "sql": "x"}}
    )
    with pytest.raises(SpecError, match=r"^View 'g.a': inputs.x: there is no feature 'g.b.x'"):
        Catalog((one,))
