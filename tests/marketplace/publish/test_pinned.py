from __future__ import annotations

from datetime import timedelta

import pytest

from proml_lab.errors import SpecError, UnknownNameError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.know.graph import graph
from proml_lab.marketplace.online import Online, materialize, open_store
from proml_lab.marketplace.publish.publish import publish
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.publish.conftest import RAIN, SPEC, START, rain, spine

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


OLD = WET.replace("shop.rain.rain", "shop.rain@1.rain").replace("shop.wet", "shop.old")


@pytest.fixture
def old(wet: Workspace) -> Workspace:
    """Beside them a view that is derived from the first version of the rain."""
    (wet.root / "features" / "old.yaml").write_text(OLD)
    return wet


def test_an_input_may_name_a_version(old: Workspace) -> None:
    joined = old.training_set(spine(5), ["shop.old", "shop.rain"], cutoff="at")
    assert joined.frame.select("wet", "rain").row(0) == (10.0, 105.0)
    assert publish("shop.old", workspace=old, yes=True).done == "published"
    both = old.training_set(spine(5), ["shop.old@1", {"shop.rain@1": {"r": "rain"}}], cutoff="at")
    assert both.frame.select("wet", "r").row(0) == (10.0, 5.0)


def test_it_stays_when_the_view_moves_on(old: Workspace) -> None:
    (old.root / "s.proml.yaml").write_text(SPEC.format("shop.old"))
    dataset = old.training_set(spine(5), ["shop.old"], cutoff="at")
    file = old.root / "features" / "rain.yaml"
    text = file.read_text().replace("version: 2", "version: 3").replace("+ 100", "+ 200")
    file.write_text(text)
    found = publish("shop.rain", workspace=old, yes=True)
    assert [str(one) for one in found.harmed] == ["feature shop.wet.wet"]
    assert old.training_set(spine(5), ["shop.old"], cutoff="at").frame["wet"].item() == 10.0
    assert old.rebuild(dataset).frame["wet"].item() == 10.0
    file.unlink()
    (old.root / "features" / "wet.yaml").unlink()
    assert old.training_set(spine(5), ["shop.old"], cutoff="at").frame["wet"].item() == 10.0


def test_it_is_online_too(old: Workspace) -> None:
    store = open_store(old.root / "store")
    until = START + timedelta(hours=5)
    materialize([old.catalog.view(name) for name in ("shop.old", "shop.rain")], store, until=until)
    online = Online(old.catalog, store)
    found = online.lookup({"shop": ["n"]}, ["shop.old.wet", "shop.rain.rain"], at=until)
    assert [found[name][0] for name in ("wet", "rain")] == [10.0, 105.0]
    assert online.check()


def test_lineage_leads_through_the_version(old: Workspace) -> None:
    whole = graph(old.catalog)
    ends = {edge.end.name for edge in whole.from_([whole.node("sources/rain.parquet")])}
    assert {"shop.rain@1.rain", "shop.old.wet"} <= ends
    assert "shop.old.wet" not in {edge.end.name for edge in whole.from_([whole.node("shop.rain")])}


def test_a_version_that_an_input_names_is_as_sensitive_as_today(old: Workspace) -> None:
    file = old.root / "features" / "rain.yaml"
    text = file.read_text()
    file.write_text(text.replace("owner:", "sensitivity: personal\nowner:"))
    assert old.catalog.view("shop.old").sensitivity_of("wet") == "personal"
    file.write_text(text.replace("unit: mm", "unit: mm, sensitivity: personal"))
    assert old.catalog.view("shop.old").sensitivity_of("wet") == "personal"
    file.write_text(text.replace("unit: mm", "unit: mm, sensitivity: public"))
    assert old.catalog.view("shop.old").sensitivity_of("wet") == "internal"
    (old.root / "features" / "wet.yaml").unlink()
    file.write_text(text.replace("  rain: {", "  snow: {"))
    assert old.catalog.view("shop.old").sensitivity_of("wet") == "internal"


def test_an_input_of_a_version_that_is_not_there(old: Workspace) -> None:
    file = old.root / "features" / "old.yaml"
    for name in ("shop.rain@7.rain", "shop.rain@x.rain", "@1.rain", "shop.rain@1.mist"):
        file.write_text(OLD.replace("shop.rain@1.rain", f"'{name}'"))
        with pytest.raises(SpecError, match=rf"old.yaml:2: inputs.r: there is no .*'{name}'"):
            _ = old.catalog
    copy = old.root / "features" / "versions" / "shop.rain" / "1.yaml"
    copy.write_text("view: [")
    file.write_text(OLD)
    with pytest.raises(SpecError, match=r"1.yaml:1"):
        _ = old.catalog
