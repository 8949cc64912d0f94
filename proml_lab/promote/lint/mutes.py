"""What the notebook's metadata mutes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from proml_lab.errors import choose
from proml_lab.promote.lint.codes import CHECKS
from proml_lab.promote.lint.subject import Data, Seen, Subject

Place = Literal["", "cell", "notebook"]


def check(subject: Subject) -> Iterator[Seen]:
    """PN110: words in a list of mutes that are no code."""
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
