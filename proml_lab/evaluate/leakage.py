"""What leaks from training to test, as a report: rows, a picture, a static rich form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.leak import Leak, Verdict

if TYPE_CHECKING:
    import plotly.graph_objects as go

VERDICTS: tuple[Verdict, ...] = ("fail", "warn", "pass")
_SCHEMA = {
    "fold": pl.Int64,
    "check": pl.String,
    "code": pl.String,
    "subject": pl.String,
    "verdict": pl.String,
    "message": pl.String,
    "n_test": pl.Int64,
    "n_rows": pl.Int64,
}


@dataclass(frozen=True)
class LeakReport:
    """What each check found, in each fold. A `Report`; a notebook that declares it can be gated.

    `found` are pairs of a fold, or None where there is one split, and what was found there.
    """

    found: tuple[tuple[int | None, Leak], ...]

    @property
    def worst(self) -> tuple[tuple[int | None, Leak], ...]:
        """Of each check, where most is amiss: the worst verdict, then the most test rows."""
        kept: dict[tuple[str, str], tuple[int | None, Leak]] = {}
        for fold, leak in self.found:
            key = (leak.code, leak.subject)
            if key not in kept or _rank(leak) < _rank(kept[key][1]):
                kept[key] = (fold, leak)
        return tuple(kept.values())

    @property
    def verdict(self) -> Verdict:
        """The worst of all; pass where nothing was checked."""
        return min((leak.verdict for _, leak in self.found), key=VERDICTS.index, default="pass")

    @property
    def amiss(self) -> tuple[str, ...]:
        """What is not as it should be, a line a check, with its fold."""
        return tuple(_told(fold, leak) for fold, leak in self.worst if leak.verdict != "pass")

    def frame(self) -> pl.DataFrame:
        """A row for each check and fold.

        Columns: ``fold`` (null: one split), ``check`` (``leakage``), ``code``, ``subject`` (the
        columns looked at), ``verdict`` (``pass``, ``warn``, ``fail``), ``message`` in words,
        ``n_test`` of the ``n_rows`` test rows are concerned.
        """
        return _frame(self.found)

    def figure(self) -> go.Figure:
        """The share of test rows that each check concerns, in its worst fold."""
        from proml_lab.plots.folds import concerned

        share = pl.col("n_test") / pl.col("n_rows")
        return concerned(_frame(self.worst).with_columns(share=share))

    def __str__(self) -> str:
        from proml_lab.plots import html

        lines = [f"Leakage: {self.verdict}", *self.amiss]
        return "\n".join([*lines, "", html.text_table(self.table(), max_rows=40)])

    def table(self) -> pl.DataFrame:
        """The worst of each check as people read it."""
        return _frame(self.worst).select("code", "subject", "verdict", "message")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        return html.bundle(
            str(self),
            html.heading(f"Leakage: {self.verdict}"),
            *map(html.note, self.amiss),
            html.table(self.table(), max_rows=40),
        )


def _frame(found: Iterable[tuple[int | None, Leak]]) -> pl.DataFrame:
    rows = [
        (fold, "leakage", one.code, one.subject, one.verdict, one.seen, one.n_test, one.n_rows)
        for fold, one in found
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _rank(leak: Leak) -> tuple[int, float]:
    return VERDICTS.index(leak.verdict), -leak.n_test / leak.n_rows


def _told(fold: int | None, leak: Leak) -> str:
    return str(leak) if fold is None else f"{leak} (fold {fold})"
