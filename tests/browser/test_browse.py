"""The feature browser of ``%proml browse``, from the search to the cell that joins."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.lab import DARK, LIGHT, SHOTS, Lab, fits

WIND, VISIBLE = "weather.at_origin.wind_speed", "weather.at_origin.visib"
DELAY = "carrier.history.carrier_arr_delay_3h"
HEARS_NOTHING = "addEventListener('proml:insert', event => event.stopImmediatePropagation(), true)"
NAMELESS = """root => [...root.querySelectorAll("button, input, select, pre, [role]")].filter(
    node => node.getClientRects().length && !node.closest("[aria-hidden=true]")
        && !["presentation", "alert", "status"].includes(node.getAttribute("role"))
        && !(node.getAttribute("aria-label") || node.labels?.length || node.textContent.trim())
    ).map(node => node.outerHTML.slice(0, 80))"""


def test_search_pick_and_read_the_pick_in_the_kernel(lab: Lab) -> None:
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    everything = _settled(widget)
    widget.get_by_role("searchbox", name="Search features").fill("wind")
    expect(_rows(widget).first).to_have_accessible_name(re.compile("wind"))
    assert 0 < _settled(widget) < everything

    wind = _row(widget, WIND)
    wind.click()
    expect(wind).to_have_attribute("aria-selected", "true")
    expect(_picked(widget)).to_have_text("1 picked")
    in_kernel = widget.locator("details.use")  # the kernel's own words about the picks
    expect(in_kernel).to_contain_text("wind_speed")
    expect(lab.run(panel, 1)).to_contain_text(f"['{WIND}']")

    wind.click()
    expect(_picked(widget)).to_have_text("0 picked")
    expect(in_kernel).not_to_contain_text("wind_speed")
    expect(lab.run(panel, 1)).to_contain_text("[]")


def test_join_writes_a_cell_that_runs_and_writes_it_anew(lab: Lab) -> None:
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    _row(widget, DELAY).click()
    tray = widget.get_by_role("region", name="Picks")
    expect(tray.get_by_label("Spine")).to_have_value("flights")
    expect(tray.get_by_label("Cutoff")).to_have_value("cutoff")
    expect(tray.get_by_role("row", name=DELAY)).to_contain_text("%", timeout=120_000)
    expect(tray).to_contain_text("How many of 2,000 sampled rows")
    join = tray.get_by_role("button", name="Join: write the code into the notebook")
    join.click()
    expect(tray.get_by_text("The code is in the cell below")).to_be_visible()
    written = panel.locator(".jp-CodeCell").nth(1)
    expect(written).to_contain_text("carrier_arr_delay_3h")
    expect(lab.run(panel, 1)).to_contain_text("327,346", timeout=120_000)

    _row(widget, "dest.airport.dest_lat").click()
    expect(_picked(widget)).to_have_text("2 picked")
    join.click()
    expect(written).to_contain_text("dest_lat")
    expect(panel.locator(".jp-CodeCell")).to_have_count(3)
    written.locator(".cm-content").click()
    lab.page.keyboard.type("# mine\n")
    join.click()
    expect(panel.locator(".jp-CodeCell")).to_have_count(4)
    expect(written).not_to_contain_text("# mine")


def test_a_frame_of_the_notebook_as_the_spine(lab: Lab) -> None:
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    code = panel.locator(".jp-CodeCell").nth(1).locator(".cm-content")
    code.click()
    lab.page.keyboard.press("Control+A")
    lab.page.keyboard.type("labels = shop.workspace.profile('dest.airport').select(dest='feature')")
    lab.run(panel, 1)
    _row(widget, "dest.airport.dest_lat").click()
    tray = widget.get_by_role("region", name="Picks")
    tray.get_by_label("Spine").focus()
    tray.get_by_label("Spine").select_option("labels")
    expect(tray.get_by_role("row", name="dest.airport.dest_lat")).to_contain_text("0%")
    expect(widget.locator("details.use")).to_contain_text("training_set(\n    labels,")
    expect(tray.get_by_label("Cutoff")).to_be_disabled()


def test_where_no_cell_can_be_written_the_code_is_copied(lab: Lab) -> None:
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    lab.page.evaluate(HEARS_NOTHING)
    _row(widget, DELAY).click()
    tray = widget.get_by_role("region", name="Picks")
    tray.get_by_role("button", name="Join: write the code into the notebook").click()
    said = "This notebook takes no code from here. Copied: paste it into a new cell."
    expect(tray.get_by_text(said)).to_be_visible()
    assert "carrier_arr_delay_3h" in lab.page.evaluate("navigator.clipboard.readText()")
    expect(widget.locator("details.use")).to_have_attribute("open", "")
    expect(panel.locator(".jp-CodeCell")).to_have_count(2)


def test_by_keyboard_from_the_search_to_the_rows(lab: Lab) -> None:
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    search = widget.get_by_role("searchbox", name="Search features")
    search.fill("visib")
    first = _rows(widget).first
    expect(first).to_have_accessible_name(VISIBLE)
    search.press("ArrowDown")
    expect(first).to_be_focused()
    keys = lab.page.keyboard
    keys.press("Enter")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(_picked(widget)).to_have_text("1 picked")
    keys.press("/")
    expect(search).to_be_focused()
    keys.press("Escape")
    expect(search).to_have_value("")
    everything = _settled(widget)
    keys.press("ArrowDown")
    keys.press("End")
    last = _rows(widget).last
    expect(last).to_be_focused()
    expect(last).to_have_attribute("aria-posinset", str(everything))
    keys.press("Escape")
    expect(search).to_be_focused()
    join = widget.get_by_role("button", name="Join: write the code into the notebook")
    expect(join).to_be_enabled()
    for _ in range(60):
        keys.press("Tab")
        if join.evaluate("node => node === document.activeElement"):
            break
    keys.press("Enter")
    written = panel.locator(".jp-CodeCell").nth(1)
    expect(written).to_contain_text("visib")
    keys.press("Shift+Enter")
    expect(written.locator(".jp-Cell-outputArea")).to_contain_text("327,346", timeout=120_000)


def test_the_details_follow_the_row_that_one_is_on(lab: Lab) -> None:
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    details = widget.get_by_label("Details", exact=True)
    title = details.get_by_role("heading", level=4)
    expect(title).to_have_text(str(_rows(widget).first.get_attribute("aria-label")))
    widget.get_by_role("searchbox", name="Search features").fill("visib")
    expect(title).to_have_text(VISIBLE)
    expect(details).to_contain_text("known 1h after hour, while not older than 6h")
    expect(details.get_by_label("Python that joins it", exact=True)).to_contain_text("visib")
    second = _rows(widget).nth(1)
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("ArrowDown")
    expect(second).to_be_focused()
    expect(title).to_have_text(str(second.get_attribute("aria-label")))


def test_the_sections_of_the_details_and_the_way_to_others(lab: Lab) -> None:
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    details = widget.get_by_label("Details", exact=True)
    title = details.get_by_role("heading", level=4)
    expect(title).to_have_text(DELAY)

    def part(name: str) -> Locator:
        return details.get_by_role("region", name=name)

    expect(part("Values").get_by_role("img")).to_be_visible(timeout=60_000)
    expect(part("Over time").get_by_role("img").first).to_have_accessible_name(
        re.compile("Values by month, 2013-01-01")
    )
    expect(part("Health")).to_contain_text("drifted", timeout=60_000)
    expect(part("Used by")).to_contain_text("flight-delay.proml.yaml")
    expect(part("Comes from, leads to").get_by_role("group", name="source")).to_contain_text(
        "landings.parquet"
    )
    other = part("Similar features").get_by_role("button", name="dest.history.dest_arr_delay_3h")
    other.click()
    expect(title).to_have_text("dest.history.dest_arr_delay_3h")
    pick = details.get_by_role("button", name="Pick dest.history.dest_arr_delay_3h")
    expect(pick).to_be_focused()
    lab.page.keyboard.press("Enter")
    expect(_picked(widget)).to_have_text("1 picked")
    lab.page.keyboard.press("Escape")
    expect(title).to_have_text(DELAY)
    details.get_by_role("button", name="Insert the Python that joins it below").click()
    expect(panel.locator(".jp-CodeCell").nth(1)).to_contain_text("carrier_arr_delay_3h")


def test_only_what_is_seen_is_there(lab: Lab) -> None:
    widget = _browse(lab, lab.open("browse.ipynb"))
    everything = _settled(widget)
    rows, listed = _rows(widget), widget.get_by_role("listbox", name="Features")
    assert 5 < rows.count() < everything - 10
    assert rows.first.get_attribute("aria-setsize") == str(everything)
    listed.evaluate("node => node.scrollTo(0, node.scrollHeight)")
    expect(rows.last).to_have_attribute("aria-posinset", str(everything))
    assert rows.count() < everything - 10


def test_rows_tell_what_is_known_and_are_sorted(lab: Lab) -> None:
    widget = _browse(lab, lab.open("browse.ipynb"))
    rows, sort = _rows(widget), widget.get_by_label("Sort by")
    expect(rows.first.get_by_role("img")).to_be_visible(timeout=60_000)
    expect(rows.first).to_have_attribute(
        "aria-description",
        re.compile("% missing; stale, newest row .* ago; .* uses?; health look"),
        timeout=60_000,
    )
    sort.focus()
    sort.select_option("Name")
    _settled(widget)
    names = [str(row.get_attribute("aria-label")) for row in rows.all()]
    assert names == sorted(names)
    sort.select_option("Most used")
    _settled(widget)
    used = [int(row.locator(".used .n").inner_text()) for row in rows.all()[:8]]
    assert used == sorted(used, reverse=True)
    facet = widget.get_by_role("group", name="freshness").get_by_role("button")
    facet.filter(has_text="stale").click()
    expect(facet.filter(has_text="stale")).to_have_attribute("aria-pressed", "true")
    _settled(widget)
    expect(rows.first).to_have_attribute("aria-description", re.compile("stale"))


def test_a_workspace_without_features_says_how_to_begin(lab: Lab, lab_root: Path) -> None:
    (lab_root / "bare" / "features").mkdir(parents=True)
    (lab_root / "bare" / "proml.toml").touch()
    panel = lab.open("browse.ipynb")
    _browse(lab, panel)
    code = panel.locator(".jp-CodeCell").nth(1).locator(".cm-content")
    code.click()
    lab.page.keyboard.press("Control+A")
    lab.page.keyboard.type("%proml browse --workspace bare")
    lab.run(panel, 1)
    bare = panel.get_by_label("Feature browser").nth(1)
    expect(bare.get_by_text("There are no features here yet.")).to_be_visible()
    bare.get_by_role("searchbox", name="Search features").fill("wind")
    expect(bare.get_by_text("No feature matches.")).to_be_visible()


def test_a_kernel_that_was_restarted_is_told(lab: Lab) -> None:
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    _settled(widget)
    lab.page.evaluate(
        "window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
    )
    widget.get_by_role("searchbox", name="Search features").fill("wind")
    said = widget.get_by_text("The kernel of this browser has ended. Run its cell again.")
    expect(said.first).to_be_visible()
    again = _browse(lab, panel)
    again.get_by_role("searchbox", name="Search features").fill("visib")
    expect(_rows(again).first).to_have_accessible_name(VISIBLE)


def test_without_a_kernel_the_table_is_there(lab: Lab) -> None:
    panel = lab.open("browse.ipynb")
    _browse(lab, panel)
    lab.command("docmanager:save")
    lab.end_kernels()
    lab.page.reload()
    panel = lab.notebook("browse.ipynb")
    panel.get_by_text("The first features as a table, for readers without a kernel").click()
    table = panel.get_by_role("table")
    expect(table).to_contain_text("carrier_arr_delay_3h")
    expect(table.get_by_role("columnheader", name="description")).to_be_visible()


def test_nothing_sticks_out_in_light_and_dark_narrow_and_wide(lab: Lab) -> None:
    SHOTS.mkdir(exist_ok=True)
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    lab.command("application:toggle-left-area")
    _row(widget, DELAY).click()
    expect(widget.get_by_role("region", name="Picks").get_by_role("table")).to_be_visible()
    similar = widget.get_by_role("region", name="Similar features")
    expect(similar.get_by_role("button").first).to_be_visible(timeout=60_000)
    assert widget.evaluate(NAMELESS) == []
    for theme, word in ((LIGHT, "light"), (DARK, "dark")):
        lab.theme(theme)
        for width in (800, 1600):
            lab.page.set_viewport_size({"width": width, "height": 1000})
            lab.page.wait_for_timeout(1000)
            lab.page.screenshot(path=SHOTS / f"browse-{word}-{width}.png")
            for area in (widget, *widget.locator(".detail, .facets, .tray, .list").all()):
                room = area.evaluate("node => [node.scrollWidth, node.clientWidth]")
                assert fits(area), (word, width, area.get_attribute("class"), room)
    lab.theme(LIGHT)


def _browse(lab: Lab, panel: Locator) -> Locator:
    lab.run(panel, 0)
    widget = panel.get_by_label("Feature browser")
    expect(_rows(widget).first).to_be_visible(timeout=60_000)
    return widget


def _rows(widget: Locator) -> Locator:
    """The rows of the list that are there, in their order."""
    return widget.get_by_role("listbox", name="Features").get_by_role("option")


def _row(widget: Locator, name: str) -> Locator:
    return widget.get_by_role("option", name=name, exact=True)


def _picked(widget: Locator) -> Locator:
    return widget.get_by_role("region", name="Picks").get_by_text(re.compile(r"^\d+ picked$"))


def _settled(widget: Locator) -> int:
    """How many features are found once the browser is no longer busy."""
    expect(widget).to_have_attribute("aria-busy", "false")
    return int(widget.get_by_text(re.compile(r"^\d+ features?$")).inner_text().split()[0])
