"""Hints and warnings as they are said at each surface: as it is typed there, in one line."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

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


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Warnings of ours are one line on standard error, without the line of code that they met."""
    usual = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if category.__module__.startswith("proml_lab."):
            sys.stderr.write(f"proml: {message}\n")
        else:
            usual(message, category, filename, lineno, file, line)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = usual


def _said(hint: str, words: dict[str, str]) -> str:
    for pattern, here in words.items():
        hint = re.sub(pattern, here, hint)
    return hint
