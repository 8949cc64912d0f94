"""The documents of a large catalogue as they were read, kept so that the next process need not."""

from __future__ import annotations

import contextlib
import gc
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from proml_lab.marketplace.catalog import read_document
from proml_lab.marketplace.entity import Entity
from proml_lab.marketplace.packed import Lines, pack, pack_lines, unpack
from proml_lab.marketplace.view import FeatureView
from proml_lab.places import Places
from proml_lab.statefolder import make_folder, state_folder

LEAST = 100
"""So many files are worth it: fewer are read as soon as what was kept of them."""
_FILE = "views.kept"
_MAGIC = b"proml-views/1"
_YOUNG_NS = 2_000_000_000
"""A file changed this short before it was read may change again and show the same time."""


class Documents:
    """Views and kinds of entities by their files: those that were kept, and what is read now.

    A file is the one that was read while its size, its number on the disk, the time of its change
    and the time when anything was said of it are the same.
    """

    def __init__(self, kept: dict[str, _Row]) -> None:
        self._kept = kept
        self._new: dict[str, _Row] = {}

    def read(self, file: Path, *, root: Path, databases: Mapping[str, str]) -> FeatureView | Entity:
        """As `catalog.read_document`, which is asked for a file that is not kept as it is now."""
        name, state, now = str(file), _state(file), time.time_ns()
        row = self._kept.get(name)
        if row is None or row.state != state:
            found = read_document(file, root=root, databases=databases)
            said = pack(found)
            if said is not None and state and now - int(state.split()[1]) > _YOUNG_NS:
                self._new[name] = _Row(state, said, pack_lines(found.places.lines))
            return found
        one = unpack(row.said, Places(name, Lines(row.lines)))
        if isinstance(one, FeatureView):
            return one.at(root, path=file, databases=databases)
        assert isinstance(one, Entity)
        return one.at(file)

    def close(self, root: Path) -> None:
        """Keep what was read, where that is worth it, beside what others kept of other files."""
        kept, new = self._kept, self._new
        self._kept, self._new = {}, {}
        if len(new) >= LEAST:
            _write(root, {name: row for name, row in kept.items() if Path(name).exists()} | new)


class _Row(NamedTuple):
    """The state of a file, and what `pack` and `pack_lines` make of what stood in it."""

    state: str
    said: str
    lines: str


@contextmanager
def documents(root: Path, n_files: int) -> Iterator[Documents]:
    """What was kept of the files of the workspace `root`, while some `n_files` of them are read.

    Of few files nothing is kept or looked up. All that is read stays, so that Python's search for
    what may be forgotten, which takes as long as the reading, waits until the end.
    """
    found = Documents(_read(root) if n_files >= LEAST else {})
    collects = gc.isenabled()
    gc.disable()
    try:
        yield found
    finally:
        if collects:
            gc.enable()
        found.close(root)


def _state(file: Path) -> str:
    """What tells whether a file is another than it was: "" where it cannot be looked at."""
    try:
        stat = file.stat()
    except OSError:
        return ""
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ino} {stat.st_ctime_ns}"


def _read(root: Path) -> dict[str, _Row]:
    """The rows that are kept, by file; none where there are none, or not whole, or of others."""
    try:
        data = state_folder(root, _FILE).read_bytes()
    except OSError:
        return {}
    head, _, body = data.partition(b"\n")
    if head != _head(body):
        return {}
    rows = (line.split("\t") for line in body.decode("ascii").split("\n")[:-1])
    return {f"{root}/{json.loads(name)}": _Row(*row) for name, *row in rows}


def _write(root: Path, rows: Mapping[str, _Row]) -> None:
    """Beside, then moved into place; where nothing can be written, nothing is kept."""
    below = f"{root}/"
    body = "".join(
        "\t".join((json.dumps(name.removeprefix(below)), *row)) + "\n"
        for name, row in rows.items()
        if name.startswith(below)
    ).encode("ascii")
    file = state_folder(root, _FILE)
    with contextlib.suppress(OSError):
        make_folder(file.parent)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            part = Path(folder) / file.name
            with part.open("wb") as out:
                out.write(_head(body) + b"\n")
                out.write(body)
            part.replace(file)


def _head(body: bytes) -> bytes:
    return b" ".join((_MAGIC, _maker(), sha256(body).hexdigest().encode()))


@cache
def _maker() -> bytes:
    """Hex digits of everything that decides what stands in a row: what reads the files."""
    package = Path(__file__).parents[1]
    code = sorted((*package.glob("*.py"), *package.glob("marketplace/**/*.py")))
    said = [sys.version, *(version(name) for name in ("pydantic", "pyyaml", "polars"))]
    found = sha256("\n".join(said).encode())
    for file in code:
        found.update(sha256(file.read_bytes()).digest())
    return found.hexdigest()[:16].encode()
