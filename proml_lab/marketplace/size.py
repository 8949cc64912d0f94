"""Sizes of data in words: ``256MB``, ``1.5 GB``, ``0``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kKMGT]?B|)")


def n_bytes(size: str) -> int:
    """How many bytes a size is; raises ValueError where it is none."""
    match = _SIZE.fullmatch(size)
    if match is None:
        raise ValueError(f"{size!r} is no size; write one such as '256MB', '2GB' or '0'")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def _checked(size: str) -> str:
    n_bytes(size)
    return size


def _checked_if_any(size: str) -> str:
    return _checked(size) if size else size


Size = Annotated[str, AfterValidator(_checked)]
SizeOrEmpty = Annotated[str, AfterValidator(_checked_if_any)]
