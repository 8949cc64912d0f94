from __future__ import annotations

import pytest

from proml_lab.errors import SpecError, UnknownNameError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.publish.publish import publish
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.publish.conftest import RAIN, rain, spine

TEXT = RAIN.replace("owner", "source: sources/rain.parquet\nowner")
WET = "view: shop.wet\ninputs: {r: shop.rain.rain}\nfeatures: {wet: {type: float, sql: r * 2}}\n"


@pytest.fixture
def wet(place: Workspace) -> Workspace:
    """Rain in its second version, and a view that is derived from it in its second."""
    rain().write_parquet(place.root / "sources" / "rain.parquet")
    for name, text in (("rain", TEXT), ("wet", WET)):
        file = place.root / "features" / f"{name}.yaml"
        file.write_text(text)
        publish(file, workspace=place, yes=True)
        new = text.replace("unit: mm", "unit: mm, sql: rain + 100").replace("r * 2", "r * 3")
        file.write_text(f"version: 2\n{new}")
        publish(file, workspace=place, yes=True, force="a test")
    return place


def test_a_version_keeps_its_formula(wet: Workspace) -> None:
    found = wet.catalog.asked("shop.rain@1")
    assert (found.view, found.version, found.formula("rain")) == ("shop.rain@1", 1, "rain")
    assert wet.catalog.asked("shop.rain@1") is found
    assert wet.catalog.asked("shop.rain").version == 2


def test_a_derived_version_reads_the_inputs_of_today(wet: Workspace) -> None:
    wanted = [{"shop.wet@1": {"old": "wet"}}, "shop.wet@2.wet"]
    joined = wet.training_set(spine(5), wanted, cutoff="at")
    assert joined.frame.select("old", "wet").row(0) == (210.0, 315.0)


def test_owner_status_and_sensitivity_are_those_of_today(wet: Workspace) -> None:
    file = wet.root / "features" / "rain.yaml"
    file.write_text(
        file.read_text().replace("owner: weather", "owner: ops\nsensitivity: personal")
        + "status: deprecated\nsuccessor: shop.wet\n"
    )
    found = wet.catalog.asked("shop.rain@1")
    assert found.owner_of("rain") == "ops"
    assert found.sensitivity_of("rain") == "personal"
    assert (found.status_of("rain"), found.successor) == ("deprecated", "shop.wet")
    file.write_text(file.read_text().replace("sensitivity: personal", "sensitivity: public"))
    assert wet.catalog.asked("shop.rain@1").sensitivity_of("rain") == "internal"


def test_a_version_outlives_its_view(wet: Workspace) -> None:
    for name in ("wet", "rain"):
        (wet.root / "features" / f"{name}.yaml").unlink()
    joined = wet.training_set(spine(5), ["shop.rain@1"], cutoff="at")
    assert joined.frame["rain"].to_list() == [5.0]
    with pytest.raises(SpecError, match=r"inputs.r: there is no feature 'shop.rain.rain'"):
        wet.catalog.asked("shop.wet@1")


def test_versions_that_are_not_there(wet: Workspace) -> None:
    with pytest.raises(UnknownNameError, match=r"no published version 'x' of the view 'shop.rain'"):
        wet.catalog.asked("shop.rain@x")
    with pytest.raises(UnknownNameError, match=r"no published version 7"):
        wet.catalog.asked("shop.rain@7")
    with pytest.raises(UnknownNameError, match="a catalogue in memory has none"):
        Catalog().asked("shop.rain@1")
    with pytest.raises(UnknownNameError, match=r"no feature in view 'shop.rain@1' called 'mist'"):
        wet.training_set(spine(), ["shop.rain@1.mist"], cutoff="at")
