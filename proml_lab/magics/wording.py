"""Hints say what to do in Python; here they are said as it is typed at each surface."""

from __future__ import annotations

import re

_NOTEBOOK = {
    r"explain\(model, on=frame\)": "%proml explain MODEL --on DATASET",
    r"explain\(model, also=\[(\d+)\]\)": r"--row \1",
    r"\bon=(?:dataset|frame)": "--on DATASET",
    r"\bcutoff='…'": "--cutoff COLUMN",
}
_COMMAND = {
    r"%{1,2}proml (?!output)": "proml ",
    r"--on DATASET": "--on FILE.parquet",
}


def in_notebook(hint: str) -> str:
    """`hint` in the words of ``%proml``."""
    return _said(hint, _NOTEBOOK)


def on_command_line(hint: str) -> str:
    """`hint` in the words of ``proml``."""
    return _said(in_notebook(hint), _COMMAND)


def _said(hint: str, words: dict[str, str]) -> str:
    for pattern, here in words.items():
        hint = re.sub(pattern, here, hint)
    return hint
