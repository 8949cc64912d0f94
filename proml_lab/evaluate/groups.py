"""For whom a model does worse: one metric in each group of rows, held against other groups.

Method: docs/method.md#groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.contracts import Floats
from proml_lab.evaluate.bootstrap import interval, resampled_counts
from proml_lab.evaluate.measure import FIGURES
from proml_lab.evaluate.metrics import Metric

LEAST_ROWS, LEAST_EACH = 200, 20
"""A group has enough rows from here on; of a label of two values, enough of each."""
COLUMNS = {
    "column": pl.String,
    "group": pl.String,
    "n_rows": pl.Int64,
    **FIGURES,
    "worse": pl.Boolean,
}
_LEVEL = 0.05


@dataclass(frozen=True)
class _Group:
    column: str
    name: str
    rows: npt.NDArray[np.int64]


def by_group(
    y: Floats, p: Floats, groups: pl.DataFrame, metric: Metric, *, resamples: int, seed: int
) -> pl.DataFrame:
    """A row for each value of each column of `groups`, in the columns `COLUMNS`.

    Parameters
    ----------
    y, p
        (n,) labels and predictions.
    groups
        (n, k) columns of few values; a null is a group of its own.
    metric
        What to compute.
    resamples, seed
        How many times all rows are drawn again, for all groups the same.

    Returns
    -------
    Largest group of a column first. ``difference`` is the group's value less the mean of the
    column's groups, weighted by their rows; intervals are at 95 %. ``worse`` says whether the
    group does worse by more than chance explains, so many groups being looked at. It is null, as
    all figures are, for a group with too few rows.
    """
    every = [group for name in groups.columns for group in _cut(groups[name])]
    judged = [group for group in every if _enough(y[group.rows], y)]
    values = np.array([metric(y[group.rows], p[group.rows]) for group in judged])
    draws = _drawn(y, p, metric, judged, resamples=resamples, seed=seed)
    limit = NormalDist().inv_cdf(1 - _LEVEL / 2 / max(len(judged), 1))
    figures: dict[tuple[str, str], dict[str, object]] = {}
    for name in groups.columns:
        mine = np.array([i for i, group in enumerate(judged) if group.column == name], np.int64)
        weights = np.array([float(len(judged[i].rows)) for i in mine])
        weights /= max(weights.sum(), 1.0)
        mean, mean_draws = weights @ values[mine], weights @ draws[mine]
        for i in mine:
            apart = draws[i] - mean_draws
            told = _figures(metric, values[i], draws[i], values[i] - mean, apart, limit)
            figures[name, judged[i].name] = told
    rows = [
        {
            "column": group.column,
            "group": group.name,
            "n_rows": len(group.rows),
            **figures.get((group.column, group.name), {}),
        }
        for group in every
    ]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def said(value: object) -> str:
    """A group's name: the value as text."""
    if value is None:
        return "(missing)"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cut(column: pl.Series) -> Iterator[_Group]:
    """The groups that a column makes, largest first."""
    sizes = column.value_counts(name="n").sort("n", column.name, descending=[True, False])
    for value in sizes[column.name]:
        mine = column.is_null() if value is None else (column == value).fill_null(value=False)
        yield _Group(column.name, said(value), np.flatnonzero(mine.to_numpy()))


def _enough(mine: Floats, y: Floats) -> bool:
    if len(mine) < LEAST_ROWS:
        return False
    positive = int(np.sum(mine > 0))
    two_values = bool(np.isin(y, (0.0, 1.0)).all())
    return not two_values or min(positive, len(mine) - positive) >= LEAST_EACH


def _drawn(
    y: Floats, p: Floats, metric: Metric, groups: Sequence[_Group], *, resamples: int, seed: int
) -> Floats:
    """(k, resamples) values of each group; a draw is one of all rows."""
    over = [metric.over(y[group.rows], p[group.rows]) for group in groups]
    draws = np.empty((len(groups), resamples))
    done = 0
    for counts in resampled_counts(len(y), resamples if groups else 0, seed=seed):
        end = done + len(counts)
        for row, group, function in zip(draws, groups, over, strict=True):
            row[done:end] = function(np.ascontiguousarray(counts[:, group.rows]))
        done = end
    return draws


def _figures(
    metric: Metric, value: float, draws: Floats, difference: float, apart: Floats, limit: float
) -> dict[str, object]:
    own, between = interval(value, draws), interval(difference, apart)
    if own is None or between is None:
        return {}
    least, most = metric.limits
    sign = 1.0 if metric.direction == "higher" else -1.0
    return {
        "value": value,
        "low": max(own[0], least),
        "high": min(own[1], most),
        "difference": difference,
        "difference_low": between[0],
        "difference_high": between[1],
        "worse": bool(sign * difference < -limit * np.nanstd(apart, ddof=1)),
    }
