"""Models side by side on the same rows: metrics with intervals, and who is best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from proml_lab.contracts import Dataset, Floats, Task
from proml_lab.errors import ColumnMissingError, DataError, UsageError, choose
from proml_lab.evaluate import held_out
from proml_lab.evaluate.comparison import Comparison
from proml_lab.evaluate.groups import said
from proml_lab.evaluate.measure import measure
from proml_lab.evaluate.metrics import Metric, asked, defaults
from proml_lab.label import label_values
from proml_lab.model import Model, as_frame

MOST_GROUPS = 50


def compare(
    *models: Model,
    names: Sequence[str] | None = None,
    on: object = None,
    metrics: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 7,
) -> Comparison:
    """Compare `models` on the rows that each of them held out, which must be the same.

    Parameters
    ----------
    models
        One or more, of the same task and label.
    names
        What to call them; by default their names, or learners where names repeat.
    on
        Rows to compare on, with the label: a Dataset or a table. Of the dataset that a model was
        fitted on a part of, the held-out rows are used; of other data, all.
    metrics
        Such as ``auc`` or ``auc by carrier``, which gives a row for each carrier; by default what
        the specs ask for under ``evaluate``, else the usual ones for the task.
    resamples, seed
        Bootstrap resamples for the 95 % intervals; the same seed gives the same intervals.

    Raises
    ------
    UsageError
        No model, models of different tasks, held-out rows that differ or are not there.
    UnknownNameError
        There is no such metric.
    ColumnMissingError, DataError
        A column that is read is not in `on`, `on` is what a model was fitted on, the label does not
        fit, or a prediction is no number.
    """
    if not models:
        raise UsageError("There is no model to compare.", hint="compare(first, second, …).")
    if resamples < 0:
        raise UsageError(f"resamples is {resamples}; it is a number from 0 up.")
    called = _names(models, names)
    task, label = _task(models, called)
    level = models[0].spec.label.quantile
    texts = dict.fromkeys(metrics or _metrics(models, task))
    wanted = [asked(text, task, quantile=level) for text in texts]
    given = on if on is None or isinstance(on, Dataset) else Dataset(as_frame(on))
    if given is None:
        tests = held_out.shared(models, called)
        leaking = {name: model.leaks for name, model in zip(called, models, strict=True)}
    else:
        rows, leaking = held_out.unseen(given, models, called)
        tests = [rows] * len(models)
    y = label_values(tests[0].frame, label, task)
    if not len(y):
        raise DataError("There are no rows to compare on.", hint="give a dataset that has some.")
    predictions = {
        name: _predicted(model, name, rows)
        for name, model, rows in zip(called, models, tests, strict=True)
    }
    table = _table(y, predictions, wanted, tests[0], models, resamples=resamples, seed=seed)
    return Comparison(
        names=called,
        learners=tuple(model.learner for model in models),
        task=task,
        label=label,
        n_rows=len(y),
        n_given=None if given is None else len(given),
        resamples=resamples,
        seed=seed,
        table=table,
        y=y,
        predictions=predictions,
        leaks=leaking,
        quantile=level,
    )


def evaluate(
    model: Model,
    *,
    on: object = None,
    metrics: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 7,
) -> Comparison:
    """One model on the rows that it held out, or `on` others; see `compare`."""
    return compare(model, on=on, metrics=metrics, resamples=resamples, seed=seed)


def _table(
    y: Floats,
    predictions: Mapping[str, Floats],
    wanted: Sequence[tuple[Metric, str | None]],
    rows: Dataset,
    models: Sequence[Model],
    *,
    resamples: int,
    seed: int,
) -> pl.DataFrame:
    """What `Comparison.frame` gives: metrics over all rows, then those by group."""
    overall = [metric for metric, column in wanted if column is None]
    tables = [measure(y, predictions, overall, resamples=resamples, seed=seed)]
    for metric, column in wanted:
        if column is not None:
            groups = _groups(rows, models[0], column)
            tables.append(_by_group(y, predictions, metric, groups, resamples, seed))
    of = pl.DataFrame(
        {
            "model": list(predictions),
            "learner": [model.learner for model in models],
            "fit_s": pl.Series([model.fit_s for model in models], dtype=pl.Float64),
        }
    )
    table = pl.concat(tables).join(of, on="model", how="left", maintain_order="left")
    return table.select("model", "learner", pl.exclude("model", "learner"))


def _names(models: Sequence[Model], names: Sequence[str] | None) -> tuple[str, ...]:
    if names is None:
        own = [model.name for model in models]
        if len(set(own)) < len(own):
            own = [model.learner for model in models]
        seen: Counter[str] = Counter()
        for i, name in enumerate(own):
            seen[name] += 1
            own[i] = name if seen[name] == 1 else f"{name} {seen[name]}"
        return tuple(own)
    if len(names) != len(models) or len(set(names)) < len(names):
        raise UsageError(
            f"{len(models)} models need as many different names, found {list(names)}.",
            hint="give one name a model.",
        )
    return tuple(names)


def _task(models: Sequence[Model], names: Sequence[str]) -> tuple[Task, str]:
    first = models[0]
    for name, model in zip(names, models, strict=True):
        mine = (model.task, model.spec.label.column)
        if mine != (first.task, first.spec.label.column):
            raise UsageError(
                f"{name!r} predicts {mine[1]!r} ({mine[0]}), {names[0]!r} predicts "
                f"{first.spec.label.column!r} ({first.task}).",
                hint="compare models of one label.",
            )
        if model.spec.label.quantile != first.spec.label.quantile:
            raise UsageError(
                f"{name!r} predicts quantile {model.spec.label.quantile} of {mine[1]!r}, "
                f"{names[0]!r} predicts quantile {first.spec.label.quantile}.",
                hint="compare models of one quantile.",
            )
    return first.task, first.spec.label.column


def _metrics(models: Sequence[Model], task: Task) -> Sequence[str]:
    asked_for = dict.fromkeys(text for model in models for text in model.spec.evaluate)
    return list(asked_for) or defaults(task)


def _predicted(model: Model, name: str, rows: Dataset) -> Floats:
    p = model.predict(rows)
    if not np.isfinite(p).all():
        raise DataError(
            f"Model {name!r} predicts no finite number for {np.sum(~np.isfinite(p)):,} of "
            f"{len(p):,} rows.",
            hint="look at these rows: model.raw(frame).",
        )
    return p


def _groups(rows: Dataset, model: Model, column: str) -> pl.Series:
    """(n,) the values of a column, or of a transform of the first model."""
    if column in rows.frame.columns:
        found = rows.frame[column]
    elif column in model.spec.transforms and column in model.features:
        found = model.prepare(rows)[column]
    else:
        raise ColumnMissingError(
            f"There is no column {column!r} to group by.",
            hint=choose(column, [*rows.frame.columns, *model.spec.transforms]),
        )
    n = found.n_unique()
    if n > MOST_GROUPS:
        raise UsageError(
            f"Column {column!r} has {n:,} different values; groups are {MOST_GROUPS} at most.",
            hint="group by a coarser column, such as a transform.",
        )
    return found


def _by_group(
    y: Floats,
    predictions: Mapping[str, Floats],
    metric: Metric,
    groups: pl.Series,
    resamples: int,
    seed: int,
) -> pl.DataFrame:
    """`measure` of each group's rows, largest group first."""
    sizes = groups.value_counts(name="n").sort("n", groups.name, descending=[True, False])
    tables = []
    for value in sizes[groups.name]:
        mine = groups.is_null() if value is None else (groups == value).fill_null(value=False)
        rows = mine.to_numpy()
        part = {name: p[rows] for name, p in predictions.items()}
        made = measure(y[rows], part, [metric], resamples=resamples, seed=seed)
        tables.append(
            made.with_columns(
                metric=pl.lit(f"{metric.name} by {groups.name}"),
                group=pl.lit(said(value)),
            )
        )
    return pl.concat(tables)
