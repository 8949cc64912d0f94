"""Where the fields of a document stand, so that an error found later still names its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from proml_lab.errors import ProMLError

Steps = tuple[int | str, ...]
"""The way to a field: names of mappings, positions in lists."""


@dataclass(frozen=True, eq=False)
class Places:
    """The name of a document, usually its path, and the line of each of its fields.

    All places are equal: two documents that say the same are, wherever they were read.
    """

    name: str = ""
    lines: Mapping[Steps, int] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Places)

    def line(self, path: Steps) -> int:
        """The line of `path`, or of the nearest field above it that is there; 1 for none."""
        above = (path[:n] for n in range(len(path), 0, -1))
        return next((self.lines[place] for place in above if place in self.lines), 1)

    @contextmanager
    def at(self, *path: int | str) -> Iterator[None]:
        """Our errors raised inside get ``name:line: field: `` before each line.

        A line that already begins with a field of the document is told at that field's line.
        """
        try:
            yield
        except ProMLError as error:
            if not self.lines:
                raise
            said = "\n".join(self._placed(line, path) for line in error.message.splitlines())
            raise error.saying(said) from error.__cause__

    def _placed(self, text: str, path: Steps) -> str:
        steps = tuple(text.partition(": ")[0].split("."))
        if steps[0] == path[0]:
            return f"{self.name}:{self.line(steps)}: {text}"
        return f"{self.name}:{self.line(path)}: {dotted(path)}: {text}"


def dotted(path: Steps) -> str:
    """A path as people write it: ``spine.entities[0]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
