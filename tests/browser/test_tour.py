"""The tour as a newcomer meets it: every cell runs in JupyterLab, and it looks well."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import TOUR
from tests.browser.lab import Lab, fits


def test_the_tour_runs_from_top_to_bottom(lab: Lab) -> None:
    panel = lab.open(TOUR.name)
    lab.command("notebook:run-all-cells")
    assert lab.page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    compared = panel.get_by_role("table").filter(has_text="95 % interval").first
    lab.command("application:toggle-left-area")
    compared.scroll_into_view_if_needed()
    expect(compared).to_contain_text("best")
    lab.shots("tour-compare", widths=(800, 1280, 1600))
    for width in (800, 1600):
        lab.page.set_viewport_size({"width": width, "height": 900})
        lab.page.wait_for_timeout(300)
        wide = [area.inner_text()[:80] for area in panel.locator(".proml").all() if not fits(area)]
        assert not wide
