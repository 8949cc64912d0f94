"""A drafted file: fields with the reason of each guess beside it, and notes below."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from proml_lab.marketplace.kind import kind_of
from proml_lab.marketplace.publish.text import write

HEAD = "# Drafted: lines marked 'guess' are guesses. Check them, then set status: active.\n"


@dataclass(frozen=True)
class Page:
    """The file of a view or an entity that was drafted.

    `fields` are what it says, `guesses` the reasons of those that are guessed, `notes` what else
    there is to know, `left` what was left out of it and why; `head` is its first line.
    """

    name: str
    fields: Mapping[str, object]
    guesses: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    head: str = HEAD

    @property
    def text(self) -> str:
        """The document."""
        lines = [self.head]
        for name, value in self.fields.items():
            said = write({name: value})
            if name in self.guesses:
                first, _, rest = said.partition("\n")
                said = f"{first}  # guess: {_plain(self.guesses[name])}\n{rest}"
            lines.append(said)
        lines += [f"# {_plain(note)}.\n" for note in self.notes]
        lines += [f"# left out: {_plain(one)}.\n" for one in self.left]
        return "".join(lines)


def features(
    columns: Mapping[str, object], taken: Iterable[str]
) -> tuple[dict[str, object], list[str]]:
    """(features of the columns by name and type that are not taken, why others are none)."""
    used = set(taken)
    found: dict[str, object] = {}
    notes = []
    for column, kind in columns.items():
        if column in used:
            continue
        type_ = kind_of(kind)  # type: ignore[arg-type]
        if type_ is None:
            notes.append(f"{column} is {kind}, which no feature can be")
            continue
        name = identifier(column)
        found[name] = type_ if name == column else {"type": type_, "column": column}
    return found, notes


def identifier(text: str) -> str:
    """`text` as the name of a feature or key."""
    if text.isidentifier():
        return text
    found = re.sub(r"\W+", "_", text).strip("_").lower() or "column"
    return found if found.isidentifier() else f"_{found}"


def word(text: str) -> str:
    """`text` as a part of the name of a view or an entity."""
    split = re.sub(r"([a-z])([A-Z])", r"\1_\2", text)
    found = re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")
    return found if found[:1].isalpha() else f"t_{found}".rstrip("_")


def _plain(text: str) -> str:
    return " ".join(text.split())
