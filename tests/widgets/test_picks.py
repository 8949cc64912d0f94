from __future__ import annotations

from typing import Any

import yaml

from proml_lab.spec import ModelSpec
from proml_lab.widgets.picks import Picks, as_python, as_yaml, grouped

PICKED = ["weather.hourly.temp", "fleet.planes.seats", "weather.hourly.wind", "fleet.planes.seats"]


def test_grouped_by_view_in_the_order_of_the_picks() -> None:
    assert grouped(PICKED) == [{"weather.hourly": ["temp", "wind"]}, {"fleet.planes": ["seats"]}]


def test_the_yaml_is_what_a_spec_reads() -> None:
    text = as_yaml(PICKED)
    assert yaml.safe_load(text) == {"features": grouped(PICKED)}
    spec = ModelSpec.parse(f"name: a\nlabel: b\nspine: {{source: c}}\n{text}\n")
    assert list(spec.requested()) == ["weather.hourly", "fleet.planes"]


def test_nothing_picked() -> None:
    assert as_yaml([]) == ""
    assert grouped([]) == []


def test_a_holder_of_picks_says_how_to_use_them() -> None:
    picks = Picks()
    picks.picked = PICKED
    assert picks.features == grouped(PICKED)
    assert picks.spec() == as_yaml(PICKED)


def test_the_python_joins_the_picks() -> None:
    code = as_python(PICKED, "'flights'", cutoff="seen", opened="shop")
    calls: list[tuple[Any, ...]] = []

    class Shop:
        def training_set(self, spine: object, features: object, *, cutoff: str) -> str:
            calls.append((spine, features, cutoff))
            return "joined"

    scope: dict[str, Any] = {"shop": Shop()}
    exec(code, scope)
    assert calls == [("flights", grouped(PICKED), "seen")]
    assert scope["train"] == "joined"
    assert "open_workspace().training_set(\n    rows,\n" in as_python(PICKED, "rows")
