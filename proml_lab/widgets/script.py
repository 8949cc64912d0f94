"""A widget's script, written as several ES modules, as the one module that a page is given."""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import (?:\{[^}]*\}) from "\./([\w-]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def joined(entry: Path) -> str:
    """The module `entry` with all that it imports from its own folder, each module once.

    Names of the top level stand side by side in one module, so that no two may be the same; and
    what is imported keeps its name.
    """
    done: dict[Path, str] = {}
    _read(entry, done)
    return "\n".join(done.values())


def _read(path: Path, done: dict[Path, str]) -> None:
    if path in done:
        return
    text = path.read_text(encoding="utf-8")
    for name in _IMPORT.findall(text):
        _read(path.with_name(f"{name}.js"), done)
    done[path] = _EXPORT.sub("", _IMPORT.sub("", text))
