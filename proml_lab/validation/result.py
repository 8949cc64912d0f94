"""What cross-validation found: a metric a fold, its mean and spread, and a score for each row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.duration import show_duration
from proml_lab.errors import unknown
from proml_lab.evaluate.leakage import LeakReport
from proml_lab.plots.cells import column_texts
from proml_lab.spec import ModelSpec
from proml_lab.words import counted

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLUMNS = {
    "metric": pl.String,
    "direction": pl.String,
    "fold": pl.Int64,
    "value": pl.Float64,
    "n_train": pl.Int64,
    "n_test": pl.Int64,
    "fit_s": pl.Float64,
}
_ARROWS = {"higher": "↑", "lower": "↓"}
_MOST = 10


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """A spec measured in folds. A `Report`: `frame`, `figure` and a static rich form.

    Attributes
    ----------
    spec
        What was fitted in each fold.
    n_folds
        Folds that were asked for; fewer are done where it was interrupted.
    table
        What `frame` gives.
    scores
        (n, 4), a row for each row of the data, in its order: ``row`` from 0, ``fold`` that tested
        it, ``label``, ``score``, the prediction of that fold's model. Fold and score are null
        where no fold tested the row.
    leaks
        What leaks from training to test rows, in each fold.
    """

    spec: ModelSpec
    n_folds: int
    table: pl.DataFrame = field(repr=False)
    scores: pl.DataFrame = field(repr=False)
    leaks: LeakReport = field(repr=False)

    @property
    def n_done(self) -> int:
        """Folds that are done."""
        return self.table["fold"].n_unique()

    @property
    def stopped(self) -> str:
        """How far an interrupted one came, in words; empty where all folds are done."""
        if self.n_done == self.n_folds:
            return ""
        return f"interrupted after {self.n_done} of {counted(self.n_folds, 'fold')}"

    def frame(self) -> pl.DataFrame:
        """A row for each metric and fold.

        Columns: ``metric``, ``direction`` (``higher`` or ``lower`` is better), ``fold``, ``value``
        (null where it is not defined), ``n_train``, ``n_test``, ``fit_s``.
        """
        return self.table

    def summary(self) -> pl.DataFrame:
        """A row a metric over the folds in which it is defined.

        Columns: ``metric``, ``direction``, ``mean``, ``spread`` (standard deviation, n − 1 in the
        denominator), ``least``, ``greatest``, ``n_folds``.
        """
        value = pl.col("value")
        return self.table.group_by("metric", "direction", maintain_order=True).agg(
            mean=value.mean(),
            spread=value.std(),
            least=value.min(),
            greatest=value.max(),
            n_folds=value.count().cast(pl.Int64),
        )

    def figure(self, metric: str | None = None) -> go.Figure:
        """A dot a fold, and their mean; by default of the first metric.

        Raises
        ------
        UnknownNameError
            It was not measured.
        """
        from proml_lab.plots.folds import folds

        known = self.table["metric"].unique(maintain_order=True).to_list()
        chosen = metric or known[0]
        if chosen not in known:
            raise unknown("metric", chosen, known)
        return folds(self.table.filter(metric=chosen), metric=chosen)

    def __str__(self) -> str:
        from proml_lab.plots import html

        table = html.text_table(self._shown(), max_rows=40)
        return "\n".join([self._heading(), self._conclusion(), *self.leaks.amiss, "", table])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        names = self.table["metric"].unique(maintain_order=True).to_list()
        first, *more = (
            html.picture(
                self.figure(name),
                title=f"{name} in each fold",
                description=f"{name} of each fold's model on the fold's own test rows.",
            )
            for name in names
        )
        return html.bundle(
            str(self),
            html.heading("Cross-validation"),
            html.lead(self._conclusion()),
            *map(html.note, self.leaks.amiss),
            html.table(self._shown(), caption=self._heading(), max_rows=40),
            first,
            *([html.details("More pictures", html.row(*more))] if more else []),
            html.details("What leaks", html.table(self.leaks.table(), max_rows=40)),
        )

    def _heading(self) -> str:
        split, tested = self.spec.split, self.scores["fold"].count()
        how = {
            "time": "by time, each learns from what came before it",
            "random": "at random",
            "stratified": "at random, with equal shares of the label",
            "entity": f"by {split.entity or 'entity'}, none is learnt from and tested in one fold",
        }[split.by]
        for name, length in (("window", split.window), ("gap", split.gap)):
            how += f", {name} {show_duration(length)}" if length else ""
        folds = self.stopped or counted(self.n_folds, "fold")
        rows = f"{tested:,} of {counted(self.scores.height, 'row')}"
        return (
            f"{self.spec.name} ({self.spec.learner.name}), {folds} {how}; {rows} have a score of a "
            "model that did not learn from them. ↑ higher is better, ↓ lower."
        )

    def _conclusion(self) -> str:
        """The first metric that is defined, in a sentence, and what is not defined."""
        rows = self.summary().to_dicts()
        lost = [row["metric"] for row in rows if not row["n_folds"]]
        said = (
            f"{' and '.join(lost)} cannot be measured: it takes labels that differ." if lost else ""
        )
        for row in rows:
            if row["n_folds"]:
                figures = [row[name] for name in ("mean", "least", "greatest", "spread")]
                mean, least, most, spread = column_texts(pl.Series(figures, dtype=pl.Float64))
                folds = counted(row["n_folds"], "fold")
                found = f"{row['metric']} is {mean} on average over {folds}"
                if row["n_folds"] > 1:
                    found += f", from {least} to {most} (standard deviation {spread})"
                return f"{found}. {said}".strip()
        return said

    def _shown(self) -> pl.DataFrame:
        """A row a metric, as text: mean, spread, and the value of each of the first folds."""
        folds = self.table["fold"].unique().sort().head(_MOST).to_list()
        rows = []
        for row in self.summary().to_dicts():
            mine = self.table.filter(metric=row["metric"])
            values = dict(zip(mine["fold"].to_list(), mine["value"].to_list(), strict=True))
            figures = [row["mean"], row["spread"], *(values[fold] for fold in folds)]
            texts = column_texts(pl.Series(figures, dtype=pl.Float64))
            rows.append([f"{row['metric']} {_ARROWS[row['direction']]}", *texts])
        names = ["metric", "mean", "spread", *(f"fold {fold}" for fold in folds)]
        return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
