"""What differs between two artifacts: parameters, spec, code, data, environment, figures."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.promote import aspects
from proml_lab.promote.artifact import Artifact, locate, sound
from proml_lab.promote.paired import significance as tested

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_COLUMNS = ("what", "name", "before", "after", "note")
_KINDS = {
    "parameter": "parameters",
    "verdict": "verdicts",
    "spec": "spec",
    "code": "code",
    "data": "data",
    "schema": "schema",
    "environment": "environment",
    "metric": "metrics",
    "explanation": "explanation",
    "file": "files",
}
_LONG = r"\b([0-9a-f]{12})(?:[0-9a-f]{20}|[0-9a-f]{52})\b"
"""Fingerprints and digests, which are shown by their first twelve letters."""
Row = tuple[str, str, str, str]


@dataclass(frozen=True, eq=False)
class Difference:
    """Two artifacts side by side: a row for each thing that differs; none for times.

    `before` and `after` are their keys, such as ``flight-delay@1``.
    """

    before: str
    after: str
    table: pl.DataFrame = field(repr=False)

    def frame(self) -> pl.DataFrame:
        """``what`` (parameter, verdict, spec, code, data, schema, environment, metric, explanation,
        file), ``name``, ``before``, ``after``, ``note``; an empty text is for what is not there.

        The note of a metric over all rows says whether it is better or worse, if that can be told.
        """
        return self.table

    def __bool__(self) -> bool:
        return self.table.height > 0

    def __str__(self) -> str:
        """One line."""
        if not self:
            return f"{self.after} and {self.before} differ in nothing but time."
        counts = self.table.group_by("what", maintain_order=True).len()
        said = ", ".join(f"{_KINDS[what]} ({n})" for what, n in counts.iter_rows())
        return f"{self.after} differs from {self.before} in {said}."

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        if not self:
            return html.bundle(str(self), html.lead(str(self)))
        noted = (self.table["note"] != "").any()
        shown = self.table if noted else self.table.drop("note")
        shown = shown.with_columns(pl.col("before", "after").str.replace_all(_LONG, "$1…"))
        plain = "\n".join([str(self), html.text_table(shown, max_rows=60)])
        return html.bundle(plain, html.lead(str(self)), html.table(shown, max_rows=60))


def difference(
    before: Artifact | str | Path,
    after: Artifact | str | Path,
    *,
    workspace: Workspace | str | Path | None = None,
    significance: bool = True,
) -> Difference:
    """Compare two artifacts by what was kept of them, times apart.

    Each is an artifact, or what `load_artifact` takes for one of `workspace`. Without
    `significance` metrics are put side by side and not tested.

    Raises
    ------
    UnknownNameError, ArtifactError
        One of them is not there, or damaged.
    """
    old, new = (
        given if isinstance(given, Artifact) else sound(locate(given, workspace), None)
        for given in (before, after)
    )
    one, other = aspects.read(old), aspects.read(new)
    rows = [
        *_apart(one.before_code, other.before_code),
        *_code(one.cells, other.cells),
        *_apart(one.after_code, other.after_code),
    ]
    if not rows:
        rows = list(_pairs("file", aspects.digests(old), aspects.digests(new)))
    notes = _notes(old, new, rows) if significance else {}
    noted = [(*row, notes.get(row[1], "") if row[0] == "metric" else "") for row in rows]
    table = pl.DataFrame(noted, schema=dict.fromkeys(_COLUMNS, pl.String), orient="row")
    return Difference(old.key, new.key, table)


def _notes(old: Artifact, new: Artifact, rows: list[Row]) -> dict[str, str]:
    """Metric to what its difference means, for metrics over all rows that differ."""
    both = set(aspects.overall(old)) & set(aspects.overall(new))
    asked = [name for what, name, *_ in rows if what == "metric" and name in both]
    return tested(old, new, asked) if asked else {}


def _apart(
    old: Mapping[str, Mapping[str, object]], new: Mapping[str, Mapping[str, object]]
) -> Iterator[Row]:
    for what in old:
        yield from _pairs(what, old[what], new[what])


def _pairs(what: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Row]:
    for name in dict.fromkeys([*old, *new]):
        left, right = old.get(name, ""), new.get(name, "")
        if left != right:
            yield what, name, *_shown(left, right)


def _shown(left: object, right: object) -> tuple[str, str]:
    """Two values that differ as texts that differ, numbers as short as that allows."""
    short = [f"{value:.6g}" if isinstance(value, float) else str(value) for value in (left, right)]
    return (short[0], short[1]) if short[0] != short[1] else (repr(left), repr(right))


def _lines(what: str, name: str, old: str, new: str) -> Iterator[Row]:
    """A row for each run of lines that differs, named by its first line in the new text."""
    left, right = old.splitlines(), new.splitlines()
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            yield what, f"{name}{c + 1}", "\n".join(left[a:b]), "\n".join(right[c:d])


def _code(left: list[str], right: list[str]) -> Iterator[Row]:
    """Lines of code cells that differ: text, outputs and counts do not matter."""
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "replace" and b - a == d - c:
            for i, (one, other) in enumerate(zip(left[a:b], right[c:d], strict=True)):
                yield from _lines("code", f"code cell {c + i + 1}, line ", one, other)
        elif kind != "equal":
            yield "code", f"code cell {c + 1}", "\n".join(left[a:b]), "\n".join(right[c:d])
