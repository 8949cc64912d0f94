"""Named arrays in one file that is mapped into memory: written whole or not at all, checked."""

from __future__ import annotations

import contextlib
import json
import mmap
import struct
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from proml_lab.statefolder import make_folder

Arrays = Mapping[str, npt.NDArray[Any]]
MAGIC = b"proml-search/1\n\0"
_HEAD = struct.Struct("<16sQLL")
_ALIGN = 64


def write(file: Path, facts: Mapping[str, object], arrays: Arrays) -> None:
    """Write `facts`, which JSON can hold, and `arrays`: beside, then moved into place as `file`.

    Where nothing can be written (no permission, a full disk) nothing is: what is kept here can be
    made again.
    """
    with contextlib.suppress(OSError):
        make_folder(file.parent)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            part = Path(folder) / file.name
            with part.open("wb") as out:
                for piece in _pieces(facts, arrays):
                    out.write(piece)
            part.replace(file)


def read(file: Path) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]] | None:
    """(facts, arrays) of `file`, the arrays mapped and not to be written to.

    None where there is no such file, or where it is damaged or of another format.
    """
    try:
        with file.open("rb") as opened:
            held = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):  # absent, forbidden, or empty
        return None
    if len(held) < _HEAD.size:
        return None
    magic, size, of_head, of_body = _HEAD.unpack_from(held)
    end = _HEAD.size + size
    head, body, start = held[_HEAD.size : end], held[end:], _aligned(end)
    if magic != MAGIC or zlib.crc32(head) != of_head or zlib.crc32(body) != of_body:
        return None
    said = json.loads(bytes(head))
    arrays = {
        name: np.frombuffer(held, kind, count=int(np.prod(shape)), offset=start + at).reshape(shape)
        for name, (kind, shape, at) in said["arrays"].items()
    }
    return said["facts"], arrays


def _pieces(facts: Mapping[str, object], arrays: Arrays) -> list[bytes]:
    places: dict[str, list[object]] = {}
    body: list[bytes] = []
    at = 0
    for name, array in arrays.items():
        places[name] = [array.dtype.str, list(array.shape), at]
        data = np.ascontiguousarray(array).tobytes()
        body += [data, bytes(_aligned(len(data)) - len(data))]
        at += _aligned(len(data))
    head = json.dumps({"facts": dict(facts), "arrays": places}).encode()
    end = _HEAD.size + len(head)
    body.insert(0, bytes(_aligned(end) - end))
    of_body = 0
    for piece in body:
        of_body = zlib.crc32(piece, of_body)
    return [_HEAD.pack(MAGIC, len(head), zlib.crc32(head), of_body), head, *body]


def _aligned(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN
