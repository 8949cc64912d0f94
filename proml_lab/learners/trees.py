"""The trees learner: LightGBM with its own handling of categories and missing values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from proml_lab.contracts import Dataset, Floats, Json, Progress, Stopped, Task
from proml_lab.encoding import Encoding
from proml_lab.learners.boosting import LOSSES, TreesOptions
from proml_lab.learners.course import Course
from proml_lab.learners.encode import Matrix
from proml_lab.learners.encodings import of_levels
from proml_lab.learners.fewrows import FewRows
from proml_lab.learners.grow import grow, load_lightgbm, require_fitting, threads
from proml_lab.learners.options import checked

if TYPE_CHECKING:
    import lightgbm


@dataclass(frozen=True)
class Trees:
    """A boosted forest: how to encode features, and LightGBM's own text."""

    matrix: Matrix
    text: str

    @cached_property
    def booster(self) -> lightgbm.Booster:
        """The forest, read from its text: what was fitted and what was loaded are one."""
        booster: lightgbm.Booster = load_lightgbm().Booster(model_str=self.text)
        return booster

    @cached_property
    def few_rows(self) -> FewRows:
        """The way for a few rows; it and the booster stay here when a copy is made."""
        library = getattr(load_lightgbm().basic, "_LIB", None)
        return FewRows(self.booster, self.matrix.levels, library)

    def __reduce__(self) -> tuple[type[Trees], tuple[Matrix, str]]:
        return Trees, (self.matrix, self.text)

    def raw(self, frame: pl.DataFrame) -> Floats:
        """(n,) sums of leaf values."""
        if not frame.height:
            return np.empty(0)
        few = self.few_rows.raw(frame)
        if few is not None:
            return few
        x = self.matrix.encode(frame)
        n_threads = threads(x)
        return np.asarray(self.booster.predict(x, raw_score=True, num_threads=n_threads))

    def contributions(self, frame: pl.DataFrame) -> tuple[float, Floats]:
        """(base, (n, p)): path-dependent Shapley values of the forest (Lundberg et al. 2020)."""
        rows = frame if frame.height else frame.clear(1)
        x = self.matrix.encode(rows)
        n_threads = threads(x)
        values = np.asarray(self.booster.predict(x, pred_contrib=True, num_threads=n_threads))
        return float(values[0, -1]), np.ascontiguousarray(values[: frame.height, :-1])

    def summary(self) -> pl.DataFrame:
        """A row a feature, most gain first: ``feature``, ``gain``, ``share`` of it, ``splits``."""
        gain = self.booster.feature_importance("gain")
        frame = pl.DataFrame(
            {
                "feature": list(self.matrix.levels),
                "gain": gain,
                "share": gain / (gain.sum() or 1.0),
                "splits": self.booster.feature_importance("split").astype(np.int64),
            }
        )
        return frame.sort("gain", descending=True, maintain_order=True)

    def encodings(self) -> list[Encoding]:
        """What is done to each feature."""
        return of_levels(self.matrix.levels)

    def save(self, folder: Path) -> None:
        """Write ``features.json`` and LightGBM's ``trees.txt``."""
        features = json.dumps(self.matrix.to_json(), indent=1) + "\n"
        (folder / "features.json").write_text(features, encoding="utf-8", newline="\n")
        (folder / "trees.txt").write_text(self.text, encoding="utf-8", newline="\n")


class TreesLearner:
    """Gradient-boosted trees. Fewer than 50 validation rows are too few to stop early: then all
    `n_trees` grow on all rows.
    """

    name = "trees"
    tasks: tuple[Task, ...] = ("binary", "regression", "count", "quantile")
    copies = 1.25  # of its features in memory: see docs/learners.md#memory

    def check(self, options: Mapping[str, Json]) -> Mapping[str, Json]:
        """Options with their defaults: see `TreesOptions`."""
        return checked(options, TreesOptions, learner="trees")

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
    ) -> Trees:
        """Grow trees on the older rows of `dataset` until the newest stop gaining.

        The same rows and seed give the same trees, bit for bit, on any number of threads.

        Raises
        ------
        SpecError
            `monotone` names no number among the features, `validation_by` no column that is there,
            or `balance` is given for another task than binary.
        Stopped
            It was interrupted after the first tree: it has the best of those that had grown.
        """
        chosen = TreesOptions.model_validate(options)
        require_fitting(chosen, dataset, task)
        matrix = Matrix.fit(dataset.frame.select(dataset.features))
        course = Course(chosen.n_trees, LOSSES[task], progress)
        try:
            grow(course, dataset, matrix, chosen, task=task, seed=seed)
            return Trees(matrix, course.text())
        except KeyboardInterrupt:
            if not course.n_done:
                raise
            raise Stopped(Trees(matrix, course.text()), course.words()) from None

    def load(self, folder: Path) -> Trees:
        """Read ``features.json`` and ``trees.txt``."""
        features = json.loads((folder / "features.json").read_text(encoding="utf-8"))
        trees = Trees(
            Matrix.from_json(features), (folder / "trees.txt").read_text(encoding="utf-8")
        )
        if trees.booster.num_feature() != len(features):
            raise ValueError("trees.txt and features.json do not belong together")
        return trees
