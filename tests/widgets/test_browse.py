from __future__ import annotations

import re
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from proml_lab.errors import UnknownNameError
from proml_lab.marketplace.workspace import Workspace
from proml_lab.widgets import browse
from proml_lab.widgets.browse import Browse

WIND, SEATS = "weather.at_origin.wind_speed", "planes.static.seats"
VIEW = "application/vnd.jupyter.widget-view+json"
STATIC = Path(browse.__file__).parent / "static" / "browse"
SOURCE = str(Browse._esm)


@pytest.fixture
def shop(flights: Workspace) -> Browse:
    return Browse(flights, text="wind")


def test_picks_may_be_set_from_python(shop: Browse) -> None:
    shop.picked = [WIND, SEATS, WIND]
    assert shop.picked == [WIND, SEATS]
    assert shop.features == [{"weather.at_origin": ["wind_speed"]}, {"planes.static": ["seats"]}]
    assert shop.snippet == shop.spec()
    shop.picked = []
    assert shop.snippet == ""


def test_a_pick_that_is_not_in_the_catalogue(shop: Browse) -> None:
    shop.picked = [WIND]
    with pytest.raises(UnknownNameError, match=r"did you mean 'planes\.static\.seats'"):
        shop.picked = [WIND, "planes.static.seat"]
    assert shop.picked == [WIND]


def test_it_answers_what_the_page_asks(shop: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    monkeypatch.setattr(shop, "send", sent.append)
    shop._handle_custom_msg({"id": "1", "kind": "search", "payload": {"text": "seats"}}, [])
    shop._handle_custom_msg("something else", [])
    (reply,) = sent
    assert reply["payload"]["rows"][0]["name"] == SEATS  # type: ignore[index]


def test_what_takes_long_is_answered_beside_the_kernel(shop: Browse) -> None:
    sent: Queue[dict[str, Any]] = Queue()
    shop.send = sent.put  # type: ignore[method-assign, assignment]
    for kind in ("values", "card"):
        shop._handle_custom_msg({"id": kind, "kind": kind, "payload": {"name": WIND}}, [])
    replies = {
        reply["id"]: reply["payload"] for reply in (sent.get(timeout=60), sent.get(timeout=60))
    }
    assert replies["card"]["name"] == WIND
    assert sum(replies["values"]["bins"]["counts"]) > 0


def test_what_cannot_be_answered_there_is_told(shop: Browse) -> None:
    sent: Queue[dict[str, Any]] = Queue()
    shop.send = sent.put  # type: ignore[method-assign, assignment]
    shop._handle_custom_msg({"id": "1", "kind": "time", "payload": {"name": "no.such"}}, [])
    assert "There is no view or feature 'no.such'" in sent.get(timeout=60)["error"]


def test_the_code_joins_the_picks_to_the_spine(shop: Browse) -> None:
    assert (shop.spine, shop.cutoff) == ("flights", "cutoff")
    shop.picked = [WIND, SEATS]
    assert shop.script == shop.code()
    scope: dict[str, Any] = {}
    exec(shop.script, scope)
    assert scope["train"].features == ("wind_speed", "seats")
    assert len(scope["train"]) == 327_346
    shop.spine, shop.cutoff = "", ""
    assert "    spine,\n" in shop.script
    assert "cutoff" not in shop.script


def test_a_card_shows_the_join_to_the_spine(shop: Browse) -> None:
    said = shop._card(shop.workspace, {"name": WIND})
    assert isinstance(said, dict)
    assert '"flights"' in str(said["code"])
    shop.spine = ""
    again = shop._card(shop.workspace, {"name": WIND})
    assert isinstance(again, dict)
    assert again["code"] == shop.workspace.card(WIND, values=False).code


def test_coverage_is_that_of_the_picks(shop: Browse) -> None:
    shop.picked = [SEATS]
    found = shop._coverage(shop.workspace, {})
    assert isinstance(found, dict)
    (row,) = found["found"]  # type: ignore[misc]
    report = shop.workspace.coverage("flights", [SEATS], cutoff="cutoff")
    assert row == {"name": SEATS, "covered": report.found["covered"].item()}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The outputs of a cell, in their order."""
    bundles: list[dict[str, Any]] = []

    def display(data: dict[str, Any], metadata: object = None, *, raw: bool) -> None:
        assert raw
        bundles.append(data)

    monkeypatch.setattr("IPython.display.display", display)
    return bundles


def test_the_table_stands_below_the_widget(shop: Browse, shown: list[dict[str, Any]]) -> None:
    shop._ipython_display_()
    live, static = shown
    assert live[VIEW]["model_id"] == shop.model_id
    assert "kernel" in live["text/html"]
    assert VIEW not in static
    assert "wind_speed" in static["text/plain"]
    assert "<table" in static["text/html"]
    assert "<details><summary>The first features as a table" in static["text/html"]
    assert "<script" not in live["text/html"] + static["text/html"]


def test_a_promotion_shows_the_table_only(
    shop: Browse, shown: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROML_OUTPUTS", str(tmp_path))
    shop._ipython_display_()
    (static,) = shown
    assert set(static) == {"text/plain", "text/html"}
    assert "<details" not in static["text/html"]


def test_the_page_shares_the_traits_that_the_script_names(shop: Browse) -> None:
    (typed,) = re.findall(r"@typedef \{\{ (.*?) \}\} Model", SOURCE)
    named = set(re.findall(r"(\w+):", typed))
    ours = {n for n, t in Browse.class_traits(sync=True).items() if t.this_class is Browse}
    assert named == ours
    assert ours == {"picked", "snippet", "script", "text", "spine", "cutoff"} <= set(shop.keys)


def test_the_script_sets_text_and_fetches_nothing() -> None:
    for path in STATIC.glob("*.js"):
        assert path.read_text(encoding="utf-8").startswith("// @ts-check")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "fetch(", "import "):
        assert word not in SOURCE, word
    assert re.findall(r"https?://[^\"]*", SOURCE) == ["http://www.w3.org/2000/svg"]


def test_the_styles_stay_below_one_class() -> None:
    css = (STATIC / "browse.css").read_text(encoding="utf-8")
    selectors = re.findall(r"(?:^|[{};,])\s*([^{};@]+?)\s*\{", css)
    for selector in selectors:
        assert selector.startswith(".proml-browse"), selector
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", css)
