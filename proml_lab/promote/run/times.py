"""What each cell of a run took: written beside the notebook, read for the next run's progress."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "cells.json"


@dataclass(frozen=True)
class CellFacts:
    """One cell that was run.

    Attributes
    ----------
    id
        The cell's, as in the notebook.
    seconds
        How long it took.
    peak_bytes
        Resident memory of the kernel and what it had started, at most.
    output
        Characters of output that came from it.
    cut
        Whether some of its output is only in ``whole/``.
    """

    id: str
    seconds: float
    peak_bytes: int
    output: int
    cut: bool


def write(folder: Path, cells: Sequence[CellFacts]) -> None:
    """Write ``cells.json`` into `folder`."""
    data = {
        "seconds": round(sum(cell.seconds for cell in cells), 3),
        "peak_bytes": max((cell.peak_bytes for cell in cells), default=0),
        "cells": [asdict(cell) for cell in cells],
    }
    text = json.dumps(data, indent=1, sort_keys=True) + "\n"
    (folder / NAME).write_text(text, encoding="utf-8", newline="\n")


def read(folder: Path) -> tuple[CellFacts, ...]:
    """What `write` wrote into `folder`; nothing if it is not there or not readable."""
    try:
        data = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return tuple(CellFacts(**cell) for cell in data["cells"])
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def parts(ids: Sequence[str], before: Sequence[CellFacts]) -> Mapping[str, tuple[float, float]]:
    """Where in the whole each of the cells `ids` begins and ends: from 0 to 1, in order.

    By the seconds that they took `before`; a cell that is new counts as the mean of the others,
    and all count the same where nothing is known.
    """
    known = {cell.id: max(cell.seconds, 0.001) for cell in before}
    found = [known[key] for key in ids if key in known]
    mean = sum(found) / len(found) if found else 1.0
    lengths = [known.get(key, mean) for key in ids]
    whole = sum(lengths) or 1.0
    ends, reached = {}, 0.0
    for key, length in zip(ids, lengths, strict=True):
        ends[key] = (reached / whole, (reached + length) / whole)
        reached += length
    return ends


def summary(cells: Sequence[CellFacts]) -> str:
    """The run in one line, or nothing if no times were kept."""
    if not cells:
        return ""
    slowest = max(cells, key=lambda cell: cell.seconds)
    peak = max(cell.peak_bytes for cell in cells) / 2**20
    first = slowest.seconds / (sum(cell.seconds for cell in cells) or 1.0)
    return (
        f"Its cells took {sum(cell.seconds for cell in cells):,.1f} s, the slowest of them "
        f"{slowest.seconds:,.1f} s ({first:.0%}); the kernel used up to {peak:,.0f} MB of memory."
    )
