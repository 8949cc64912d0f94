"""The feature browser: search, narrow, pick; what is picked is in the kernel at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from proml_lab.plots.style import variables
from proml_lab.widgets.picks import Picks, as_yaml
from proml_lab.widgets.questions import answer

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_STATIC = Path(__file__).parent / "static"


class Browse(anywidget.AnyWidget, Picks):
    """Look through a workspace's features: ``shop = Browse(workspace)``, then ``shop.picked``.

    `picked` is shared with the page and may be set from Python too: features as
    ``group.view.feature``. `features`, `spec()` and `code()` say how to use them.
    """

    _esm = _STATIC / "browse.js"
    _css = variables(".proml-browse") + (_STATIC / "browse.css").read_text(encoding="utf-8")
    text = traitlets.Unicode("", help="what is searched for at first").tag(sync=True)
    picked = traitlets.List(traitlets.Unicode()).tag(sync=True)
    snippet = traitlets.Unicode("", help="the picks as YAML").tag(sync=True)

    def __init__(self, workspace: Workspace, *, text: str = "") -> None:
        self.workspace = workspace
        super().__init__(text=text)
        self.on_msg(self._receive)

    @traitlets.validate("picked")
    def _known(self, proposal: Mapping[str, Any]) -> list[str]:
        """Picks, each once; raises UnknownNameError for a feature that is not in the catalogue."""
        names: list[str] = list(dict.fromkeys(proposal["value"]))
        for name in names:
            self.workspace.catalog.feature(name)
        return names

    @traitlets.observe("picked")
    def _describe(self, change: Mapping[str, Any]) -> None:
        self.snippet = as_yaml(change["new"])

    def _receive(self, _: object, message: object, buffers: object) -> None:
        reply = answer(self.workspace, message)
        if reply is not None:
            self.send(reply)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget with the catalogue as a table beside it; in a promotion the table only.

        A promoted notebook is read without a kernel, where a widget would show nothing.
        """
        static = self.workspace.search(self.text)._repr_mimebundle_()
        if "PROML_OUTPUTS" in os.environ:
            return static
        live = super()._repr_mimebundle_(**kwargs)
        return static if live is None else ({**live[0], **static}, live[1])
