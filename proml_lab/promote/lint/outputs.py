"""Outputs on disk: their size, their age, and whether a reader without a kernel sees them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from proml_lab.promote.lint.codes import LARGE
from proml_lab.promote.lint.subject import Cell, Data, Seen, Subject

WIDGET = "a widget's output without HTML or a picture"
_WIDGET = "application/vnd.jupyter.widget-view+json"
_STATIC = ("text/html", "text/markdown", "application/json", "application/pdf")
_ARROW = re.compile(r"^-+>\s*(\d+)\s(.*)$")
_FRAME = re.compile(r"^(?:Cell )?In\s?\[(\d+)\]")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def check(subject: Subject) -> Iterator[Seen]:
    """PN010, PN011, PN012, PN100 and PN101."""
    yield from _order(subject)
    for cell in subject.code:
        if why := _stale(cell):
            yield Seen("PN011", cell.number, None, why)
        if (n := size(cell.outputs)) > LARGE:
            yield Seen("PN100", cell.number, None, f"{n / 1e6:.1f} MB")
        if is_live(cell.outputs):
            yield Seen("PN101", cell.number, None, WIDGET)


def size(outputs: Iterable[Data]) -> int:
    """Characters of these outputs, as JSON."""
    return sum(len(json.dumps(output, ensure_ascii=False)) for output in outputs)


def is_live(outputs: Iterable[Data]) -> bool:
    """Whether one of them shows something only as long as a kernel runs."""
    return any(_is_live(output.get("data", {})) for output in outputs)


def _order(subject: Subject) -> Iterator[Seen]:
    """Counts that go back, and cells without one where others have one."""
    highest, before = 0, 0
    for cell in subject.code:
        if cell.count is None:
            continue
        if cell.count <= highest:
            said = f"run as number {cell.count}, cell {before} above it as {highest}"
            yield Seen("PN010", cell.number, None, said)
        else:
            highest, before = cell.count, cell.number
    if highest:
        for cell in subject.code:
            if cell.count is None and cell.tree.body:
                yield Seen("PN012", cell.number, None, f"{cell.line(1) or 'a cell'}")


def _stale(cell: Cell) -> str:
    """What shows that the outputs were not made by this source; empty if nothing does."""
    if cell.outputs and cell.count is None:
        return "an output, though the cell was never run as it is"
    for output in cell.outputs:
        count = output.get("execution_count")
        if output.get("output_type") == "execute_result" and count != cell.count:
            return f"the result is of run {count}, the cell was run as {cell.count}"
        if output.get("output_type") == "error" and (line := _other_line(cell, output)):
            return f"the error shows a line that the cell no longer has: {line!r}"
    return ""


def _other_line(cell: Cell, output: object) -> str:
    """The line at which the traceback points, if the cell has another one there."""
    traceback = output.get("traceback", ()) if isinstance(output, dict) else ()
    inside = False
    for text in "\n".join(map(str, traceback)).split("\n"):
        plain = _COLOURS.sub("", text)
        if "line " in plain and (found := _FRAME.match(plain)):
            inside = int(found[1]) == cell.count
        elif inside and (found := _ARROW.match(plain)):
            number, line = int(found[1]), found[2].strip()
            return "" if cell.line(number) == line else line
    return ""


def _is_live(data: dict[str, object]) -> bool:
    static = any(kind in _STATIC or kind.startswith("image/") for kind in data)
    return _WIDGET in data and not static
