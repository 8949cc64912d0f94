"""What the notebook's metadata mutes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple, Protocol

from proml_lab.errors import choose
from proml_lab.promote.lint.codes import CHECKS
from proml_lab.promote.lint.subject import Data, Seen, Subject

Place = Literal["", "cell", "notebook"]
LATE = frozenset(("PN031", "PN081", "PN100", "PN101"))
"""Codes that only the run may show: after.py."""
_OUTPUTS = ("PN100", "PN101")


def check(subject: Subject) -> Iterator[Seen]:
    """PN110: words in a list of mutes that are no code; `unused` has the others."""
    places: list[tuple[int | None, Data]] = [(None, subject.metadata)]
    places += [(cell.number, cell.metadata) for cell in subject.cells]
    for number, metadata in places:
        given = _given(metadata)
        if given is None:
            continue
        if not isinstance(given, list | tuple | Mapping):
            yield Seen("PN110", number, None, f"proml.mute is {given!r}, not a list of codes")
            continue
        for word in given:
            if word not in CHECKS:
                yield Seen("PN110", number, None, f"{word!r}: {choose(str(word), CHECKS)}")


class Used(Protocol):
    """What `unused` needs to know of a finding."""

    @property
    def code(self) -> str: ...

    @property
    def cell(self) -> int | None: ...


def unused(subject: Subject, found: Iterable[Used], *, ran: bool = False) -> Iterator[Seen]:
    """PN110: codes that are muted where nothing of what was `found` has them.

    What only a run may show is left for the time after it, when it `ran`.
    """
    there = {(one.cell, one.code) for one in found}
    codes = {code for _, code in there}
    for cell, code in where(subject):
        used = (cell, code) in there if cell is not None else code in codes
        if not used and code in CHECKS and code != "PN110" and ran == _is_late(subject, cell, code):
            place = "notebook" if cell is None else "cell"
            yield Seen("PN110", cell, None, f"{code!r}: nothing in this {place} has it")


def _is_late(subject: Subject, cell: int | None, code: str) -> bool:
    """Whether a run may yet show what is muted here."""
    if cell is None:
        return code in LATE
    here = next(c for c in subject.cells if c.number == cell)
    if code == "PN081":
        return any(isinstance(node, ast.Import | ast.ImportFrom | ast.Call) for node in here.nodes)
    return here.is_code and code in _OUTPUTS


class Mute(NamedTuple):
    """Where something is muted, and the reason that is given there, if any."""

    place: Place = ""
    reason: str = ""


def where(subject: Subject) -> Mapping[tuple[int | None, str], Mute]:
    """(cell, code) to how it is muted; the notebook's own mutes stand under None."""
    found: dict[tuple[int | None, str], Mute] = {}
    for code, reason in _codes(subject.metadata).items():
        found[None, code] = Mute("notebook", reason)
    for cell in subject.cells:
        for code, reason in _codes(cell.metadata).items():
            found[cell.number, code] = Mute("cell", reason)
    return found


def _codes(metadata: Data) -> dict[str, str]:
    """Code to reason; a list of codes gives none."""
    given = _given(metadata)
    if isinstance(given, Mapping):
        return {str(word): " ".join(str(reason or "").split()) for word, reason in given.items()}
    return dict.fromkeys(map(str, given), "") if isinstance(given, list | tuple) else {}


def _given(metadata: Data) -> object:
    ours = metadata.get("proml")
    return ours.get("mute") if isinstance(ours, Mapping) else None
