"""What came of making an artifact again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from proml_lab.promote.reproduction.closeness import Closeness, Verdict

SCHEMA = {
    "what": pl.String,
    "name": pl.String,
    "verdict": pl.String,
    "absolute": pl.Float64,
    "relative": pl.Float64,
    "where": pl.String,
}
_ORDER: tuple[Verdict, ...] = ("identical", "within tolerance", "different")
_SHOWN = 12


@dataclass(frozen=True)
class Reproduction:
    """An artifact that was made again from its bundle alone, held against what it was.

    Attributes
    ----------
    key
        ``name@version``.
    verdict
        The worst of all outputs: ``identical``, ``within tolerance`` or ``different``.
    environment
        ``same``: this one; ``fresh``: one that was built from the artifact's lock.
    warnings
        How the ground that it was made on differs from that of the artifact.
    created
        When: UTC, ISO 8601, seconds.
    seconds
        How long the notebook ran.
    path
        The file that keeps this report; None if there is no workspace to keep it in.
    """

    key: str
    verdict: Verdict
    environment: str
    warnings: tuple[str, ...]
    created: str
    seconds: float
    table: pl.DataFrame = field(repr=False)
    path: Path | None = None

    def __bool__(self) -> bool:
        """Whether nothing is different."""
        return self.verdict != "different"

    def frame(self) -> pl.DataFrame:
        """One row an output, in the order in which they were made.

        ``what``: run, data, cell, spec, model, metrics, report, predictions; ``name``; ``verdict``;
        ``absolute`` and ``relative``: the largest difference of numbers, null where more than
        numbers differ; ``where`` it first departs.
        """
        return self.table

    @property
    def departs(self) -> str:
        """The first output that is different: a cell if one is, else a file; empty if none is."""
        first = self.table.filter(verdict="different").head(1).to_dicts()
        return f"{first[0]['name']}{_at(first[0]['where'])}" if first else ""

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        facts = ("key", "verdict", "environment", "created", "seconds")
        return {
            "format": "proml-reproduction/1",
            **{name: getattr(self, name) for name in facts},
            "warnings": list(self.warnings),
            "outputs": self.table.to_dicts(),
        }

    def __str__(self) -> str:
        """One line, or a few if there are warnings."""
        n = self.table.height
        where = "a fresh environment" if self.environment == "fresh" else "this environment"
        if (self.table["what"] == "run").any():
            said = f"the notebook did not run to its end: {self.table['where'][0].rstrip('.')}"
        elif self.verdict == "identical":
            said = f"all {n} outputs are identical" if n != 1 else "its one output is identical"
        elif self.verdict == "within tolerance":
            counted = self.table.filter(verdict="within tolerance")
            said = (
                f"all {n} outputs are equal within tolerance, {counted.height} not to the byte: "
                f"by at most {_largest(counted['relative'])} of a number"
            )
        else:
            count = self.table.filter(verdict="different").height
            are = "are" if count > 1 else "is"
            said = f"{count} of {n} outputs {are} different, first {self.departs}"
        lines = [f"{self.key} made again in {where}: {said}.", *self._predictions()]
        return "\n".join([*lines, *(f"Note: {warning}." for warning in self.warnings[:_SHOWN])])

    def _predictions(self) -> Iterator[str]:
        """A line for each kept set of rows of which the model says something else now."""
        told = self.table.filter(pl.col("verdict") != "identical", what="predictions")
        for one in told.iter_rows(named=True):
            far = "" if one["absolute"] is None else f" by at most {one['absolute']:.1e}"
            yield f"Predictions of {one['name']} differ{far}{_at(one['where'])}."

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        shown = self._shown()
        notes = [html.note(f"{warning}.") for warning in self.warnings[:_SHOWN]]
        notes = [html.note(line) for line in self._predictions()] + notes
        plain = "\n".join([str(self), *([html.text_table(shown)] if shown.height else [])])
        table = [html.table(shown, caption="Outputs")] if shown.height else []
        return html.bundle(plain, html.lead(str(self).splitlines()[0]), *notes, *table)

    def _shown(self) -> pl.DataFrame:
        """What differs, and of what is identical a line each kind."""
        apart = self.table.filter(pl.col("verdict") != "identical")
        same = self.table.filter(verdict="identical").group_by("what", maintain_order=True)
        lines = same.len().select(
            "what",
            pl.when(pl.col("len") > 1)
            .then(pl.format("{} outputs", "len"))
            .otherwise(pl.lit("1 output"))
            .alias("name"),
            pl.lit("identical").alias("verdict"),
            pl.lit(None, pl.Float64).alias("relative"),
            pl.lit("").alias("where"),
        )
        shown = pl.concat([apart.select(lines.columns), lines])
        named = shown.rename({"name": "output", "relative": "largest difference"})
        return named if apart.height else named.select("what", "output", "verdict")


def row(what: str, name: str, found: Closeness, *, where: str = "") -> dict[str, object]:
    """A row of the table."""
    line = f"line {found.line}" if found.line else ""
    return {
        "what": what,
        "name": name,
        "verdict": found.verdict,
        "absolute": found.absolute if math.isfinite(found.absolute) else None,
        "relative": found.relative if math.isfinite(found.relative) else None,
        "where": ", ".join(filter(None, [where, line])),
    }


def worst(verdicts: Iterable[str]) -> Verdict:
    """The worst verdict; identical if there is none."""
    found = set(verdicts)
    return next((verdict for verdict in reversed(_ORDER) if verdict in found), "identical")


def _largest(values: pl.Series) -> str:
    return f"{max(values.to_list()):.1e}"


def _at(where: object) -> str:
    return f" ({where})" if where else ""
