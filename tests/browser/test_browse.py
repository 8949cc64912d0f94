"""The feature browser of ``%proml browse``, from the search to the kernel."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.lab import DARK, LIGHT, SHOTS, Lab, fits


def test_search_pick_and_read_the_pick_in_the_kernel(lab: Lab) -> None:
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    options = widget.get_by_role("option")
    everything = _settled(widget)
    widget.get_by_role("searchbox", name="Search features").fill("wind")
    expect(options.first).to_have_accessible_name(re.compile("wind"))
    assert 0 < _settled(widget) < everything

    wind = widget.get_by_role("option", name="weather.at_origin.wind_speed", exact=True)
    wind.click()
    expect(wind).to_have_attribute("aria-selected", "true")
    expect(widget.get_by_role("status").filter(has_text="1 picked")).to_be_visible()
    in_kernel = widget.locator("details")  # the kernel's own words about the picks
    expect(in_kernel).to_contain_text("wind_speed")
    expect(lab.run(panel, 1)).to_contain_text("['weather.at_origin.wind_speed']")

    wind.click()
    expect(widget.get_by_role("status").filter(has_text="0 picked")).to_be_visible()
    expect(in_kernel).not_to_contain_text("wind_speed")
    expect(lab.run(panel, 1)).to_contain_text("[]")


def test_pick_by_keyboard(lab: Lab) -> None:
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    search = widget.get_by_role("searchbox", name="Search features")
    search.fill("visib")
    option = widget.get_by_role("option").first
    expect(option).to_have_accessible_name("weather.at_origin.visib")
    search.press("ArrowDown")
    expect(option).to_be_focused()
    lab.page.keyboard.press("Enter")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(widget.locator("details")).to_contain_text("visib")
    expect(lab.run(panel, 1)).to_contain_text("['weather.at_origin.visib']")


def test_the_details_follow_the_row_that_one_is_on(lab: Lab) -> None:
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    details = widget.get_by_label("Details", exact=True)
    first = widget.get_by_role("option").first.get_attribute("aria-label")
    expect(details.get_by_role("heading")).to_have_text(str(first))
    widget.get_by_role("searchbox", name="Search features").fill("visib")
    expect(details.get_by_role("heading")).to_have_text("weather.at_origin.visib")
    expect(details).to_contain_text("known 1h after hour, while not older than 6h")
    expect(details).to_contain_text("training_set(spine, ['weather.at_origin.visib'], cutoff=…)")
    expect(details.get_by_role("img")).to_be_visible(timeout=60_000)
    second = widget.get_by_role("option").nth(1)
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("ArrowDown")
    expect(second).to_be_focused()
    expect(details.get_by_role("heading")).to_have_text(str(second.get_attribute("aria-label")))


def test_nothing_sticks_out_in_light_and_dark_narrow_and_wide(lab: Lab) -> None:
    SHOTS.mkdir(exist_ok=True)
    panel = lab.open("browse.ipynb")
    widget = _browse(lab, panel)
    widget.get_by_role("option").first.click()
    expect(widget.get_by_role("img").first).to_be_visible(timeout=60_000)
    for theme, word in ((LIGHT, "light"), (DARK, "dark")):
        lab.theme(theme)
        for width in (800, 1600):
            lab.page.set_viewport_size({"width": width, "height": 900})
            lab.page.wait_for_timeout(300)
            lab.page.screenshot(path=SHOTS / f"browse-{word}-{width}.png")
            assert fits(widget), (word, width)
    lab.theme(LIGHT)


def _browse(lab: Lab, panel: Locator) -> Locator:
    lab.run(panel, 0)
    widget = panel.get_by_label("Feature browser")
    expect(widget.get_by_role("option").first).to_be_visible(timeout=60_000)
    return widget


def _settled(widget: Locator) -> int:
    """How many features are listed once the browser is no longer busy."""
    expect(widget).to_have_attribute("aria-busy", "false")
    return widget.get_by_role("option").count()
