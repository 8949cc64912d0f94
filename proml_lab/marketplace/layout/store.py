"""The files of one layout: arrays and columns that are mapped into memory, and what they are.

A file counts once ``layout.json`` names it, which is replaced as a whole: so there is always all of
a layout or nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import time
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

FORMAT = 1
HEAD = "layout.json"
_CHUNK = 1 << 24
Array = npt.NDArray[Any]
Facts = dict[str, Any]


class Store:
    """A folder with the files of one layout; whoever writes to it holds its lock."""

    def __init__(self, folder: Path, facts: Facts, files: dict[str, list[int]]) -> None:
        self.folder, self.facts, self._files = folder, facts, files

    @classmethod
    def open(cls, folder: Path) -> Store | None:
        """The layout in `folder`; None if there is none, or one that is damaged."""
        try:
            said = json.loads((folder / HEAD).read_bytes())
            facts, files = said["facts"], said["files"]
            whole = said["format"] == FORMAT and said["sha256"] == _digest(facts, files)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not whole or not all(_is_whole(folder / name, said) for name, said in files.items()):
            return None
        return cls(folder, facts, files)

    def bytes_of(self, name: str) -> int:
        """Bytes of one file."""
        return self._files[name][0]

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def array(self, name: str) -> Array:
        """The array `name`, mapped and not to be written to."""
        return np.asarray(np.lib.format.open_memmap(self.folder / name, mode="r"))

    def column(self, name: str) -> pl.Series:
        """The column in the file `name`, mapped."""
        import pyarrow as pa

        with pa.memory_map(str(self.folder / name)) as mapped:
            return pl.DataFrame(pa.ipc.open_file(mapped).read_all()).to_series()

    def add(self, name: str, content: Array | pl.Series) -> None:
        """Write one file, unless it is there; nothing counts before `tell`."""
        if name in self._files:
            return
        part = self.folder / name
        with part.open("wb") as file:
            if isinstance(content, pl.Series):
                content.to_frame().write_ipc(file, record_batch_size=max(1, content.len()))
            else:
                np.save(file, content)
        stamp = int(time.time())
        os.utime(part, ns=(stamp * 10**9, stamp * 10**9))
        self._files[name] = [part.stat().st_size, stamp, _crc(part)]

    def tell(self) -> None:
        """Say what the layout is and which files are part of it."""
        said = {
            "format": FORMAT,
            "facts": self.facts,
            "files": self._files,
            "sha256": _digest(self.facts, self._files),
        }
        part = self.folder / f".{HEAD}-{secrets.token_hex(4)}"
        part.write_text(json.dumps(said), encoding="utf-8")
        part.replace(self.folder / HEAD)


def _is_whole(file: Path, said: list[int]) -> bool:
    """Whether a file is what was written: by its size and time, else by its checksum."""
    size, stamp, crc = said
    try:
        found = file.stat()
        if found.st_size != size:
            return False
        return found.st_mtime_ns == stamp * 10**9 or _crc(file) == crc
    except OSError:
        return False


def _crc(file: Path) -> int:
    found = 0
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            found = zlib.crc32(chunk, found)
    return found


def _digest(facts: Facts, files: dict[str, list[int]]) -> str:
    return sha256(json.dumps([facts, files], sort_keys=True).encode()).hexdigest()
