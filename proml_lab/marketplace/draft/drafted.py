"""What was drafted: files, guesses with their reasons, and what could not be taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from proml_lab.words import counted

_SCHEMA = dict.fromkeys(("what", "name", "field", "value", "why"), pl.String())
_MOST = 100


@dataclass(frozen=True, eq=False)
class Drafted:
    """A folder that is a workspace now.

    `found` has a row for each ``guess``, each ``note`` and each thing that was ``left out``, as
    ``what`` says; `views` are the drafted ones, `files` what was written.
    """

    root: Path
    views: tuple[str, ...]
    files: tuple[Path, ...]
    found: pl.DataFrame = field(repr=False)
    origin: str = "a folder"

    @property
    def title(self) -> str:
        """What was done, in one line."""
        kinds = self.found["what"]
        n, left = kinds.to_list().count("guess"), kinds.to_list().count("left out")
        more = f"; {n} guess{'' if n == 1 else 'es'} to check" if n else ""
        lost = f"; {counted(left, 'thing')} left out" if left else ""
        return f"{counted(len(self.views), 'view')} drafted in {self.root}{more}{lost}."

    def frame(self) -> pl.DataFrame:
        """``what``, ``name``, ``field``, ``value``, ``why``: a row a guess, note or gap."""
        return self.found

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        written = [str(file.relative_to(self.root)) for file in self.files]
        lines = [f"Written: {', '.join(written)}." if written else "Nothing was to write."]
        if self.views:
            lines.append("Look at the files, set status: active, then publish each view.")
        told = [
            f"  {what}: {name}{f': {field}: {value}' if field else ''}: {why}"
            for what, name, field, value, why in self.found.head(_MOST).iter_rows()
        ]
        if self.found.height > _MOST:
            told.append(f"  and {self.found.height - _MOST} more; frame() has all.")
        plain = "\n".join([self.title, *told, *lines])
        parts = [html.lead(self.title)]
        if self.found.height:
            parts.append(html.table(self.found, caption="Guesses and gaps", max_rows=_MOST))
        return html.bundle(plain, *parts, *map(html.note, lines))


def rows(found: list[tuple[str, str, str, str, str]]) -> pl.DataFrame:
    """`found` as a frame of a `Drafted`."""
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")
