"""Lengths of time as people write them: ``90d``, ``6h``, ``1d12h``, ``all``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

ALL = timedelta(days=36525)
"""A hundred years: the longest length, and all time there is."""
_PATTERN = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_UNITS = ("weeks", "days", "hours", "minutes", "seconds")


def read_duration(text: object) -> timedelta:
    """``90d``, ``6h``, ``1d12h``: weeks, days, hours, minutes (m), seconds, the largest first.

    ``all`` is all time there is.
    """
    if isinstance(text, timedelta):
        found = text
    elif text == "all":
        found = ALL
    else:
        match = _PATTERN.fullmatch(text) if isinstance(text, str) and text else None
        if match is None:
            raise ValueError(f"found {text!r}; give a number with its unit, such as 90d, 6h or 15m")
        numbers = {unit: int(n) for unit, n in zip(_UNITS, match.groups(), strict=True) if n}
        if any(n > 10**9 for n in numbers.values()) or timedelta(**numbers) >= ALL:
            raise ValueError(f"found {text!r}; less than 100 years, or all")
        found = timedelta(**numbers)
    if not timedelta(0) < found <= ALL:
        raise ValueError(f"found {text!r}; more than nothing and less than 100 years")
    return found


def show_duration(length: timedelta) -> str:
    """The shortest text that `read_duration` reads back: ``7d``, ``1d12h``, ``all``."""
    if length == ALL:
        return "all"
    seconds = int(length.total_seconds())
    text = ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        n, seconds = divmod(seconds, size)
        text += f"{n}{unit}" if n else ""
    return text


Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    PlainSerializer(show_duration, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["7d", "6h", "all"]}),
]
