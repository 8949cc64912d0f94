"""Metrics: what each measures, which direction is better, and its value for resampled rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from proml_lab.contracts import METRIC_TASKS, Floats, Task
from proml_lab.errors import UsageError, choose, unknown

Counts = npt.NDArray[np.uint8]
"""(b, n): how often each of n rows counts, in each of b resamples."""
Resampled = Callable[[Counts], Floats]
N_BINS = 10


@dataclass(frozen=True)
class Metric:
    """A measure of predictions against labels.

    Attributes
    ----------
    name
        What it is called in a spec.
    what
        What it measures, for people.
    direction
        Which values are better: ``higher`` or ``lower``.
    limits
        The least and the greatest value that there can be.
    over
        Given labels and predictions (n,), a function from counts (b, n) to values (b,): what costs
        time and does not depend on the counts, such as sorting, is done once. For a quantile it
        is that of the median: see `at`.
    of_level
        For a quantile: `over`, given which one.
    """

    name: str
    what: str
    direction: Literal["higher", "lower"]
    limits: tuple[float, float]
    over: Callable[[Floats, Floats], Resampled]
    of_level: Callable[[float], Callable[[Floats, Floats], Resampled]] | None = None

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks that it fits."""
        return METRIC_TASKS[self.name]

    def at(self, quantile: float | None) -> Metric:
        """The metric for predictions of this quantile; itself where that plays no part."""
        if quantile is None or self.of_level is None:
            return self
        return replace(self, over=self.of_level(quantile))

    def __call__(self, y: Floats, p: Floats) -> float:
        """The value for labels and predictions (n,), every row once; NaN where undefined."""
        return float(self.over(y, p)(np.ones((1, len(y)), np.uint8))[0])


def get(name: str, task: Task) -> Metric:
    """The metric called `name`.

    Raises
    ------
    UnknownNameError
        There is none.
    UsageError
        It does not fit the task.
    """
    fitting = [metric.name for metric in METRICS.values() if task in metric.tasks]
    if name not in METRICS:
        raise unknown("metric", name, fitting)
    if name not in fitting:
        raise UsageError(
            f"Metric {name!r} is for task {' or '.join(METRICS[name].tasks)}, this is {task}.",
            hint=choose(name, fitting),
        )
    return METRICS[name]


def asked(text: str, task: Task, *, quantile: float | None = None) -> tuple[Metric, str | None]:
    """(metric, column to group by or None) of ``auc`` or ``auc by carrier``; raises as `get`.

    `quantile` is that of the label, for the task of this name.
    """
    name, by, column = text.partition(" by ")
    if by and not column.strip():
        raise UsageError(f"Metric {text!r} names no column.", hint="such as 'auc by carrier'.")
    return get(name.strip(), task).at(quantile), column.strip() or None


def defaults(task: Task) -> tuple[str, ...]:
    """Names of the metrics that are shown for a task when none is asked for."""
    return _DEFAULTS[task]


