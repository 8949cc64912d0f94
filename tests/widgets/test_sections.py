from __future__ import annotations

import json
from typing import Any

import pytest

from proml_lab.errors import UnknownNameError
from proml_lab.marketplace.know.describe import describe
from proml_lab.marketplace.workspace import Workspace
from proml_lab.spec import ModelSpec
from proml_lab.widgets.sections import MOST_IN_LAYER, SECTIONS, card

WIND, MAKER = "weather.at_origin.wind_speed", "planes.static.manufacturer"
DELAY = "carrier.history.carrier_arr_delay_1d"


def section(workspace: Workspace, kind: str, name: str) -> Any:
    found = SECTIONS[kind](workspace, name)
    json.dumps(found, allow_nan=False)
    return found


def test_a_card_says_what_the_workspace_says(flights: Workspace) -> None:
    said = card(flights, WIND)
    one = flights.card(WIND, values=False)
    assert said["facts"] == [list(fact) for fact in one.facts]
    assert (said["name"], said["about"], said["code"]) == (one.name, one.description, one.code)


def test_values_are_those_of_the_profile(flights: Workspace) -> None:
    report = describe(flights.catalog, WIND, cache=flights.profiles)
    found = section(flights, "values", WIND)
    row = report.frame().row(0, named=True)
    assert found["bins"]["counts"] == [round(n) for n in row["bins"]]
    assert found["bins"]["nulls"] == row["nulls"]
    facts = dict(found["facts"])
    assert facts["looked at"] == f"{row['n']:,} rows"
    assert facts["least"] == report.table()["least"].item()
    words = section(flights, "values", MAKER)
    assert words["bins"]["high"].endswith(" values")
    assert "least" not in dict(words["facts"])


def test_time_goes_by_periods(flights: Workspace) -> None:
    trend = describe(flights.catalog, WIND, cache=flights.profiles).trend(WIND)
    found = section(flights, "time", WIND)
    assert found["unit"] == "month"
    assert [one["middle"] for one in found["periods"]] == trend["middle"].to_list()
    assert [one["nulls"] for one in found["periods"]] == trend["nulls"].to_list()
    assert float(found["least"]) == pytest.approx(trend["q05"].min(), rel=1e-3)
    assert float(found["most"]) == pytest.approx(trend["q95"].max(), rel=1e-3)
    assert section(flights, "time", MAKER)["least"] == ""


def test_health_tells_its_reasons(flights: Workspace) -> None:
    found = section(flights, "health", WIND)
    assert found["mark"] == "look"
    assert found["reasons"][0]["code"].startswith("FH")
    assert all(one["why"] and one["mend"] for one in found["reasons"])


def test_users_are_the_specs_that_ask_for_it(flights: Workspace) -> None:
    found = section(flights, "users", WIND)
    assert {"kind": "spec", "name": "flight-delay.proml.yaml"}.items() <= found["uses"][0].items()
    assert found["total"] == len(found["uses"]) == 1
    asked = ModelSpec.read(flights.root / "flight-delay.proml.yaml").requested()
    other = next(view for view in flights.catalog.views if view.view not in asked)
    unused = section(flights, "users", f"{other.view}.{next(iter(other.features))}")
    assert unused == {"total": 0, "uses": [], "notes": []}


def test_lineage_comes_in_layers(flights: Workspace) -> None:
    found = section(flights, "lineage", DELAY)
    kinds = [{one["kind"] for one in layer} for layer in found["layers"]]
    assert kinds[:4] == [{"source"}, {"column"}, {"view"}, {"feature"}]
    assert all(len(layer) <= MOST_IN_LAYER for layer in found["layers"])
    (here,) = (one for layer in found["layers"] for one in layer if one["here"])
    assert (here["name"], here["label"]) == (DELAY, "carrier_arr_delay_1d")
    places = {
        f"{one['kind']} {one['name']}": i
        for i, layer in enumerate(found["layers"])
        for one in layer
    }
    known = [(places[a], places[b]) for a, b in found["steps"] if a in places and b in places]
    assert known
    assert all(before < after for before, after in known)


def test_similar_ones_have_a_reason(flights: Workspace) -> None:
    found = section(flights, "similar", "carrier.history.carrier_arr_delay_3h")["found"]
    reasons = {one["name"]: one["why"] for one in found}
    assert "the same formula" in reasons["dest.history.dest_arr_delay_3h"]


@pytest.mark.parametrize("kind", sorted(set(SECTIONS) - {"users"}))
def test_of_what_is_not_there_nothing_is_known(flights: Workspace, kind: str) -> None:
    with pytest.raises(UnknownNameError, match=r"no\.such"):
        SECTIONS[kind](flights, "no.such")
