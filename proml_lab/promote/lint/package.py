"""Whether an installed package has a part of some name: told from its files, never imported."""

from __future__ import annotations

import re
from functools import cache
from importlib.machinery import ModuleSpec, all_suffixes
from pathlib import Path

_DYNAMIC = re.compile(
    r"import\s*\*|sys\.modules|__path__|globals\(\)\s*(?:\.update|\[[^\]]*\]\s*=[^=])|\bexec\(|"
    r"\bsetattr\(|\bvars\(|\blocals\(\)|attach(?:_stub)?\(|lazy|__dict__"
)
_LOOKS_UP = re.compile(r"def __getattr__\(.*?\n(?=\S|\Z)", re.DOTALL)
_ELSEWHERE = re.compile(r"(?<![\w.])getattr\(")
_SUFFIXES = (*all_suffixes(), ".pyi")


def missing(spec: ModuleSpec, parts: list[str], names: list[str]) -> str:
    """The first of the modules ``top.parts…`` and of the `names` in it that is surely not there.

    Parameters
    ----------
    spec
        Of the top package.
    parts
        The rest of the module's name.
    names
        What is imported from it.

    Returns
    -------
    The dotted name; empty if all are there, or if it cannot be told without running the package.
    """
    here, place = spec.name, _folder(spec)
    for part in parts:
        if place is None or not _is_plain(place, part):
            return ""
        here = f"{here}.{part}"
        below = place / part
        if not _is_module(place, part):
            return here
        place = below if (below / "__init__.py").is_file() else None
    if place is None:
        return ""
    for name in names:
        if name != "*" and _is_plain(place, name) and not _is_module(place, name):
            return f"{here}.{name}"
    return ""


def _folder(spec: ModuleSpec) -> Path | None:
    """The folder of a package with an ``__init__.py``; None for what has none, or several."""
    places = list(spec.submodule_search_locations or ())
    plain = len(places) == 1 and Path(str(spec.origin)).name == "__init__.py"
    return Path(places[0]) if plain else None


def _is_plain(folder: Path, name: str) -> bool:
    """Whether the package in `folder` neither speaks of `name` nor makes names as it runs."""
    text = _text(folder)
    return bool(text) and not _DYNAMIC.search(text) and not re.search(rf"\b{name}\b", text)


@cache
def _text(folder: Path) -> str:
    """The sources of the package itself; empty if names may come from anywhere."""
    found = ""
    for name in ("__init__.py", "__init__.pyi"):
        path = folder / name
        if path.is_file():
            found += path.read_text(encoding="utf-8", errors="replace") + "\n"
    look = _LOOKS_UP.search(found)
    return "" if look and _ELSEWHERE.search(look[0]) else found or "#"


def _is_module(folder: Path, name: str) -> bool:
    below = folder / name
    return below.is_dir() or any((folder / f"{name}{suffix}").is_file() for suffix in _SUFFIXES)
