"""A page of a real JupyterLab, as a person uses it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

SHOTS = Path(__file__).parent / "shots"
_FIND = """(path => [...window.jupyterapp.shell.widgets('main')].find(
    widget => widget.context?.path === path))"""
DARK, LIGHT = "JupyterLab Dark", "JupyterLab Light"


class Lab:
    """One tab. `url` is the server's address, `token` its key."""

    def __init__(self, page: Page, url: str, token: str, name: str) -> None:
        self.page = page
        self._workspace = f"{url}lab/workspaces/{name}"
        self._token = token
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self, path: str) -> Locator:
        """Open a notebook, wait until its kernel is there, and save it; the notebook's panel."""
        self.page.goto(f"{self._workspace}/tree/{path}?reset&token={self._token}")
        panel = self.notebook(path)
        self.page.evaluate(f"path => {_FIND}(path).context.save()", path)
        return panel

    def notebook(self, path: str) -> Locator:
        """The panel of an open notebook, when it and its kernel can be used."""
        self.page.wait_for_function(f"path => window.jupyterapp && {_FIND}(path)", arg=path)
        ready = f"""async path => {{
            const {{ id, context }} = {_FIND}(path);
            await Promise.all([context.ready, context.sessionContext.ready]);
            await context.sessionContext.session.kernel.info;
            return id;
        }}"""
        panel = self.page.locator(f"[id='{self.page.evaluate(ready, path)}']")
        expect(panel.get_by_role("button", name="Promote", exact=True)).to_be_enabled()
        return panel

    def run(self, panel: Locator, cell: int) -> Locator:
        """Select a code cell, counted from 0, and run it; its output area."""
        box = panel.locator(".jp-CodeCell").nth(cell)
        box.locator(".cm-content").click()
        self.command("notebook:run-cell")
        return box.locator(".jp-Cell-outputArea")

    def end_kernels(self) -> None:
        """Leave the next test a fresh start."""
        self.page.evaluate("window.jupyterapp?.serviceManager.sessions.shutdownAll()")

    def command(self, name: str, **arguments: object) -> None:
        """Run one of Lab's own commands and wait for its end."""
        script = "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)"
        self.page.evaluate(script, [name, arguments])

    def theme(self, name: str) -> None:
        """Change to the theme `name` and wait until it is drawn."""
        self.command("apputils:change-theme", theme=name)
        light = "true" if name == LIGHT else "false"
        expect(self.page.locator(f"body[data-jp-theme-light='{light}']")).to_be_attached()
        self.page.wait_for_timeout(300)

    def promote(self) -> Locator:
        """Press Promote; the dialog that it opens."""
        self.page.get_by_role("button", name="Promote", exact=True).first.click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        return dialog

    @property
    def promotions(self) -> Locator:
        """The panel of promotions."""
        return self.page.get_by_role("region", name="Promotions")

    def card(self, name: str) -> Locator:
        """The newest promotion of that name, by the beginning of its label."""
        label = re.compile(rf"^{re.escape(name)}\b")
        return self.promotions.get_by_role("listitem", name=label).first

    def shots(self, name: str, *, widths: tuple[int, ...] = (800, 1600)) -> None:
        """Pictures in light and dark at each width, into ``tests/browser/shots``."""
        SHOTS.mkdir(exist_ok=True)
        for theme, word in ((LIGHT, "light"), (DARK, "dark")):
            self.theme(theme)
            for width in widths:
                self.page.set_viewport_size({"width": width, "height": 900})
                self.page.wait_for_timeout(200)
                self.page.screenshot(path=SHOTS / f"{name}-{word}-{width}.png")
        self.theme(LIGHT)
        self.page.set_viewport_size({"width": 1280, "height": 900})


def fits(area: Locator) -> bool:
    """Whether nothing in `area` sticks out sideways."""
    return bool(area.evaluate("node => node.scrollWidth <= node.clientWidth"))
