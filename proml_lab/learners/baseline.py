"""The baseline: the rate, mean or quantile of the training label, whatever the features."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from proml_lab.contracts import Dataset, Floats, Json, Progress, Task
from proml_lab.document import Document
from proml_lab.label import quantile_of
from proml_lab.learners.encode import label_of, offset_of, weights_of
from proml_lab.learners.glm import Design, solve
from proml_lab.learners.options import checked


class BaselineOptions(Document):
    """The baseline has no options."""


@dataclass(frozen=True)
class Baseline:
    """One raw score for every row: `raw_score` on the link scale, `mean` as it was."""

    raw_score: float
    mean: float
    n_features: int

    def raw(self, frame: pl.DataFrame) -> Floats:
        """(n,) the same score for every row."""
        return np.full(frame.height, self.raw_score)

    def contributions(self, frame: pl.DataFrame) -> tuple[float, Floats]:
        """(base, zeros): no feature contributes."""
        return self.raw_score, np.zeros((frame.height, self.n_features))

    def summary(self) -> pl.DataFrame:
        """One row: ``term``, ``coefficient`` (link scale), ``mean`` of the training label."""
        return pl.DataFrame(
            {"term": ["(everything)"], "coefficient": [self.raw_score], "mean": [self.mean]}
        )

    def save(self, folder: Path) -> None:
        """Write ``baseline.json``."""
        text = json.dumps(asdict(self)) + "\n"
        (folder / "baseline.json").write_text(text, encoding="utf-8", newline="\n")


class BaselineLearner:
    """Learns the mean of the label: what any other model has to beat."""

    name = "baseline"
    tasks: tuple[Task, ...] = ("binary", "regression", "count", "quantile")
    copies = 0.0  # of its features in memory: see docs/learners.md#memory

    def check(self, options: Mapping[str, Json]) -> Mapping[str, Json]:
        """Refuse every option."""
        return checked(options, BaselineOptions, learner="baseline")

    def reads(self, options: Mapping[str, Json]) -> tuple[str, ...]:
        """Nothing beside the features."""
        return ()

    def fit(
        self,
        dataset: Dataset,
        *,
        task: Task,
        options: Mapping[str, Json],
        seed: int,
        progress: Progress | None = None,
    ) -> Baseline:
        """The mean of the label on the link scale of `task`, over the offset if there is one.

        For task quantile it is that quantile.
        """
        values, weights, offset = label_of(dataset), weights_of(dataset), offset_of(dataset)
        mean = math.fsum(values * weights) / math.fsum(weights)
        if dataset.quantile is not None:
            raw = quantile_of(values - offset, weights, dataset.quantile)
        elif dataset.offset:
            alone = Design(np.empty((len(values), 0)), (), ())
            (raw,) = solve(alone, values, task=task, l2=1.0, weights=weights, offset=offset)
        else:
            raw = _link(mean, task)
        if progress:
            progress(1.0, "mean of the label")
        return Baseline(float(raw), mean, len(dataset.features))

    def load(self, folder: Path) -> Baseline:
        """Read ``baseline.json``."""
        return Baseline(**json.loads((folder / "baseline.json").read_text(encoding="utf-8")))


def _link(mean: float, task: Task) -> float:
    match task:
        case "binary":
            return math.log(mean / (1 - mean))
        case "count":
            return math.log(mean)
    return mean
