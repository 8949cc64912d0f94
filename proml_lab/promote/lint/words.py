"""What lint found in the notebook, for the card and the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from proml_lab.promote.blocks import Block, Table
from proml_lab.promote.lint.codes import CHECKS

if TYPE_CHECKING:
    from proml_lab.promote.bundle import LintEntry


def blocks(entries: Sequence[LintEntry]) -> Iterator[Block]:
    """Warnings that were let through, then what was muted, each with what it may mean."""
    through = [entry for entry in entries if not entry.muted]
    muted = [entry for entry in entries if entry.muted]
    late = any(entry.by == "run" for entry in entries)
    when = "before it ran and by what its run did" if late else "before it ran"
    if not entries:
        yield "The notebook was checked before it ran, and nothing was found."
        return
    if through:
        n = len(through)
        yield f"The notebook was checked {when}; {n} warning{'s' * (n > 1)} did not stop it:"
        told = tuple((*_facts(entry), CHECKS[entry.code].why) for entry in through)
        yield Table(("where", "code", "what was seen", "why it matters"), told)
    else:
        yield f"The notebook was checked {when}; what was found is muted."
    if muted:
        n = len(muted)
        yield f"Muted by who wrote the notebook, {n} finding{'s' * (n > 1)}:"
        head = ("where", "code", "what was seen", "muted in the", "reason given")
        rows = tuple((*_facts(entry), entry.muted, entry.reason or "none") for entry in muted)
        yield Table(head, rows)


def _facts(entry: LintEntry) -> tuple[str, str, str]:
    """(where, code, what was seen)."""
    place = f"cell {entry.cell}" if entry.cell else "notebook"
    line = f", line {entry.line}" if entry.line else ""
    return place + line, entry.code, f"{CHECKS[entry.code].title}: {entry.seen}"
