"""Open the index of a workspace: the one that is kept, brought up to date where files changed."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from proml_lab.errors import SpecError
from proml_lab.marketplace.find.index import FORMAT, Index
from proml_lab.marketplace.states import States
from proml_lab.statefolder import state_folder

if TYPE_CHECKING:
    from proml_lab.marketplace.catalog import Catalog
    from proml_lab.marketplace.view import FeatureView

PAUSE_S, LONGEST_S = 1.5, 10.0
"""Who asks again within a pause is answered without a look at the files, but no longer than so."""


def open_index(root: Path, states: States, read: Callable[[Collection[str]], Catalog]) -> Index:
    """The index of the files in `states`; `read` makes a catalogue of some of them,
    by their paths below `root`.

    It is kept in ``.proml/search.index`` of `root`, where that can be written. Files are the same
    while their paths, sizes and times of change are. Where some changed, only these are read, as
    long as nothing else depends on them; else the whole catalogue is.
    """
    for held, there, index in tuple(_HELD):
        if held == root and there == states:
            return index
    key = _key(root, states)
    found = Index.read(state_folder(root, _FILE), key)
    if found is None:
        latest = next((index for held, _, index in reversed(_HELD) if held == root), None)
        found = _renewed(latest or Index.read(state_folder(root, _FILE)), root, states, read)
        if found is None:
            catalog = read([_short(root, file) for file, _, _ in states])
            found = _with_files(catalog.index, root, states, _notes(catalog.views))
        found.write(state_folder(root, _FILE), key)
    _HELD.append((root, states, found))
    return found


def while_asked(root: Path, look: Callable[[], Index]) -> Index:
    """What `look` gives: the last one where somebody asked a moment ago, as one who types does."""
    now = time.monotonic()
    held = _ASKED.get(root)
    if held is None or now - held.asked > PAUSE_S or now - held.looked > LONGEST_S:
        index = look()
        looked = time.monotonic()
    else:
        index, looked = held.index, held.looked
    _ASKED[root] = _Asked(index, looked, time.monotonic())
    return index


@dataclass(frozen=True, eq=False)
class _Asked:
    index: Index
    looked: float
    asked: float


@dataclass(frozen=True)
class _File:
    """What is noted of a file: the view in it ("" of an entity), how many features that has, and
    the views that it names as inputs or successors.
    """

    view: str
    n: int
    names: tuple[str, ...]


_FILE = "search.index"
_HELD: deque[tuple[Path, States, Index]] = deque(maxlen=8)
"""Indexes that are open, so that a search does not open one."""
_ASKED: dict[Path, _Asked] = {}
_MOST = 1000
"""Changed files from which on the whole catalogue is read."""


def _renewed(
    old: Index | None, root: Path, states: States, read: Callable[[Collection[str]], Catalog]
) -> Index | None:
    """`old` with what changed since; None where that does not do."""
    if old is None or not old.files.size:
        return None
    from proml_lab.marketplace.find.rebuild import rebuild

    before = _before(old)
    now = {_short(root, path): (changed, size) for path, changed, size in states}
    same = {path for path, state in now.items() if path in before and before[path][0] == state}
    gone = [note for path, (_, note) in before.items() if path not in same]
    new = [path for path in now if path not in same]
    if len(now) < len(states) or len(new) + len(gone) > _MOST:
        return None
    if any(not note.view or note.names for note in gone):
        return None
    kinds = [path for path in same if not before[path][1].view]
    try:
        catalog = read([*kinds, *new])
    except SpecError:  # of a part of the catalogue: the whole is to say what is wrong
        return None
    notes = _notes(catalog.views)
    taken = {before[path][1].view for path in same}
    named = {name for path in same for name in before[path][1].names}
    touched = {note.view for note in (*gone, *notes.values())}
    alone = len(notes) == len(new) and not any(note.names for note in notes.values())
    if not alone or touched & named or {note.view for note in notes.values()} & taken:
        return None
    starts, at = {}, 0
    for path, (_, note) in before.items():
        starts[path], at = at, at + note.n
    for view in catalog.views:
        path = _short(root, str(view.path))
        starts[path], at = at, at + len(view.features)
    every = {path: before[path][1] for path in same} | {
        _short(root, str(path)): note for path, note in notes.items()
    }
    spans = [np.arange(starts[path], starts[path] + every[path].n) for path in now if every[path].n]
    order = np.concatenate(spans) if spans else np.empty(0, np.int64)
    return _with_files(rebuild(old, catalog.index, order), root, states, every)


def needed(index: Index, views: Iterable[str]) -> set[str] | None:
    """Paths of the files of `views`, of the views that they name, and of all kinds of entities.

    None where `index` does not know one of them.
    """
    before = _before(index)
    paths = {note.view: path for path, (_, note) in before.items() if note.view}
    found = {path for path, (_, note) in before.items() if not note.view}
    todo = [*views]
    while todo:
        path = paths.get(todo.pop())
        if path is None:
            return None
        if path not in found:
            found.add(path)
            todo += before[path][1].names
    return found


@lru_cache(maxsize=4)
def _before(index: Index) -> dict[str, tuple[tuple[int, int], _File]]:
    """Path to (state, what is noted) of the files that `index` was made of."""
    return {
        path: ((changed, size), _File(view, n, tuple(names)))
        for path, changed, size, view, n, names in json.loads(index.files.tobytes())
    }


def _notes(views: Iterable[FeatureView]) -> dict[str, _File]:
    """What is noted of the file of each view, by its path."""
    found = {}
    for view in views:
        names = [one.feature.rpartition(".")[0] for one in view.inputs.values()]
        names += [view.successor] if view.successor else []
        names += [f.successor.rpartition(".")[0] for f in view.features.values() if f.successor]
        found[str(view.path)] = _File(view.view, len(view.features), tuple(dict.fromkeys(names)))
    return found


def _with_files(index: Index, root: Path, states: States, notes: Mapping[str, _File]) -> Index:
    """`index` that knows what it was made of."""
    rows = []
    for path, changed, size in states:
        short = _short(root, path)
        note = notes.get(path) or notes.get(short) or _File("", 0, ())
        rows.append((short, changed, size, note.view, note.n, note.names))
    return replace(index, files=np.frombuffer(json.dumps(rows).encode(), np.uint8))


def _short(root: Path, path: str) -> str:
    return path.removeprefix(f"{root}/")


def _key(root: Path, states: States) -> str:
    said = [FORMAT, *((_short(root, file), *state) for file, *state in states)]
    return sha256(json.dumps(said).encode()).hexdigest()
