"""A notebook file that is written once, from its first cell to its last, while the notebook runs.

Every write ends a line, and every line is whole JSON text between two others: whatever moment a
crash takes, the lines up to there make a notebook once they are closed. The format:
docs/formats.md#a-run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from nbformat import NotebookNode

_HEAD = '{"cells":[\n'
_OUTPUTS = '"outputs":[\n'
_TEXT = '"text":[\n'
_TEXT_END = "]}\n"

_State = Literal["cells", "outputs", "text", "whole"]


class GrowingNotebook:
    """The file at `path` while it grows. Raises OSError; then no part of a line is left behind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb", buffering=0)
        self._size = 0
        self._mark = 0
        self._cells = self._outputs = self._pieces = 0
        self._stream = ""
        self._write(_HEAD)

    def add(self, cell: Mapping[str, Any]) -> None:
        """Write a cell that is not run."""
        self._write(self._comma(self._cells) + _json(_shaped(cell)) + "\n")
        self._cells += 1

    def begin(self, cell: Mapping[str, Any]) -> None:
        """Write a code cell up to its outputs."""
        head = {"cell_type": "code", "id": cell["id"], "source": _lines(cell["source"])}
        self._write(f"{self._comma(self._cells)}{_json(head)[:-1]},{_OUTPUTS}")
        self._cells += 1
        self._mark, self._outputs = self._size, 0

    def stream(self, name: str, text: str) -> None:
        """Write text of a stream, into the same output as long as nothing comes between."""
        if self._stream != name:
            self._close_stream()
            head = _json({"name": name, "output_type": "stream"})[:-1]
            self._write(f"{self._comma(self._outputs)}{head},{_TEXT}")
            self._outputs, self._pieces, self._stream = self._outputs + 1, 0, name
        pieces = _lines(text)
        inside = "\n,".join(_json(piece) for piece in pieces)
        if pieces:
            self._write(f"{self._comma(self._pieces)}{inside}\n")
        self._pieces += len(pieces)

    def output(self, output: Mapping[str, Any]) -> None:
        """Write one whole output."""
        self._close_stream()
        shaped = dict(output)
        if shaped["output_type"] == "stream":
            shaped["text"] = _lines(shaped["text"])
        self._write(f"{self._comma(self._outputs)}{_json(shaped)}\n")
        self._outputs += 1

    def replace(self, outputs: Iterable[Mapping[str, Any]] = ()) -> None:
        """Take back the outputs of the cell and write `outputs` instead."""
        self._cut(self._mark)
        self._outputs, self._stream = 0, ""
        for output in outputs:
            self.output(output)

    def end(self, cell: Mapping[str, Any]) -> None:
        """Write what follows the outputs of the cell."""
        self._close_stream()
        tail = {
            "execution_count": cell.get("execution_count"),
            "metadata": cell.get("metadata", {}),
        }
        self._write(f"],{_json(tail)[1:]}\n")

    def finish(self, node: NotebookNode) -> None:
        """Write what follows the cells, and close the file."""
        self._write(tail(node))
        self.close()

    def close(self) -> None:
        self._file.close()

    def _close_stream(self) -> None:
        if self._stream:
            self._write(_TEXT_END)
            self._stream = ""

    def _write(self, text: str) -> None:
        left = memoryview(text.encode("utf-8", "backslashreplace"))
        end = self._size + len(left)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            self._cut(self._size)
            raise
        self._size = end

    def _cut(self, size: int) -> None:
        self._file.truncate(size)
        self._file.seek(size)
        self._size = size

    @staticmethod
    def _comma(count: int) -> str:
        return "," if count else ""


def tail(node: Mapping[str, Any]) -> str:
    """What follows the cells of `node` in a file: metadata and format."""
    rest = {"metadata": node["metadata"], "nbformat": 4, "nbformat_minor": node["nbformat_minor"]}
    return f"],{_json(rest)[1:]}\n"


def read(path: Path, prepared: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """The notebook that a file holds which stopped growing at any moment.

    Parameters
    ----------
    path
        The file.
    prepared
        The notebook before it ran: cells that the file has not reached come from it.

    Returns
    -------
    The notebook as JSON, and the index of the cell that was running, -1 if none was.

    Raises
    ------
    OSError, ValueError
        The file cannot be read, or its lines are not ours.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    text = text[: text.rfind("\n") + 1] or _HEAD
    state = _state(text)
    if state == "whole":
        return json.loads(text), -1
    closed = text
    if state == "text":
        closed += _TEXT_END
    if state != "cells":
        closed += '],"execution_count":null,"metadata":{}}\n'
    node: dict[str, Any] = json.loads(closed + tail(prepared))
    n, running = len(node["cells"]), state != "cells"
    if running:
        node["cells"][-1]["metadata"] = dict(prepared["cells"][n - 1]["metadata"])
    node["cells"] += prepared["cells"][n:]
    return node, n - 1 if running else -1


def _state(text: str) -> _State:
    """Inside of what the last of these lines ends."""
    state: _State = "cells"
    for line in text.removeprefix(_HEAD).split("\n"):
        if state == "text":
            state = "outputs" if line == _TEXT_END[:-1] else "text"
        elif state == "outputs":
            if line.startswith("],"):
                state = "cells"
            elif line.endswith(_TEXT[:-1]):
                state = "text"
        elif line.startswith("],"):
            return "whole"
        elif line.endswith(_OUTPUTS[:-1]):
            state = "outputs"
    return state


def _shaped(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {**cell, "source": _lines(cell["source"])}


def _lines(text: str | list[str]) -> list[str]:
    """Text as notebooks keep it on disk: a list of lines, each with its end."""
    return text if isinstance(text, list) else text.splitlines(keepends=True)


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
