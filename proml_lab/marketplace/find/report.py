"""What a search found, in its three forms: frame, figure, static HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.marketplace.find.index import Index, Scores
from proml_lab.marketplace.find.known import Known
from proml_lab.marketplace.know.healthreport import sign

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True, eq=False)
class SearchReport:
    """Features that were found, the best first.

    `rows` are their numbers in `index`, `scores` how well each matches. `text` and `kept` are
    what was asked, `n_all` how many features there are in all, `known` what is known of them;
    `near` are words of the catalogue to try instead, where nothing matches `text`. Where the
    workspace has a model, `by_meaning` marks those of `rows` that have none of the words.
    """

    index: Index = field(repr=False)
    rows: npt.NDArray[np.int64] = field(repr=False)
    scores: Scores = field(repr=False)
    text: str
    kept: Mapping[str, str]
    n_all: int
    known: Known | None = field(default=None, repr=False)
    max_rows: int = 20
    near: tuple[str, ...] = ()
    by_meaning: npt.NDArray[np.bool_] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def found(self) -> pl.DataFrame:
        """The same as `frame`."""
        return self.page(0, len(self))

    def frame(self) -> pl.DataFrame:
        """A row a feature: what `index.SAID` names (view, feature, type, …), and its score.

        ``usage`` says how many models, specs and notebooks use it, ``health`` is 1 for good, 0.7
        for look and 0 for bad, ``freshness`` is fresh, stale or static: null where nobody looked.
        ``by_meaning``, where the workspace has a model, says which were found by that alone: their
        score is the cosine.
        """
        return self.found

    def page(self, start: int, n: int) -> pl.DataFrame:
        """At most `n` rows of the frame, from number `start` on; others are not even looked at."""
        some = slice(start, start + n)
        scores = pl.Series("score", self.scores[some].astype(np.float64))
        rows = self.rows[some]
        known = self.known or Known(self.scores, pl.DataFrame())
        told = [known.column(name, rows).alias(name) for name in _KNOWN]
        if self.by_meaning is not None:
            told.append(pl.Series(MEANING, self.by_meaning[some]))
        return self.index.said(rows).with_columns(scores, *told)

    def ages(self, start: int, n: int) -> list[float | None]:
        """How many seconds ago the newest row of each became known; None where nobody looked."""
        rows = self.rows[start : start + n]
        found: list[float | None] = [None] * len(rows)
        return self.known.column("age", rows).to_list() if self.known else found

    def figure(self) -> go.Figure:
        """How many were found in each view."""
        from proml_lab.plots.bars import counts

        views = self.found["view"].rename("name").value_counts(sort=True, name="n")
        return counts(views.sort("n", "name", descending=[True, False]), title=self.title)

    @property
    def title(self) -> str:
        """What was found, in one line."""
        for_text = f" for {self.text!r}" if self.text else ""
        narrowed = "".join(f", {name} {value}" for name, value in self.kept.items())
        return f"{len(self)} of {self.n_all} features{for_text}{narrowed}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        first = self.page(0, self.max_rows)
        table = first.select(
            (pl.col("view") + "." + pl.col("feature")).alias("feature"),
            "type",
            "unit",
            "owner",
            pl.col("tags").list.join(", "),
            "description",
            *(name for name, usual in _MARKED.items() if (first[name] != usual).any()),
            *(said for name, said in _SAID.items() if _tells(first[name])),
            *_meant(first),
        )
        lines = [
            f"  {name}{_mark(row)}  {row['description']}"
            for name, row in zip(table["feature"], first.iter_rows(named=True), strict=True)
        ]
        left = len(self) - len(lines)
        more = [f"  and {left} more"] if left else []
        hint = [f"Hint: words to try: {', '.join(self.near)}."] if self.near else []
        plain = "\n".join([self.title, *lines, *more, *hint])
        notes = [*([f"{left:,} more; frame() has them all."] if left else []), *hint]
        parts = [html.table(table, caption=self.title, max_rows=self.max_rows)]
        return html.bundle(plain, *parts, *map(html.note, notes))


MEANING = "by_meaning"
"""The column of what was found by meaning alone."""
_KNOWN = ("usage", "health", "freshness")
_SAID = {
    "usage": pl.col("usage").cast(pl.Int64).alias("used"),
    "health": pl.col("health").map_elements(sign, return_dtype=pl.String),
    "freshness": pl.col("freshness"),
}
"""Columns that are shown only where something is known."""
_MARKED = {"status": "active", "sensitivity": "internal"}
"""Columns that are shown only where a feature differs from what is usual."""


def _mark(row: Mapping[str, object]) -> str:
    """What is unusual of a feature, in brackets."""
    said = [str(row[name]) for name, usual in _MARKED.items() if row[name] != usual]
    said += ["by meaning"] if row.get(MEANING) else []
    said += ["stale"] if row["freshness"] == "stale" else []
    health = row["health"]
    said += [sign(health)] if isinstance(health, float) and health < 1 else []
    return f" ({', '.join(said)})" if said else ""


def _meant(rows: pl.DataFrame) -> list[pl.Expr]:
    """The column that says what was found by meaning, where anything was."""
    if MEANING not in rows.columns or not rows[MEANING].any():
        return []
    return [pl.when(MEANING).then(pl.lit("by meaning")).otherwise(pl.lit("")).alias("found")]


def _tells(column: pl.Series) -> bool:
    """Whether anything is known, or anything but that nobody uses it."""
    there = column.drop_nulls()
    return bool((there > 0).any()) if column.name == "usage" else bool(len(there))
