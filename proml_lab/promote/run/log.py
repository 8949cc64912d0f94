"""The log of a run: one JSON object a line, on the disk before the run goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

NAME = "run.jsonl"
PLACE = "place"
"""The event after which a run's bundle is moved to its place."""


class RunLog:
    """Appends events to ``run.jsonl`` of the folder `keep`. Raises OSError."""

    def __init__(self, keep: Path) -> None:
        self._file = (keep / NAME).open("ab", buffering=0)

    def write(self, event: str, **facts: object) -> None:
        """Append one event with the time now."""
        entry = {"event": event, "at": now(), **facts}
        self._file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        self._file.close()


def events(keep: Path) -> Iterator[dict[str, object]]:
    """The events of a run in their order; a line that a crash cut off is left out."""
    path = keep / NAME
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def now() -> str:
    """UTC, ISO 8601, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
