"""A comparison: its table, its pictures, what it says, and its static form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.contracts import Floats, Json, Task
from proml_lab.errors import DataError, unknown
from proml_lab.evaluate import curves
from proml_lab.evaluate.words import conclusion, heading, leaking, measured, shown
from proml_lab.leak import Leak

if TYPE_CHECKING:
    import plotly.graph_objects as go

_KINDS = {
    "roc": "Hits against false alarms, a curve a model; further up and left is better.",
    "precision_recall": "Precision against recall, a curve a model; further up is better.",
    "calibration": "Mean label against mean prediction in ten bins; on the line is better.",
    "scores": "Predictions of each label's rows; the less overlap, the better.",
}
_AGREEMENT = {"agreement": "Mean label against mean prediction in ten bins; on the line is better."}
_QUANTILES = {
    "agreement": "Quantile of the label against mean prediction in ten bins; on the line is better."
}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models on the same rows. A `Report`: `frame`, `figure` and a static rich form.

    Attributes
    ----------
    names, learners
        One each a model, in the order in which they were given.
    task, label
        What they predict.
    n_rows
        Rows that they were compared on.
    n_given
        Rows that were given to compare on, None for the models' own; more than `n_rows` where
        models were fitted on the others.
    resamples, seed
        Of the bootstrap behind the intervals.
    table
        What `frame` gives.
    y, predictions
        (n,) labels, and model name to (n,) predictions, row by row.
    leaks
        Model name to what was found to leak, or not, from its training rows to these; of models
        that are not known to have been split from them, nothing.
    quantile
        Which one they predict; None for other tasks.
    """

    names: tuple[str, ...]
    learners: tuple[str, ...]
    task: Task
    label: str
    n_rows: int
    n_given: int | None
    resamples: int
    seed: int
    table: pl.DataFrame = field(repr=False)
    y: Floats = field(repr=False)
    predictions: Mapping[str, Floats] = field(repr=False)
    leaks: Mapping[str, tuple[Leak, ...]] = field(default_factory=dict, repr=False)
    quantile: float | None = None

    def frame(self) -> pl.DataFrame:
        """A row for each metric (and group) and model.

        Columns: ``model``, ``learner``, ``metric``, ``group`` (null: all rows), ``direction``
        (``higher`` or ``lower`` is better), ``value``, ``low``, ``high`` (95 % interval),
        ``difference`` to the best with ``difference_low`` and ``difference_high``, ``verdict``
        (``best``, ``worse``, ``no detectable difference``; null for one model), ``n_rows``,
        ``fit_s`` (null for a model read from disk). A value that is not defined, such as the AUC
        of one class, is null.
        """
        return self.table

    def wide(self) -> pl.DataFrame:
        """A row a model: ``model``, ``learner``, ``fit_s``, and each metric over all rows."""
        overall = self.table.filter(pl.col("group").is_null())
        return overall.pivot("metric", index=["model", "learner", "fit_s"], values="value")

    def figure(self, kind: str | None = None) -> go.Figure:
        """A picture: ``roc``, ``precision_recall``, ``calibration`` or ``scores``.

        Models of numbers and counts have ``agreement`` alone. By default the first of them.

        Raises
        ------
        UnknownNameError
            There is no such picture for this task.
        DataError
            The rows have one class only, and the picture needs two.
        """
        kind = kind or next(iter(self._kinds))
        if kind not in self._kinds:
            raise unknown("picture", kind, self._kinds)
        if self._lacks_a_class(kind):
            raise DataError(
                f"All {self.n_rows:,} rows have label {self.y[0]:g}: picture {kind!r} needs both.",
                hint="figure('calibration') needs one.",
            )
        return _draw(kind, self.y, self.predictions, self.quantile)

    def to_dict(self) -> dict[str, Json]:
        """What was found, as JSON; the time that fitting took is left out: it varies."""
        metrics: list[Json] = [dict(row) for row in self.table.drop("learner", "fit_s").to_dicts()]
        return {
            "task": self.task,
            "label": self.label,
            "n_rows": self.n_rows,
            "n_given": self.n_given,
            "resamples": self.resamples,
            "seed": self.seed,
            "models": [
                {"model": name, "learner": learner}
                for name, learner in zip(self.names, self.learners, strict=True)
            ],
            "metrics": metrics,
        }

    def __str__(self) -> str:
        from proml_lab.plots import html

        tables = [html.text_table(shown(t, repeat=False), max_rows=60) for t in self._tables()]
        said = "\n".join([heading(self), conclusion(self.table), *leaking(self)])
        return "\n\n".join([said, *tables])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        pictures = {
            kind: html.picture(self.figure(kind), title=kind.replace("_", " "), description=text)
            for kind, text in self._kinds.items()
            if not self._lacks_a_class(kind)
        }
        tables = [
            html.table(shown(t, repeat=True), caption=heading(self), max_rows=100)
            for t in self._tables()
        ]
        first = [pictures.pop(k) for k in ("roc", "calibration", "agreement") if k in pictures]
        more = [html.details("More pictures", html.row(*pictures.values()))] if pictures else []
        return html.bundle(
            str(self),
            html.heading("Comparison" if len(self.names) > 1 else "Evaluation"),
            html.lead(conclusion(self.table)),
            *map(html.note, leaking(self)),
            *tables[:1],
            *(html.details("By group", table) for table in tables[1:]),
            html.details("What the metrics measure", html.table(measured(self.table))),
            html.row(*first),
            *more,
        )

    def _tables(self) -> list[pl.DataFrame]:
        """The rows of all rows, then those of groups; what is empty is left out."""
        grouped = pl.col("group").is_not_null()
        parts = (self.table.filter(~grouped), self.table.filter(grouped))
        return [part for part in parts if part.height]

    @property
    def _kinds(self) -> Mapping[str, str]:
        if self.task == "quantile":
            return _QUANTILES
        return _KINDS if self.task == "binary" else _AGREEMENT

    def _lacks_a_class(self, kind: str) -> bool:
        needs_both = kind in ("roc", "precision_recall", "scores")
        return needs_both and bool(self.y.min() == self.y.max())


def _draw(
    kind: str, y: Floats, predictions: Mapping[str, Floats], quantile: float | None
) -> go.Figure:
    from proml_lab.plots import curves as pictures
    from proml_lab.plots.agreement import agreement

    match kind:
        case "roc":
            return pictures.roc(curves.roc(y, predictions))
        case "precision_recall":
            return pictures.precision_recall(curves.precision_recall(y, predictions))
        case "scores":
            return pictures.scores(curves.scores(y, predictions))
        case "calibration":
            return pictures.calibration(curves.calibration(y, predictions, binary=True))
    if quantile is not None:
        return agreement(curves.quantiles(y, predictions, quantile), quantile=quantile)
    return agreement(curves.calibration(y, predictions, binary=False))
