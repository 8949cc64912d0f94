"""The Promote button, from the notebook to the report."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.lab import DARK, LIGHT, Lab, fits


def test_promote_to_the_report(lab: Lab) -> None:
    lab.open("01_tiny_model.ipynb")
    dialog = lab.promote()
    expect(dialog.get_by_label("Name of the artifact")).to_have_value("tiny-model")
    expect(dialog.get_by_role("checkbox", name="loud")).not_to_be_checked()
    expect(dialog.get_by_label("n_rows")).to_have_value("400")
    expect(dialog.get_by_text("rows to learn from")).to_be_visible()
    dialog.get_by_label("n_rows").fill("600")
    expect(dialog.get_by_label("carrier").get_by_role("option")).to_have_text(["all", "AA", "UA"])
    dialog.get_by_label("carrier").select_option("UA")
    dialog.get_by_role("checkbox", name="loud").check()
    dialog.get_by_role("button", name="Promote").click()

    card = lab.card("tiny-model")
    expect(card).to_be_visible()
    expect(card.get_by_text("n_rows=600")).to_be_visible()
    expect(card.get_by_text("carrier=UA")).to_be_visible()
    expect(card.get_by_text("loud=true")).to_be_visible()
    expect(card.get_by_text("seconds=")).to_have_count(0)
    expect(card.get_by_text(re.compile(r"tiny-model@\d+"))).to_be_visible(timeout=120_000)
    title = card.get_by_text(re.compile(r"tiny-model@\d+")).inner_text()
    card.get_by_role("button", name="Open report").click()

    frame = lab.page.locator(f"iframe[title='Report of {title}']")
    expect(frame).to_have_attribute("sandbox", "allow-same-origin")
    report = lab.page.frame_locator(f"iframe[title='Report of {title}']")
    expect(report.get_by_text(title).first).to_be_visible()
    expect(report.get_by_text("n_rows").first).to_be_visible()
    for theme, light in ((DARK, "false"), (LIGHT, "true")) * 3:
        lab.theme(theme)
        expect(report.locator(f"body[data-jp-theme-light='{light}']")).to_be_visible()
    lab.shots("report")


def test_the_tour_can_be_promoted_as_it_is(lab: Lab) -> None:
    lab.open("01_flight_delay.ipynb")
    dialog = lab.promote()
    expect(dialog.get_by_label("Name of the artifact")).to_have_value("flight-delay")
    dialog.get_by_label("n_trees").fill("20")
    lab.shots("tour-form")
    dialog.get_by_role("button", name="Promote").click()
    card = lab.card("flight-delay")
    expect(card.get_by_role("progressbar")).to_be_visible()
    expect(card).to_have_accessible_name("flight-delay@1: Done", timeout=240_000)
    card.get_by_role("button", name="Open report").click()
    report = lab.page.frame_locator("iframe[title='Report of flight-delay@1']")
    expect(report.get_by_role("heading", name="flight-delay@1")).to_be_visible()
    expect(report.get_by_text("log_loss").first).to_be_visible()
    lab.shots("tour-report")


def test_progress_survives_a_reload_and_cancel_ends_it(lab: Lab) -> None:
    lab.open("01_tiny_model.ipynb")
    dialog = lab.promote()
    dialog.get_by_label("Name of the artifact").fill("slow-model")
    dialog.get_by_label("seconds").fill("1e2")
    dialog.get_by_role("button", name="Promote").click()
    card = lab.card("slow-model")
    expect(card.get_by_text(re.compile(r"^cell \d+ of \d+"))).to_be_visible(timeout=60_000)
    assert card.get_by_role("progressbar").get_attribute("max") == "1"

    lab.page.reload()
    lab.notebook("01_tiny_model.ipynb")
    card = lab.card("slow-model")
    expect(card).to_have_accessible_name("slow-model: Running")
    expect(card.get_by_text(re.compile(r"^cell \d+ of \d+"))).to_be_visible()
    lab.shots("running")

    card.get_by_role("button", name="Cancel").click()
    expect(card).to_have_accessible_name("slow-model: Cancelled")
    card.get_by_role("button", name="Remove").click()
    expect(lab.card("slow-model")).to_have_count(0)


def test_a_failure_shows_the_cell_and_opens_the_partial_notebook(lab: Lab) -> None:
    lab.open("failing.ipynb")
    dialog = lab.promote()
    expect(dialog.get_by_label("Name of the artifact")).to_have_value("failing")
    dialog.get_by_role("button", name="Promote").click()
    card = lab.card("failing")
    expect(card).to_have_accessible_name("failing: Failed", timeout=60_000)
    expect(card.get_by_role("alert")).to_contain_text("cell 4 of 5")
    expect(card.get_by_role("alert")).to_contain_text("AttributeError")
    expect(card.get_by_label("Where it failed")).to_contain_text("share = frame.share")
    lab.shots("failed")
    assert fits(lab.promotions)
    card.get_by_role("button", name="Open partial notebook").click()
    partial = lab.page.get_by_role("main").get_by_text("AttributeError").first
    expect(partial).to_be_visible()


def test_wrong_values_cannot_be_sent_and_the_server_has_the_last_word(lab: Lab) -> None:
    lab.open("01_tiny_model.ipynb")
    dialog = lab.promote()
    button = dialog.get_by_role("button", name="Promote")
    for label, wrong, right in (
        ("n_rows", "4.5", "40"),
        ("seconds", "soon", "0"),
        ("Name of the artifact", "Flight Delay", "flight-delay"),
    ):
        dialog.get_by_label(label).fill(wrong)
        expect(button).to_be_disabled()
        if label == "n_rows":
            lab.shots("form-wrong")
        dialog.get_by_label(label).fill(right)
        expect(button).to_be_enabled()
    dialog.get_by_label("Name of the artifact").fill("a" * 81)
    button.click()
    dialog = lab.page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("is not allowed")
    expect(dialog.get_by_label("n_rows")).to_have_value("40")
    lab.shots("form-refused")
    dialog.get_by_role("button", name="Cancel").click()
    expect(lab.page.get_by_role("dialog")).to_have_count(0)


def test_the_form_is_used_by_keyboard_alone(lab: Lab) -> None:
    lab.open("01_tiny_model.ipynb")
    dialog = lab.promote()
    expect(dialog.get_by_label("Name of the artifact")).to_be_focused()
    lab.shots("form")
    lab.page.keyboard.press("Tab")
    expect(dialog.get_by_label("seconds")).to_be_focused()
    lab.page.keyboard.press("Escape")
    expect(lab.page.get_by_role("dialog")).to_have_count(0)


def test_unsaved_changes_are_saved_first(lab: Lab) -> None:
    panel = lab.open("01_tiny_model.ipynb")
    panel.locator(".jp-MarkdownCell").first.dblclick()
    lab.page.keyboard.type("Some words. ")
    dialog = lab.promote()
    expect(dialog).to_contain_text("Save the notebook first?")
    lab.shots("unsaved")
    dialog.get_by_role("button", name="Save and go on").click()
    expect(lab.page.get_by_label("Name of the artifact")).to_be_visible()
    lab.page.keyboard.press("Escape")


def test_a_notebook_without_parameters_gets_a_cell(lab: Lab) -> None:
    panel = lab.open("plain.ipynb")
    dialog = lab.promote()
    expect(dialog).to_contain_text("no parameters cell")
    lab.shots("no-parameters")
    dialog.get_by_role("button", name="Add a parameters cell").click()
    expect(panel.locator(".jp-CodeCell").first).to_contain_text("seed: int = 7")
    cell = "window.jupyterapp.shell.currentWidget.content.activeCell"
    assert lab.page.evaluate(f"() => {cell}.model.getMetadata('tags')") == ["parameters"]
    dialog = lab.promote()
    dialog.get_by_role("button", name="Save and go on").click()
    expect(lab.page.get_by_label("seed")).to_have_value("7")
    lab.page.keyboard.press("Escape")


def test_the_empty_list_says_what_to_do(lab: Lab) -> None:
    lab.open("plain.ipynb")
    _without_promotions(lab.page)
    lab.command("proml:show-promotions")
    expect(lab.promotions).to_contain_text("None yet")
    lab.shots("empty")


def _without_promotions(page: Page) -> None:
    """The server answers with an empty list, as before the first promotion."""
    page.route("**/proml/api/promotions?*", lambda route: route.fulfill(json={"promotions": []}))
    page.route("**/proml/api/promotions", lambda route: route.fulfill(json={"promotions": []}))
