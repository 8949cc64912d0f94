"""The feature browser: search, narrow, look, pick; what is picked is in the kernel at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import anywidget
import traitlets

from proml_lab.contracts import Json
from proml_lab.errors import WorkspaceError, unknown
from proml_lab.plots import html
from proml_lab.plots.style import variables
from proml_lab.promoting import promoting
from proml_lab.widgets.picks import Picks, as_python, as_yaml
from proml_lab.widgets.questions import Question, answer
from proml_lab.widgets.script import joined
from proml_lab.widgets.sections import SECTIONS, card
from proml_lab.widgets.spines import coverage, is_frame, spines, usual
from proml_lab.widgets.worker import Worker

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_STATIC = Path(__file__).parent / "static" / "browse"
_LANES = {
    "bins": "looks", "card": "card", "similar": "similar", "coverage": "join",
    **dict.fromkeys((kind for kind in SECTIONS if kind != "similar"), "sections"),
}  # fmt: skip
"""Questions that may take long: those of one lane wait for each other, and for nothing else."""


class Browse(anywidget.AnyWidget, Picks):
    """Look through a workspace's features: ``shop = Browse(workspace)``, then ``shop.picked``.

    `picked` is shared with the page and may be set from Python too: features as
    ``group.view.feature``. `spine` is what they are to be joined to, the name of a source or of a
    variable that holds a frame, and `cutoff` its column of times; where neither is given they are
    those of the workspace's specs, if these agree. `features`, `spec()` and `code()` say how to use
    the picks.
    """

    _esm = joined(_STATIC / "browse.js")
    _css = variables(".proml-browse") + (_STATIC / "browse.css").read_text(encoding="utf-8")
    text = traitlets.Unicode("", help="what is searched for at first").tag(sync=True)
    picked = traitlets.List(traitlets.Unicode()).tag(sync=True)
    spine = traitlets.Unicode("", help="a source, or a frame of the notebook").tag(sync=True)
    cutoff = traitlets.Unicode("", help="the spine's column of times").tag(sync=True)
    snippet = traitlets.Unicode("", help="the picks as YAML").tag(sync=True)
    script = traitlets.Unicode("", help="Python that joins the picks").tag(sync=True)

    def __init__(
        self, workspace: Workspace, *, text: str = "", spine: str = "", cutoff: str = ""
    ) -> None:
        self.workspace = workspace
        self._workers = {lane: Worker() for lane in _LANES.values()}
        if not spine:
            spine, cutoff = usual(workspace)
        super().__init__(text=text, spine=spine, cutoff=cutoff)
        self.on_msg(self._receive)

    @property
    def names(self) -> Mapping[str, object]:
        """The variables of the notebook."""
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
        return shell.user_ns if shell is not None else {}

    def code(self) -> str:
        """Python that joins what is picked to the spine."""
        return self._code(self.picked, self.spine, self.cutoff)

    @traitlets.validate("picked")
    def _known(self, proposal: Mapping[str, Any]) -> list[str]:
        """Picks, each once; raises UnknownNameError for a feature that is not in the catalogue."""
        names: list[str] = list(dict.fromkeys(proposal["value"]))
        index = self.workspace.asked_index
        for name in names:
            if not index.has(name):
                raise unknown("feature", name, index.features())
        return names

    @traitlets.observe("picked", "spine", "cutoff")
    def _describe(self, _: Mapping[str, Any]) -> None:
        self.snippet = as_yaml(self.picked)
        self.script = self.code() if self.picked else ""

    def _code(self, picked: list[str], spine: str, cutoff: str) -> str:
        rows = spine if not spine or is_frame(self.names, spine) else f'"{spine}"'
        return as_python(picked, rows or "spine", cutoff=cutoff, opened=_opened(self.workspace))

    def _receive(self, _: object, message: object, buffers: object) -> None:
        """Answer a question of the page, what may take long in a thread beside the kernel's own."""
        kind = message.get("kind") if isinstance(message, Mapping) else None
        lane = _LANES.get(cast("str", kind))
        if lane is None:
            self._reply(message)
        else:
            self._workers[lane].do(str(kind), lambda: self._reply(message))

    def _reply(self, message: object) -> None:
        reply = answer(self.workspace, message, self._questions)
        if reply is not None:
            self.send(reply)

    @property
    def _questions(self) -> Mapping[str, Question]:
        """The kinds of questions that the catalogue alone does not answer."""
        asked: dict[str, Question] = {
            "card": self._card,
            "spines": lambda shop, what: spines(shop, self.names, str(what.get("spine", ""))),
            "coverage": self._coverage,
            "code": lambda *_: {"code": self.code()},
        }
        for kind, section in SECTIONS.items():
            asked[kind] = partial(_of_feature, section)
        return asked

    def _card(self, workspace: Workspace, payload: Mapping[str, object]) -> Json:
        said = card(workspace, str(payload.get("name")))
        if self.spine:
            said["code"] = self._code([str(said["name"])], self.spine, self.cutoff)
        return said

    def _coverage(self, workspace: Workspace, _: Mapping[str, object]) -> Json:
        return coverage(workspace, self.names, self.picked, self.spine, self.cutoff)

    def _ipython_display_(self, **kwargs: Any) -> None:
        """The live widget, and below it the catalogue as a table; in a promotion the table only.

        The table is an output of its own: where a notebook is read without a kernel, JupyterLab
        says of the widget that it is not there, and shows nothing that stands in the same output.
        """
        from IPython.display import display

        show: Callable[..., None] = display
        found = self.workspace.search(self.text)
        static = found._repr_mimebundle_()
        live = self._repr_mimebundle_(**kwargs)
        if promoting() or live is None:
            show(static, raw=True)
            return
        show({**live[0], **html.bundle(_LIVE, html.note(_LIVE))}, live[1], raw=True)
        folded = html.details(_TABLE, static["text/html"])
        show(html.bundle(static["text/plain"], folded), raw=True)


_LIVE = "Here is the feature browser, as long as a kernel runs."
_TABLE = "The first features as a table, for readers without a kernel"


def _of_feature(
    section: Callable[[Workspace, str], Json], workspace: Workspace, payload: Mapping[str, object]
) -> Json:
    return section(workspace, str(payload.get("name")))


def _opened(workspace: Workspace) -> str:
    """The call that opens `workspace` from where the notebook is."""
    from proml_lab.marketplace.workspace import open_workspace

    try:
        near = open_workspace().root == workspace.root
    except WorkspaceError:
        near = False
    return "open_workspace()" if near else f"open_workspace({str(workspace.root)!r})"
