"""The card of a feature: what is said of it, in words."""

from __future__ import annotations

import re

import polars as pl
import pytest

from proml_lab.errors import UnknownNameError
from proml_lab.marketplace.card import card
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.view import FeatureView
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.conftest import START


def said(view: FeatureView, name: str) -> dict[str, str]:
    return dict(card(view, name).facts)


def view(**fields: object) -> FeatureView:
    body = {"view": "g.a", "source": "a.parquet", "entities": ["user"], **fields}
    body.setdefault("features", {"x": {"type": "float"}})
    return FeatureView.model_validate(body)


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({}, "always: one row for each user"),
        ({"event_time": "at"}, "the newest row of the user, known at once, at at"),
        ({"event_time": "at", "known_at": "told"}, "the newest row of the user, known at told"),
        (
            {"event_time": "at", "known_at": {"delay": "90m"}, "time_to_live": "7d"},
            "the newest row of the user, known 1h30m after at, while not older than 7d",
        ),
        (
            {
                "event_time": "at", "known_at": "told", "time_to_live": "7d",
                "features": {"x": {"type": "integer", "aggregate": "count", "window": "2d"}},
            },
            "rows of the user, known at told",
        ),
        ({"source": None, "entities": {}, "inputs": {"x": "g.b.x"}}, "as its inputs are"),
    ],
)  # fmt: skip
def test_which_rows_are_seen(fields: dict[str, object], seen: str) -> None:
    body = {key: value for key, value in fields.items() if value or key == "features"}
    made = FeatureView.model_validate(
        {"view": "g.a", "features": {"x": {"type": "float"}}, **body}
        if "inputs" in fields
        else view(**body).model_dump(mode="json")
    )
    assert said(made, "x")["seen"] == seen


def test_what_stands_where_there_is_none() -> None:
    count = {"type": "integer", "aggregate": "count", "window": "2d"}
    features = {"x": "float", "n": count, "z": {"type": "float", "default": 0.5}}
    made = view(event_time="at", features=features)
    absent = [said(made, name)["where there is none"] for name in features]
    assert absent == ["null", "0", "0.5"]


def test_status_and_sensitivity() -> None:
    old = {"type": "float", "status": "deprecated", "successor": "g.a.y", "sensitivity": "public"}
    made = view(features={"x": old, "y": "float"}, version=3, sensitivity="personal")
    assert said(made, "x")["status"] == "version 3, deprecated; use g.a.y instead"
    assert said(made, "x")["sensitivity"] == "public"
    assert said(made, "y")["sensitivity"] == "personal"


def test_a_feature_that_is_not_there() -> None:
    with pytest.raises(UnknownNameError, match=r"'g.a' called 'z'"):
        card(view(), "z")


def test_the_card_of_a_real_feature(flights: Workspace) -> None:
    found = flights.card("weather.at_origin.temp")
    told = dict(found.facts)
    assert told["is"] == "float, in °F"
    assert told["of"] == "origin"
    assert told["defined in"] == "features/weather_at_origin.yaml"
    low, high = map(float, re.findall(r"-?[\d.]+", told["values"])[:2])
    frame = pl.read_parquet(flights.root / "sources" / "weather.parquet")
    assert frame["temp"].min() <= low < high <= frame["temp"].max()
    assert told["looked at"] == f"20,000 moments of {frame.height:,} rows"
    assert str(found).startswith("weather.at_origin.temp\n  Air temperature.\n")
    shown = found._repr_mimebundle_()["text/html"]
    assert "<svg" in shown
    assert "<script" not in shown
    assert found.frame().columns == ["fact", "text"]


def test_the_python_of_a_card_works(flights: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROML_WORKSPACE", str(flights.root))
    for name in ("weather.at_origin.temp", "dest.airport.dest_lat"):
        code = flights.card(name, values=False).code.replace("cutoff=…", "cutoff='t'")
        spine = pl.DataFrame({"origin": ["JFK"], "dest": ["LAX"], "t": [START]})
        names: dict[str, object] = {"spine": spine}
        exec(code.replace("open_workspace().t", "made = open_workspace().t"), names)
        assert names["made"].frame.columns[-1] == name.rpartition(".")[2]  # type: ignore[attr-defined]


def test_without_a_look_at_its_values(flights: Workspace) -> None:
    found = flights.card("weather.at_origin.temp", values=False)
    assert found.values is None
    assert "missing" not in dict(found.facts)
    assert "<svg" not in found._repr_mimebundle_()["text/html"]


def test_a_derived_feature_names_its_inputs() -> None:
    base = view(view="g.b")
    derived = FeatureView.model_validate(
        {"view": "g.c", "inputs": {"x": "g.b.x"}, "features": {"y": {"type": "float", "sql": "x"}}}
    )
    found = Catalog((derived, base)).view("g.c")
    assert said(found, "y")["source"] == "g.b.x"
    assert said(found, "y")["of"] == "user"
