"""Files that are read and that nobody declared, and files that are written outside."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from tempfile import gettempdir

from proml_lab.promote.lint.calls import Call, Calls
from proml_lab.promote.lint.subject import Seen, Subject

URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
_FRAMES = re.compile(
    r"(?:pandas|polars|geopandas|dask\.dataframe|modin\.pandas|cudf|duckdb)\.(?:read|scan)_"
    r"(?!sql|database|clipboard|gbq|iceberg|delta)\w+"
)
_READERS = {
    *("numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "numpy.fromfile", "numpy.memmap"),
    *("joblib.load", "torch.load", "scipy.io.loadmat", "PIL.Image.open", "xarray.open_dataset"),
    *("pyarrow.parquet.read_table", "pyarrow.parquet.ParquetFile", "pyarrow.csv.read_csv"),
    *("pyarrow.feather.read_table", "pyarrow.dataset.dataset", "sqlite3.connect"),
}
_OPENERS = {"open", "io.open", "gzip.open", "bz2.open", "lzma.open", "codecs.open"}
_WRITE_FIRST = {
    *("numpy.save", "numpy.savez", "numpy.savez_compressed", "numpy.savetxt", "os.makedirs"),
    *("os.mkdir", "os.remove", "os.unlink", "shutil.rmtree", "os.rmdir"),
}
_WRITE_SECOND = {
    *("joblib.dump", "torch.save", "shutil.copy", "shutil.copy2", "shutil.copyfile", "os.rename"),
    *("shutil.copytree", "shutil.move", "os.replace", "pyarrow.parquet.write_table"),
}
_WRITE_METHOD = re.compile(
    r"\.(?:to_(?:csv|parquet|excel|json|pickle|feather|html|markdown|latex|stata|hdf|xml|orc)"
    r"|write_(?:csv|parquet|ipc|json|ndjson|excel|avro|delta|html|image)|sink_\w+|savefig|save"
    r"|save_model)|matplotlib\.pyplot\.(?:savefig|imsave)|(?:cv2|imageio)\.imwrite"
)
_WRITE_OWNER = {".write_text", ".write_bytes", ".mkdir", ".touch", ".unlink", ".rmdir"}
_NAMES = ("path", "filepath_or_buffer", "source", "file", "io", "fname", "filename", "path_or_buf")


def check(calls: Calls) -> Iterator[Seen]:
    """PN031 and PN032."""
    written: set[str] = set()
    for call in calls.all:
        for path, writes in paths(call, calls):
            text = calls.text(path)
            if text is None or URL.match(text) or not text or text.startswith("/dev/"):
                continue
            where = call.cell.number, call.line
            if writes:
                written.add(text)
                if _is_outside(text, calls.subject):
                    yield Seen("PN032", *where, f"{call.shown} to {text!r}")
            elif not (
                text in written
                or calls.uses(path, calls.subject.parameters)
                or is_listed(_place(text, calls.subject), calls.subject)
            ):
                yield Seen("PN031", *where, f"{call.shown} of {text!r}")
    for cell, magic in calls.subject.magics():
        if magic.name in ("writefile", "file") and magic.text:
            text = magic.text.split()[-1]
            if _is_outside(text, calls.subject):
                yield Seen("PN032", cell.number, magic.line, f"%%{magic.name} {text}")


def reads(subject: Subject) -> tuple[str, ...]:
    """The patterns in the notebook's metadata, ``proml.reads``."""
    given = subject.metadata.get("proml")
    listed = given.get("reads", ()) if isinstance(given, dict) else ()
    return tuple(map(str, listed)) if isinstance(listed, list | tuple) else ()


def paths(call: Call, calls: Calls) -> Iterator[tuple[ast.expr, bool]]:
    """(path, whether it is written) of a call that reads or writes a file."""
    first, second = call.argument(0, *_NAMES), call.argument(1, "dst", "where", "f", *_NAMES)
    name = call.name
    path: ast.expr | None = None
    writes = True
    if name in _OPENERS or name == ".open":
        method = name == ".open"
        given = call.argument(0 if method else 1, "mode")
        mode = "r" if given is None else calls.text(given)
        if mode is not None:
            path, writes = (call.owner if method else first), bool(set(mode) & set("wax+"))
    elif _FRAMES.fullmatch(name) or name in _READERS:
        path, writes = first, False
    elif name in (".read_text", ".read_bytes"):
        path, writes = call.owner, False
    elif name in _WRITE_FIRST or _WRITE_METHOD.fullmatch(name):
        path = first
    elif name in _WRITE_SECOND:
        path = second
    elif name in _WRITE_OWNER:
        path = call.owner
    if path is not None:
        yield path, writes


def _is_outside(text: str, subject: Subject) -> bool:
    """Whether a file of this path surely lies outside of the workspace and is kept there."""
    if subject.root is None or re.match(r"[A-Za-z]:[\\/]|\\\\", text) or "$" in text:
        return False
    path = _place(text, subject)
    kept = [subject.root, subject.root.resolve(), Path(gettempdir()), Path("/tmp"), Path("/dev")]  # noqa: S108
    return not any(path.is_relative_to(place) for place in kept)


def is_listed(place: Path, subject: Subject) -> bool:
    """Whether the notebook's metadata lists the file at `place`."""
    for pattern in reads(subject):
        for base in (subject.folder, subject.root or subject.folder):
            if fnmatch(str(place), os.path.normpath(base / pattern)):
                return True
    return False


def _place(text: str, subject: Subject) -> Path:
    """Where a path of the notebook leads, without looking at the disk."""
    return Path(os.path.normpath(subject.folder / Path(text).expanduser()))
