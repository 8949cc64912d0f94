"""What the cells of two runs of one notebook showed, compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from proml_lab.promote.notebook import INJECTED
from proml_lab.promote.reproduction.closeness import Closeness, closeness

_WIDGETS = ("application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json")
_UNIT = r"(?:ns|µs|us|ms|s|sec|seconds?|min|minutes?|h)"
_MASKS = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"0x[0-9a-fA-F]{6,}"), "0x…"),
    (re.compile(rf"(?<![\w.])\d+(?:\.\d+)?\s?{_UNIT}\b"), "… s"),
    (re.compile(r"(?<![\w.:/<])(?:/[\w.@+-]+)+/"), "…/"),
)
"""What two runs may show differently: colours, addresses in memory, durations, folders."""


def compare_cells(old: Path, new: Path) -> Iterator[tuple[int, str, Closeness]]:
    """(number, first line, closeness of outputs) of each code cell of two executed notebooks.

    Cells are numbered as their author sees them: text counts, the cell of given values does not.
    """
    before, after = _cells(old), _cells(new)
    for number, cell in before.items():
        shown = closeness(_shown(cell), _shown(after.get(number, {})))
        yield number, _title("".join(cell.get("source", ""))), shown


def _cells(path: Path) -> dict[int, Mapping[str, Any]]:
    """Number to code cell."""
    every = json.loads(path.read_text(encoding="utf-8"))["cells"]
    own = [c for c in every if INJECTED not in c.get("metadata", {}).get("tags", [])]
    return {n: c for n, c in enumerate(own, start=1) if c["cell_type"] == "code"}


def _shown(cell: Mapping[str, Any]) -> str:
    """A cell's outputs as one text, without what any two runs show differently."""
    parts: list[str] = []
    for output in cell.get("outputs", ()):
        if output["output_type"] == "stream":
            parts.append(_text(output.get("text", "")))
        elif output["output_type"] == "error":
            parts.append(f"{output.get('ename')}: {output.get('evalue')}\n")
        else:
            data = output.get("data", {})
            kinds = [kind for kind in sorted(data) if kind not in _WIDGETS]
            if len(kinds) == len(data):  # the text beside a widget names the widget
                parts += [f"{kind}\n{_text(data[kind])}\n" for kind in kinds]
    text = "".join(parts)
    for pattern, stands in _MASKS:
        text = pattern.sub(stands, text)
    return text


def _text(value: object) -> str:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _title(source: str) -> str:
    lines = [line.strip() for line in source.splitlines() if line.strip("# ")]
    return lines[0][:60] if lines else ""
