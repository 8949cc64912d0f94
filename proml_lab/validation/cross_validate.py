"""Fit a spec once a fold, and score each fold's test rows by the model that never saw them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from proml_lab import learners
from proml_lab.authoring import prepared
from proml_lab.contracts import Dataset, Floats, Json, Progress
from proml_lab.errors import DataError, UsageError
from proml_lab.evaluate.leakage import LeakReport
from proml_lab.evaluate.metrics import Metric, asked, defaults
from proml_lab.folds import Fold
from proml_lab.folds import folds as folds_of
from proml_lab.label import label_values
from proml_lab.leak import leaks
from proml_lab.model import Model
from proml_lab.spec import ModelSpec
from proml_lab.validation.result import COLUMNS, CrossValidation

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace


def cross_validate(
    spec: ModelSpec | str | Path,
    dataset: Dataset | None = None,
    *,
    folds: int = 5,
    metrics: Sequence[str] | None = None,
    learner: str | dict[str, Json] | None = None,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
) -> CrossValidation:
    """Fit what `spec` describes once a fold, and measure each model on the fold's test rows.

    The folds are made in the way of the spec's split, see `proml_lab.folds.folds`; everything that
    a model learns, its encoders and calibration too, is learnt from the training rows of its fold.
    The same spec and rows give the same result. An interrupt keeps the folds that are done.

    Parameters
    ----------
    spec
        A spec, or the path of a ``*.proml.yaml`` file.
    dataset
        The rows; by default what the spec asks for, joined in `workspace`.
    folds
        How many, 2 at least.
    metrics
        Such as ``auc``; by default those of the spec that are over all rows, else the task's own.
    learner
        Another learner than the spec's: its name, or ``{name: options}``.
    workspace
        By default the one around the current folder.
    progress
        Called with the part done and a few words.

    Raises
    ------
    KeyboardInterrupt
        It was interrupted before the first fold was done.
    UsageError
        `folds` is below 2, or a metric is by group.
    UnknownNameError, SpecError, ColumnMissingError, DataError
        As for `proml_lab.fit`; the folds cannot be made.
    """
    chosen, rows = prepared(spec, dataset, workspace=workspace, learner=learner, progress=progress)
    wanted = _metrics(chosen, metrics)
    with chosen.places.at("split"):
        made = folds_of(rows, chosen.split, folds, seed=chosen.seed, label=chosen.label.column)
    done: list[tuple[Fold, Model, Floats]] = []
    try:
        for fold in made:
            model = _fitted(chosen, rows, fold, len(made), progress)
            if model.stopped:  # what it has is not what the spec asks for
                raise KeyboardInterrupt
            done.append((fold, model, _scored(model, rows, fold)))
    except KeyboardInterrupt:
        if not done:
            raise
    y = label_values(rows.frame, chosen.label.column, chosen.label.task)
    return CrossValidation(
        spec=chosen,
        n_folds=len(made),
        table=_table(y, done, wanted),
        scores=_scores(y, done),
        leaks=_leaks(rows, chosen, [fold for fold, _, _ in done]),
    )


def _metrics(spec: ModelSpec, metrics: Sequence[str] | None) -> list[Metric]:
    task = spec.label.task
    names = metrics or [text for text in spec.evaluate if " by " not in text] or defaults(task)
    wanted = []
    for text in dict.fromkeys(names):
        metric, column = asked(text, task, quantile=spec.label.quantile)
        if column is not None:
            raise UsageError(
                f"Metric {text!r} is by group, and folds are measured over all their rows.",
                hint=f"take {metric.name!r} here, and compare one model by groups.",
            )
        wanted.append(metric)
    return wanted


def _fitted(spec: ModelSpec, rows: Dataset, fold: Fold, n: int, progress: Progress | None) -> Model:
    which = f"fold {fold.number} of {n}"

    def tell(part: float, words: str) -> None:
        if progress is not None:
            progress((fold.number - 1 + part) / n, f"{which}: {words}")

    tell(0.0, "fitting")
    try:
        return learners.fit(spec, rows, fold=fold, progress=tell)
    except DataError as error:
        raise error.saying(f"{which.capitalize()}: {error.message}") from None


def _scored(model: Model, rows: Dataset, fold: Fold) -> Floats:
    found = model.predict(rows.take(fold.test))
    if not np.isfinite(found).all():
        raise DataError(
            f"The model of fold {fold.number} predicts no finite number for "
            f"{np.sum(~np.isfinite(found)):,} of {len(found):,} rows.",
            hint="look for very large values among the features.",
        )
    return found


def _table(
    y: Floats, done: Sequence[tuple[Fold, Model, Floats]], wanted: Sequence[Metric]
) -> pl.DataFrame:
    rows = []
    for metric in wanted:
        for fold, model, found in done:
            value = metric(y[fold.test], found)
            known = float(value) if np.isfinite(value) else None
            sizes = (len(fold.train), len(fold.test))
            rows.append((metric.name, metric.direction, fold.number, known, *sizes, model.fit_s))
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def _scores(y: Floats, done: Sequence[tuple[Fold, Model, Floats]]) -> pl.DataFrame:
    number = np.zeros(len(y), np.int64)
    score = np.full(len(y), np.nan)
    for fold, _, found in done:
        number[fold.test], score[fold.test] = fold.number, found
    made = pl.DataFrame({"row": np.arange(len(y)), "fold": number, "label": y, "score": score})
    tested = pl.col("fold") > 0
    return made.with_columns(pl.when(tested).then(pl.col("fold", "score")))


def _leaks(rows: Dataset, spec: ModelSpec, done: Sequence[Fold]) -> LeakReport:
    entity = [spec.split.entity] if spec.split.entity else []
    keys = [*entity, *rows.entities, *([rows.cutoff] if rows.cutoff else [])]
    if not keys:  # nothing tells rows apart
        return LeakReport(())
    of = Dataset(
        rows.frame.select(*dict.fromkeys(keys)), entities=rows.entities, cutoff=rows.cutoff
    )
    found = [
        (fold.number, leak)
        for fold in done
        for leak in leaks(of.take(fold.train), of.take(fold.test), spec.split)
    ]
    return LeakReport(tuple(found))