def bins(p: Floats, n_bins: int = N_BINS) -> npt.NDArray[np.int64]:
    """(n,) a bin from 0 for each prediction: equally many rows each, equal predictions together."""
    below = np.searchsorted(np.sort(p), p, side="left")
    return np.asarray(below * n_bins // len(p), np.int64)


def _means(loss: Callable[[Floats, Floats], Floats]) -> Callable[[Floats, Floats], Resampled]:
    """A metric that is the mean over rows of `loss`."""

    def over(y: Floats, p: Floats) -> Resampled:
        from proml_lab.kernels.resample import weighted_sums

        losses = loss(y, p).reshape(1, -1)
        return lambda counts: weighted_sums(counts, losses)[0] / counts.sum(axis=1)

    return over


def _area(which: int) -> Callable[[Floats, Floats], Resampled]:
    """A column of `kernels.resample.ranking`."""

    def over(y: Floats, p: Floats) -> Resampled:
        from proml_lab.kernels.resample import ranking

        order = np.argsort(-p, kind="stable")
        last = np.append(np.diff(p[order]) != 0, True)
        positive = y[order] > 0
        return lambda counts: ranking(counts, order, last, positive)[:, which]

    return over


def _log_loss(y: Floats, p: Floats) -> Floats:
    edge = np.finfo(np.float64).eps
    p = np.clip(p, edge, 1 - edge)
    return -(y * np.log(p) + (1 - y) * np.log1p(-p))


def _poisson(y: Floats, p: Floats) -> Floats:
    p = np.maximum(p, np.finfo(np.float64).tiny)
    known = np.where(y > 0, y, 1.0)
    return 2 * (y * np.log(known / p) - y + p)


def _pinball(level: float) -> Callable[[Floats, Floats], Resampled]:
    return _means(lambda y, p: np.where(y >= p, level * (y - p), (1 - level) * (p - y)))


def _coverage_gap(level: float) -> Callable[[Floats, Floats], Resampled]:
    share = _means(lambda y, p: (y <= p).astype(np.float64))

    def over(y: Floats, p: Floats) -> Resampled:
        resampled = share(y, p)
        return lambda counts: np.abs(resampled(counts) - level)

    return over


def _rmse(y: Floats, p: Floats) -> Resampled:
    mean = _means(lambda y, p: (y - p) ** 2)(y, p)
    return lambda counts: np.sqrt(mean(counts))


def _r2(y: Floats, p: Floats) -> Resampled:
    from proml_lab.kernels.resample import weighted_sums

    centred = y - y.mean()
    values = np.stack([(y - p) ** 2, centred, centred**2])

    def resampled(counts: Counts) -> Floats:
        missed, first, second = weighted_sums(counts, values)
        spread = second - first**2 / counts.sum(axis=1)
        return np.asarray(1 - missed / np.where(spread > 0, spread, np.nan))

    return resampled


def _calibration(y: Floats, p: Floats) -> Resampled:
    from proml_lab.kernels.resample import group_sums

    gap, bin_ = y - p, bins(p)

    def resampled(counts: Counts) -> Floats:
        gaps = np.abs(group_sums(counts, gap, bin_, N_BINS))
        return np.asarray(gaps.sum(axis=1) / counts.sum(axis=1))

    return resampled


_SHARE, _POSITIVE = (0.0, 1.0), (0.0, math.inf)
METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "auc",
            "how often a positive row scores above a negative one (area under the ROC curve)",
            "higher",
            _SHARE,
            _area(0),
        ),
        Metric(
            "pr_auc",
            "precision averaged over recall (average precision); the positive rate is chance",
            "higher",
            _SHARE,
            _area(1),
        ),
        Metric(
            "log_loss",
            "how unlikely the labels are under the probabilities (mean negative log-likelihood)",
            "lower",
            _POSITIVE,
            _means(_log_loss),
        ),
        Metric(
            "brier",
            "mean squared distance of the probabilities from the labels",
            "lower",
            _SHARE,
            _means(lambda y, p: (y - p) ** 2),
        ),
        Metric(
            "rmse",
            "typical size of an error, large ones weigh more (root mean squared error)",
            "lower",
            _POSITIVE,
            _rmse,
        ),
        Metric(
            "mae",
            "mean size of an error",
            "lower",
            _POSITIVE,
            _means(lambda y, p: np.abs(y - p)),
        ),
        Metric(
            "r2",
            "share of the label's variance that is predicted; 0 is the mean, 1 is perfect",
            "higher",
            (-math.inf, 1.0),
            _r2,
        ),
        Metric(
            "poisson_deviance",
            "how unlikely the counts are under the predicted means (mean Poisson deviance)",
            "lower",
            _POSITIVE,
            _means(_poisson),
        ),
        Metric(
            "pinball",
            "mean distance to the label; for quantile q it weighs q where the label is above the "
            "prediction, 1 - q where it is below (pinball loss)",
            "lower",
            _POSITIVE,
            _pinball(0.5),
            _pinball,
        ),
        Metric(
            "coverage_gap",
            "distance between the quantile and the share of labels up to the prediction",
            "lower",
            _SHARE,
            _coverage_gap(0.5),
            _coverage_gap,
        ),
        Metric(
            "calibration",
            "mean distance between predicted and observed, in ten bins of equally many rows",
            "lower",
            _POSITIVE,
            _calibration,
        ),
    )
}
_DEFAULTS: dict[Task, tuple[str, ...]] = {
    "binary": ("auc", "pr_auc", "log_loss", "brier", "calibration"),
    "regression": ("rmse", "mae", "r2"),
    "count": ("poisson_deviance", "rmse", "mae"),
    "quantile": ("pinball", "coverage_gap"),
}
