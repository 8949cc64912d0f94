from __future__ import annotations

import pytest

from proml_lab.marketplace.publish.changes import Change
from proml_lab.marketplace.publish.uses import Use, harmed, uses
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.publish.conftest import RAIN, SPEC

TEXT = RAIN.replace("owner", "source: s.parquet\nowner")


@pytest.mark.parametrize(
    ("asked", "features"),
    [
        ("shop.rain", [""]),
        ("shop.rain.rain", ["rain"]),
        ("shop.rain: [rain]", ["rain"]),
        ("shop.rain: {wet: rain}", ["rain"]),
        ("shop.rain@1", []),
        ("shop.rain@1: [rain]", []),
        ("shop.rainbow, spine: [rain]", []),
    ],
)
def test_a_spec_uses_what_it_asks_for(place: Workspace, asked: str, features: list[str]) -> None:
    (place.root / "models").mkdir()
    (place.root / "models" / "s.proml.yaml").write_text(SPEC.format(asked))
    found = uses(place, place.catalog, "shop.rain")
    assert [use.feature for use in found] == features
    assert all(str(use) == "models/s.proml.yaml" for use in found)


def test_a_derived_view_uses_its_inputs(place: Workspace) -> None:
    features = place.root / "features"
    (features / "rain.yaml").write_text(TEXT)
    (features / "wet.yaml").write_text(
        "view: shop.wet\ninputs: {r: shop.rain.rain}\nfeatures: {wet: {type: float, sql: r * 2}}\n"
    )
    assert uses(place, place.catalog, "shop.rain") == (Use("view shop.wet", "rain"),)


def test_a_spec_that_cannot_be_read_may_use_it(place: Workspace) -> None:
    (place.root / "s.proml.yaml").write_text("proml: [")
    (place.root / ".proml").mkdir()
    (place.root / ".proml" / "old.proml.yaml").write_text(SPEC.format("shop.rain"))
    (use,) = uses(place, place.catalog, "shop.rain")
    assert str(use) == "s.proml.yaml (it cannot be read)"


def test_who_is_harmed() -> None:
    used = [Use("all", ""), Use("x", "x"), Use("y", "y"), Use("x", "z")]
    assert harmed([Change("x", "unit", "unit")], used) == ()
    of_x = harmed([Change("x", "unit", "unit", breaking=True)], used)
    assert [use.by for use in of_x] == ["all", "x"]
    whole = harmed([Change("", "source", "source", breaking=True)], used)
    assert [use.by for use in whole] == ["all", "x", "y"]
