from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from proml_lab.marketplace.find.search import SORTS
from proml_lab.marketplace.know.profile import profile
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.widgets.questions import FACETS, PAGE, answer


def ask(workspace: Workspace, kind: str, **payload: object) -> Any:
    reply = answer(workspace, {"id": "1", "kind": kind, "payload": payload})
    assert reply is not None
    assert reply["id"] == "1"
    json.dumps(reply, allow_nan=False)
    return reply


def test_search_gives_rows_and_facets(flights: Workspace) -> None:
    page = ask(flights, "search", text="wind", kept={}, start=0)["payload"]
    found = flights.search("wind")
    names = (found.frame()["view"] + "." + found.frame()["feature"]).to_list()
    assert [row["name"] for row in page["rows"]] == names
    assert page["total"] == len(found)
    assert set(page["rows"][0]) == {
        *("name", "type", "owner", "description", "tags", "entities", "formula", "unit"),
        *("mark", "nulls", "bins", "low", "high", "freshness", "age", "used", "health"),
    }
    assert list(page["facets"]) == list(FACETS)
    assert {"value": "weather", "count": len(found)} in page["facets"]["owner"]


def test_facets_narrow(flights: Workspace) -> None:
    page = ask(flights, "search", text="", kept={"type": "string"}, start=0)["payload"]
    assert {row["type"] for row in page["rows"]} == {"string"}
    assert len(page["facets"]["type"]) > 1


def test_at_most_one_page_is_sent(flights: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proml_lab.widgets.questions.PAGE", 7)
    names = flights.catalog.names()
    seen: list[str] = []
    while True:
        page = ask(flights, "search", text="", kept={}, start=len(seen))["payload"]
        assert len(page["rows"]) <= 7
        if not page["rows"]:
            break
        seen += [row["name"] for row in page["rows"]]
    assert seen == names


def test_bins_are_those_of_the_profile(flights: Workspace) -> None:
    names = ["planes.static.seats", "planes.static.manufacturer", "weather.at_origin.temp"]
    drawn = ask(flights, "bins", names=names)["payload"]
    assert list(drawn) == names
    rows = {
        row["feature"]: row for row in profile(flights.catalog.view("planes.static")).to_dicts()
    }
    assert drawn[names[0]]["counts"] == rows["seats"]["bins"]
    first, last = rows["seats"]["labels"][0], rows["seats"]["labels"][-1]
    assert first.startswith(drawn[names[0]]["low"].replace("< ", "below "))
    assert last.endswith(drawn[names[0]]["high"].replace("≥ ", "from "))
    assert drawn[names[1]]["low"] == rows["manufacturer"]["labels"][0]
    assert drawn[names[1]]["high"] == f"{rows['manufacturer']['n_distinct']} values"
    assert len(drawn[names[2]]["counts"]) <= 20


def test_rows_come_without_facets_and_in_any_order(flights: Workspace) -> None:
    for sort in SORTS:
        whole = ask(flights, "search", text="delay", kept={}, sort=sort)["payload"]
        asked = {"text": "delay", "kept": {}, "sort": sort}
        rows = ask(flights, "rows", **asked)["payload"]
        assert rows == {name: whole[name] for name in ("total", "rows")}
        below = ask(flights, "rows", **asked, start=2)["payload"]
        assert below["rows"] == rows["rows"][2:]
    by_name = ask(flights, "rows", text="delay", kept={}, sort="name")["payload"]["rows"]
    names = [row["name"] for row in by_name]
    assert names == sorted(names)


def test_rows_tell_what_was_seen(flights_folder: Path, tmp_path: Path) -> None:
    root = shutil.copytree(flights_folder, tmp_path / "own")
    shutil.rmtree(root / ".proml", ignore_errors=True)
    workspace = open_workspace(root)

    def row(name: str) -> dict[str, Any]:
        rows = ask(workspace, "rows", text=name, kept={})["payload"]["rows"]
        return next(one for one in rows if one["name"].endswith(f".{name}"))

    nothing = {"nulls": None, "bins": None, "low": "", "high": "", "freshness": None, "age": "",
               "used": None, "health": None}  # fmt: skip
    assert nothing.items() <= row("temp").items()
    seen = profile(workspace.catalog.view("weather.at_origin"), cache=workspace.profiles)
    looked = seen.filter(feature="temp").row(0, named=True)
    found = row("temp")
    assert found["nulls"] == looked["nulls"]
    assert sum(found["bins"]) == sum(looked["bins"])
    assert len(found["bins"]) <= 12
    assert found["freshness"] == "stale"
    assert found["age"].endswith(" ago")
    assert found["health"] == "look"
    page = ask(workspace, "search", text="", kept={"freshness": "stale"})["payload"]
    assert page["total"] == seen.height
    assert {"value": "stale", "count": seen.height} in page["facets"]["freshness"]


@pytest.mark.parametrize(
    ("kind", "payload", "text"),
    [
        ("serach", {}, "There is no kind of question 'serach'.\nHint: did you mean 'search'?"),
        ("search", {"kept": {"owner": "netwrk"}}, "Hint: did you mean 'network'?"),
        ("bins", {"names": ["planes.static.seat"]}, "There is no feature 'planes.static.seat'"),
        ("bins", {"names": ["a.b"] * (PAGE + 1)}, "at most 50 features at a time"),
        ("bins", {"names": "planes.static.seats"}, "at most 50 features at a time"),
        ("rows", {"sort": "nmae"}, "There is no order of features 'nmae'.\nHint: did you mean"),
        ("bins", {}, "at most 50 features at a time"),
    ],
)
def test_a_question_that_cannot_be_answered_gets_its_error(
    flights: Workspace, kind: str, payload: dict[str, object], text: str
) -> None:
    reply = ask(flights, kind, **payload)
    assert text in reply["error"]
    assert "payload" not in reply


def test_questions_of_other_kinds(flights: Workspace) -> None:
    more = {"twice": lambda _, payload: 2 * payload["n"]}
    assert answer(flights, {"id": "1", "kind": "twice", "payload": {"n": 4}}, more) == {  # type: ignore[arg-type]
        "id": "1",
        "payload": 8,
    }


def test_a_question_without_payload(flights: Workspace) -> None:
    reply = answer(flights, {"id": "9", "kind": "search"})
    assert reply == {"id": "9", "error": "The question 'search' has no payload."}


@pytest.mark.parametrize("message", [None, "search", {}, {"id": 3, "kind": "search"}, []])
def test_what_is_no_question_gets_no_answer(flights: Workspace, message: object) -> None:
    assert answer(flights, message) is None


@pytest.mark.parametrize("start", [-1, "x", None, 10**9])
def test_odd_starts_do_no_harm(flights: Workspace, start: object) -> None:
    page = ask(flights, "search", text="wind", kept="x", start=start)["payload"]
    assert page["total"] == len(flights.catalog.search("wind"))


def test_a_long_text_is_cut(flights: Workspace) -> None:
    assert ask(flights, "search", text="wind " * 1000, kept={}, start=0)["payload"]["total"]
