"""What a kernel says becomes the outputs of cells: in memory, and in the file that grows."""

from __future__ import annotations

import base64
import json
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from proml_lab.promote.run.growing import GrowingNotebook
from proml_lab.promote.run.widgets import Widgets

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from proml_lab.promote.run.kernel import Message

LIMIT = 2**20
"""Characters of output that a cell keeps in the notebook, if nobody says otherwise."""

_OVERWRITTEN = re.compile(r"[^\n]*\r(?=[^\n])")
_ERASED = re.compile(r"[^\n]\x08")
_PLAIN = 2000


class Outputs:
    """Takes a kernel's messages, one cell after the other: `begin`, `take` …, `end`.

    Attributes
    ----------
    widgets
        Their states so far.
    rewritten
        Whether a cell that was over has changed since it was written to the file.
    size, is_cut
        Of the present cell: characters of output that came, and whether some are only in the
        folder `whole`.
    """

    def __init__(self, file: GrowingNotebook, whole: Path, *, limit: int = LIMIT) -> None:
        self.widgets = Widgets()
        self.rewritten = False
        self.size = 0
        self.is_cut = False
        self._file = file
        self._whole = whole
        self._limit = limit
        self._cell: NotebookNode | None = None
        self._outputs: list[NotebookNode] = []
        self._shown: dict[str, list[NotebookNode]] = {}
        self._name = ""
        self._spilled: IO[str] | None = None
        self._clear_next = self._stale = False
        self._pieces: list[str] = []
        self._kept = self._n_files = 0

    def begin(self, cell: NotebookNode, number: int) -> None:
        """From here on messages are of `cell`; `number` names the files beside."""
        self._cell, self._outputs, self._name = cell, [], f"cell-{number:03}"
        self._clear_next = self._stale = self.is_cut = False
        self.size = self._kept = self._n_files = 0
        self._file.begin(cell)

    def take(self, message: Message) -> None:
        """One message of the kernel about the cell."""
        kind, content = message["header"]["msg_type"], message["content"]
        if kind in ("stream", "display_data", "execute_result", "error", "clear_output"):
            catcher = self.widgets.catcher(message["parent_header"].get("msg_id", ""))
            if catcher is not None:
                _catch(catcher, kind, content)
            elif kind == "clear_output":
                self._clear_next = bool(content.get("wait"))
                if not self._clear_next:
                    self._clear()
            elif kind == "stream":
                self._take_text(content["name"], content["text"])
            else:
                self._take_output(kind, content)
        elif kind == "update_display_data":
            self._update(content, self._cut_down(content["data"], counts=False))
        elif kind.startswith("comm_"):
            self.widgets.take(message)
        elif kind == "execute_input" and self._cell is not None:
            self._cell["execution_count"] = content["execution_count"]

    def end(self) -> None:
        """The cell is over: its outputs are in `cell`, and as they are in the file."""
        self._close_stream()
        if self._spilled is not None:
            self._spilled.close()
            self._spilled = None
        if self._cell is not None:
            self._cell["outputs"] = self._outputs
        if self._stale:
            self._file.replace(self._outputs)

    def _take_text(self, name: str, text: str) -> None:
        self._clear_if_due()
        self.size += len(text)
        if self._spilled is not None:
            self._spilled.write(text)
            self._spilled.flush()
        elif self._kept + len(text) > self._limit:
            self._close_stream()
            earlier = "".join(o["text"] for o in self._outputs if o["output_type"] == "stream")
            path = self._beside(".txt")
            self._spilled = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
            self._spilled.write(earlier + text)
            self._spilled.flush()
            kept = text[: max(0, self._limit - self._kept)]
            self._add_text(
                name, f"{kept}\n… cut here: all of it is in {self._whole.name}/{path.name}\n"
            )
        else:
            self._add_text(name, text)

    def _add_text(self, name: str, text: str) -> None:
        last = self._outputs[-1] if self._outputs else None
        if last is None or last["output_type"] != "stream" or last["name"] != name:
            self._close_stream()
            self._outputs.append(_node({"name": name, "output_type": "stream", "text": ""}))
        last_piece = ""
        if self._pieces and ("\r" in text or "\x08" in text or self._pieces[-1].endswith("\r")):
            last_piece = self._pieces.pop()
        shown = collapsed(last_piece + text)
        grown = len(shown) - len(last_piece)
        self._stale = self._stale or grown != len(text)
        self._pieces.append(shown)
        self._kept += grown
        self._file.stream(name, text)

    def _take_output(self, kind: str, content: Mapping[str, Any]) -> None:
        self._clear_if_due()
        self._close_stream()
        if kind == "error":
            fields = {name: content[name] for name in ("ename", "evalue", "traceback")}
        else:
            fields = {"data": self._cut_down(content["data"]), "metadata": content["metadata"]}
            self._update(content, fields["data"])
        if kind == "execute_result":
            fields["execution_count"] = content["execution_count"]
        node = _node({"output_type": kind, **fields})
        if key := _display_id(content):
            self._shown.setdefault(key, []).append(node)
        self._outputs.append(node)
        self._file.output(node)

    def _update(self, content: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Show `data` wherever the display of that id was shown."""
        for node in self._shown.get(_display_id(content), ()):
            node["data"], node["metadata"] = _node(data), _node(content["metadata"])
            if any(node is output for output in self._outputs):
                self._stale = True
            else:
                self.rewritten = True

    def _cut_down(self, data: Mapping[str, Any], *, counts: bool = True) -> Mapping[str, Any]:
        """`data`, or where it is too much a note on the files that all of it was put into.

        What replaces an output does not count: a progress bar may do so for hours.
        """
        size = sum(len(_text(value)) for value in data.values())
        self.size += size
        if (self._kept if counts else 0) + size <= self._limit:
            self._kept += size if counts else 0
            return data
        names = [self._keep_beside(mime, value) for mime, value in sorted(data.items())]
        plain = str(data.get("text/plain", ""))[:_PLAIN]
        note = f"… cut here: {size:,} characters are in {self._whole.name}/: {', '.join(names)}"
        return {"text/plain": f"{plain}\n{note}" if plain else note}

    def _keep_beside(self, mime: str, value: object) -> str:
        self._n_files += 1
        ending = mimetypes.guess_extension(mime) or (".json" if mime.endswith("json") else ".txt")
        path = self._beside(f"-{self._n_files}{ending}")
        if mime.startswith("image/") and mime != "image/svg+xml":
            path.write_bytes(base64.b64decode(str(value)))
        else:
            path.write_text(_text(value), encoding="utf-8", errors="backslashreplace", newline="")
        return path.name

    def _beside(self, ending: str) -> Path:
        self.is_cut = True
        self._whole.mkdir(parents=True, exist_ok=True)
        return self._whole / (self._name + ending)

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self._clear()

    def _clear(self) -> None:
        self._pieces = []
        if self._spilled is not None:
            self._spilled.close()
            Path(self._spilled.name).unlink(missing_ok=True)
            self._spilled = None
        for key, nodes in self._shown.items():
            mine = {id(output) for output in self._outputs}
            self._shown[key] = [node for node in nodes if id(node) not in mine]
        self._outputs = []
        self._kept, self._stale = 0, False
        self._file.replace()

    def _close_stream(self) -> None:
        if self._pieces:
            self._outputs[-1]["text"] = "".join(self._pieces)
            self._pieces = []


def collapsed(text: str) -> str:
    """Text as a screen shows it: what a carriage return or a backspace takes back is gone."""
    if "\r" in text:
        text = _OVERWRITTEN.sub("", text)
    while "\x08" in text:
        shorter = _ERASED.sub("", text)
        if shorter == text:
            return text
        text = shorter
    return text


def _catch(state: dict[str, Any], kind: str, content: Mapping[str, Any]) -> None:
    """Put an output into the widget that catches it."""
    caught = list(state.get("outputs") or ())
    last = caught[-1] if caught else {}
    if kind == "clear_output":
        caught = []
    elif kind == "stream" and last.get("name") == content["name"]:
        caught[-1] = {**last, "text": last["text"] + content["text"]}
    else:
        fields = {name: value for name, value in content.items() if name != "transient"}
        caught.append({"output_type": kind, **fields})
    state["outputs"] = caught


def _display_id(content: Mapping[str, Any]) -> str:
    return str((content.get("transient") or {}).get("display_id") or "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _node(data: Mapping[str, Any]) -> NotebookNode:
    import nbformat

    node: NotebookNode = nbformat.from_dict(data)  # type: ignore[no-untyped-call]
    return node
