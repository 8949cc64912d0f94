"""Runs in the kernel: notes every file below the workspace that the notebook opens to read.

Standard library only, and complete in itself: its source is sent to the kernel, whatever is
installed there. Python tells of what it opens itself (`sys.addaudithook`). Libraries that open
files on their own are asked by name: their readers, listed below, note their paths and go on.
"""

from __future__ import annotations

import errno
import functools
import glob
import json
import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:  # in the kernel its source stands in front of this one
    from proml_lab.promote.freeze.kernel_import import when_loaded

READERS = {
    "polars": (
        *("read_parquet", "scan_parquet", "read_parquet_schema", "read_parquet_metadata"),
        *("read_csv", "scan_csv", "read_ipc", "scan_ipc", "read_ipc_stream", "read_avro"),
        *("read_json", "read_ndjson", "scan_ndjson", "read_delta", "scan_delta"),
    ),
    "pandas": ("read_parquet", "read_feather", "read_orc", "read_hdf"),
    "pyarrow.parquet": ("read_table", "read_schema", "read_metadata", "ParquetFile"),
    "pyarrow.feather": ("read_table", "read_feather"),
    "pyarrow.csv": ("read_csv", "open_csv"),
    "pyarrow.orc": ("read_table", "ORCFile"),
    "pyarrow.dataset": ("dataset", "parquet_dataset"),
    "duckdb": (
        *("connect", "read_parquet", "read_csv", "read_json", "from_parquet"),
        *("sql", "query", "execute"),
    ),
}
"""Functions and classes that open files by themselves; their first argument says which."""
_QUOTED = re.compile(r"'([^'\n]+)'|\"([^\"\n]+)\"")
SKIPPED = {
    *(".proml", ".git", ".ipynb_checkpoints", "__pycache__", "node_modules", ".venv"),
    *("site-packages", "dist-packages", ".ipython", ".jupyter", ".local", ".cache", ".config"),
}
_COMPILED = (".pyc", ".so", ".pyd", ".nbi", ".nbc")
_SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/opt", "/run", "/var", "/bin")
_DATA = {
    *(".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".xml", ".parquet"),
    *(".feather", ".arrow", ".ipc", ".orc", ".avro", ".xls", ".xlsx", ".npy", ".npz", ".h5"),
    *(".hdf5", ".pkl", ".pickle", ".joblib", ".db", ".sqlite", ".duckdb", ".zip", ".gz", ".zst"),
}


def begin(file: str, root: str) -> None:
    """Note in `file`, from now on, what is read below the folder `root`."""
    note = _Note(file, root)
    sys.addaudithook(note.hear)
    when_loaded(dict.fromkeys(READERS, note.wrap))


class _Note:
    """A line of JSON for each file at its first reading, written at once: a crash loses none."""

    def __init__(self, file: str, root: str) -> None:
        self.root = os.path.abspath(root) + os.sep  # noqa: PTH100
        self.real = os.path.realpath(root) + os.sep
        places = {os.path.realpath(place) for place in (sys.prefix, sys.base_prefix)}
        self.libraries = tuple(place + os.sep for place in {*places, sys.prefix, sys.base_prefix})
        self.seen: set[str] = set()
        self.out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.tell({"started_ns": os.fstat(self.out).st_mtime_ns})

    def hear(self, event: str, given: tuple[Any, ...]) -> None:
        """Called by Python for whatever it does, so it must be quick."""
        if event == "open":
            path, _, flags = given
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR) == os.O_WRONLY
            if not writes and not str(path).endswith(_COMPILED):
                self.note(path)
        elif event == "sqlite3.connect":
            self.note(_file(given[0]))

    def note(self, path: object) -> None:
        """Remember one path; what is no file is left alone."""
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str | os.PathLike):
            return
        try:
            text = os.path.abspath(os.fspath(path))  # noqa: PTH100
            if text in self.seen:
                return
            self.seen.add(text)
            facts = os.stat(text)  # noqa: PTH116
        except (OSError, ValueError, TypeError):
            return  # who opens it will be told so
        if stat.S_ISREG(facts.st_mode) and not text.startswith(self.libraries):
            self.place(text, facts)

    def place(self, path: str, facts: os.stat_result) -> None:
        """Tell of a file: by its path if it is in the workspace, else only of what kind it is."""
        real = os.path.realpath(path)
        inside = path[len(self.root) :] if path.startswith(self.root) else ""
        if not inside and real.startswith(self.real):
            inside = real[len(self.real) :]
        if SKIPPED & set((inside or path).split(os.sep)):  # noqa: PTH206
            return
        if inside:
            name = inside.replace(os.sep, "/")
            self.tell({"path": name, "bytes": facts.st_size, "mtime_ns": facts.st_mtime_ns})
            return
        suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122
        if suffix in _DATA and not real.startswith((*_SYSTEM, *self.libraries)):
            home, temporary = (os.path.realpath(p) for p in (os.path.expanduser("~"), _TEMPORARY))  # noqa: PTH111
            where = "temporary folder" if real.startswith(temporary + os.sep) else "elsewhere"
            where = "home folder" if real.startswith(home + os.sep) else where
            self.tell({"outside": where, "suffix": suffix})

    def tell(self, facts: dict[str, object]) -> None:
        try:
            os.write(self.out, json.dumps(facts).encode() + b"\n")
        except OSError as error:
            if error.errno != errno.EBADF:  # a child process that closed what it was left
                raise

    def wrap(self, module: Any) -> None:
        """Let the readers of a library that is loaded note their paths."""
        for name in READERS[module.__name__]:
            found = getattr(module, name, None)
            if isinstance(found, type):
                self.wrap_class(found)
            elif callable(found):
                setattr(module, name, self.noting(found))

    def wrap_class(self, kind: Any) -> None:
        try:
            kind.__init__ = self.noting(kind.__init__, first=1)
        except TypeError:
            return  # a class of C takes no other method

    def noting(self, call: Callable[..., Any], first: int = 0) -> Callable[..., Any]:
        """`call`, which notes the paths in its first argument, or in one by name, before."""

        @functools.wraps(call)
        def noted(*given: Any, **named: Any) -> Any:
            for value in (*given[first : first + 1], *named.values()):
                for path in _paths(value):
                    self.note(path)
            return call(*given, **named)

        return noted


_TEMPORARY = tempfile.gettempdir()


def _file(database: object) -> object:
    """The path of an SQLite database, which may be named as a ``file:`` address."""
    text = os.fsdecode(database) if isinstance(database, bytes) else database
    if not isinstance(text, str) or not text.startswith("file:"):
        return database
    return unquote(text.removeprefix("file:").partition("?")[0])


def _paths(value: object) -> list[object]:
    """The paths that an argument stands for: one, a list, a pattern, a folder, or some in SQL."""
    if isinstance(value, list | tuple):
        return [path for item in value for path in _paths(item)]
    if not isinstance(value, str | os.PathLike):
        return []
    text = os.fspath(value)
    if not isinstance(text, str) or "://" in text:
        return []
    if "\n" in text or " " in text.strip():
        inside = [one or other for one, other in _QUOTED.findall(text)]
        return [path for item in inside if " " not in item for path in _paths(item)] or [text]
    if os.path.isdir(text):  # noqa: PTH112
        text = os.path.join(text, "**")  # noqa: PTH118
    return list(glob.glob(text, recursive=True)) if "*" in text or "?" in text else [text]  # noqa: PTH207
