"""Runs in the kernel: notes which local modules the notebook imports, and what computes.

Standard library only, and complete in itself: its source is sent to the kernel, whatever is
installed there. The note is written anew after a cell that imported something.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable


def begin(file: str, root: str, known: Iterable[str]) -> None:
    """Keep a note in `file` from now on.

    Modules below `root` are local; those of this Python, of ``site-packages`` and of the folders
    `known` come from the environment; all others lie elsewhere.
    """
    from IPython import get_ipython

    note = _Note(file, root, known)
    note.write()
    get_ipython().events.register("post_run_cell", note.take)


class _Note:
    """What is known so far: local module to its path below the root; names of those elsewhere."""

    def __init__(self, file: str, root: str, known: Iterable[str]) -> None:
        self.file = file
        self.root = os.path.realpath(root) + os.sep
        places = {sys.prefix, sys.base_prefix, sys.exec_prefix, *known}
        self.known = tuple(os.path.realpath(place) + os.sep for place in places)
        self.called = tuple(os.path.abspath(place) + os.sep for place in places)  # noqa: PTH100
        self.done: set[str] = set()
        self.modules: dict[str, str] = {}
        self.elsewhere: set[str] = set()

    def take(self, *_: object) -> None:
        """Look at what was imported since; called after each cell."""
        new = set(sys.modules) - self.done
        if new:
            for name in new:
                self._place(name)
            self.done |= new
            self.write()

    def _place(self, name: str) -> None:
        file = getattr(sys.modules[name], "__file__", None)
        if not isinstance(file, str) or name in ("__main__", "__mp_main__"):
            return
        path = os.path.realpath(file)
        if f"{os.sep}site-packages{os.sep}" in path or f"{os.sep}dist-packages{os.sep}" in path:
            return
        if (path + os.sep).startswith(self.known):  # a folder, or a file itself
            return
        called = os.path.abspath(file)  # noqa: PTH100 - a link, such as Debian's sitecustomize
        if (called + os.sep).startswith(self.called):
            return
        if path.startswith(self.root):
            self.modules[name] = path[len(self.root) :].replace(os.sep, "/")
        else:
            self.elsewhere.add(name)

    def write(self) -> None:
        """Write the note whole."""
        facts = {
            "modules": dict(sorted(self.modules.items())),
            "elsewhere": sorted(self.elsewhere),
            "threads": _threads(),
        }
        os.makedirs(os.path.dirname(self.file), exist_ok=True)  # noqa: PTH103, PTH120
        with open(self.file + ".part", "w", encoding="utf-8") as file:  # noqa: PTH123
            json.dump(facts, file)
        os.replace(self.file + ".part", self.file)  # noqa: PTH105


def _threads() -> list[dict[str, object]]:
    """The libraries that share work among threads, each with their number."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    found = []
    for info in threadpool_info():
        row = {
            "library": info["internal_api"],
            "version": info.get("version"),
            "threads": info["num_threads"],
            "layer": info.get("threading_layer"),
            "architecture": info.get("architecture"),
        }
        if row not in found:
            found.append(row)
    return sorted(found, key=str)
