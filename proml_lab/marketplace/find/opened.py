"""Open the index of a workspace: the one that is kept, or a new one where the catalogue changed."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from proml_lab.marketplace.find.index import FORMAT, Index
from proml_lab.marketplace.states import States


def open_index(root: Path, states: States, make: Callable[[], Index]) -> Index:
    """The index of the files in `states`; `make` makes it where none is kept of that state.

    It is kept in ``.proml/search.index`` of `root`, where that can be written. Files are the same
    while their paths, sizes and times of change are.
    """
    for held, there, index in tuple(_HELD):
        if held == root and there == states:
            return index
    key = _key(root, states)
    found = Index.read(root / _FILE, key)
    if found is None:
        found = make()
        found.write(root / _FILE, key)
    _HELD.append((root, states, found))
    return found


_FILE = Path(".proml") / "search.index"
_HELD: deque[tuple[Path, States, Index]] = deque(maxlen=8)
"""Indexes that are open, so that a search does not open one."""


def _key(root: Path, states: States) -> str:
    said = [FORMAT, *((file.relative_to(root).as_posix(), *state) for file, *state in states)]
    return sha256(json.dumps(said).encode()).hexdigest()
