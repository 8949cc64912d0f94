"""The trees learner: LightGBM with its own handling of categories and missing values."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from pydantic import Field

from proml_lab.contracts import Dataset, Floats, Json, Progress, Stopped, Task
from proml_lab.document import Document
from proml_lab.learners.course import Course
from proml_lab.learners.encode import Matrix, label_of, offset_of, weights_of
from proml_lab.learners.fewrows import FewRows
from proml_lab.learners.options import checked
from proml_lab.split import newest

if TYPE_CHECKING:
    import lightgbm

MIN_VALIDATION = 50
SMALL = 100_000
_OBJECTIVES: dict[Task, str] = {"binary": "binary", "regression": "l2", "count": "poisson"}
_LOSSES = {"binary": "log loss", "regression": "squared error", "count": "Poisson loss"}


class TreesOptions(Document):
    """Options of the trees learner; each names the LightGBM parameter that it sets."""

    n_trees: int = Field(1000, strict=True, ge=1, description="most trees to grow (num_iterations)")
    learning_rate: float = Field(0.1, strict=True, gt=0, le=1, description="step of each tree")
    num_leaves: int = Field(63, strict=True, ge=2, le=131072, description="most leaves of a tree")
    max_depth: int = Field(-1, strict=True, ge=-1, description="most splits above a leaf; -1: any")
    min_rows: int = Field(
        20, strict=True, ge=1, description="fewest rows in a leaf (min_data_in_leaf)"
    )
    min_gain: float = Field(
        0.0, strict=True, ge=0, description="least gain of a split (min_gain_to_split)"
    )
    l1: float = Field(0.0, strict=True, ge=0, description="L1 penalty of leaf values (lambda_l1)")
    l2: float = Field(0.0, strict=True, ge=0, description="L2 penalty of leaf values (lambda_l2)")
    row_share: float = Field(
        1.0, strict=True, gt=0, le=1, description="rows per tree (bagging_fraction)"
    )
    feature_share: float = Field(1.0, strict=True, gt=0, le=1, description="features per tree")
    max_bins: int = Field(
        255, strict=True, ge=2, le=65535, description="most bins of a number (max_bin)"
    )
    min_level_rows: int = Field(
        100, strict=True, ge=1, description="rows of a level (min_data_per_group)"
    )
    level_smooth: float = Field(
        10.0, strict=True, ge=0, description="smoothing of levels (cat_smooth)"
    )
    validation: float = Field(
        0.15,
        strict=True,
        ge=0,
        lt=1,
        description="newest share of the training rows, kept to choose n_trees",
    )
    patience: int = Field(
        50, strict=True, ge=1, description="trees without gain there before it stops"
    )


@dataclass(frozen=True)
class Trees:
    """A boosted forest: how to encode features, and LightGBM's own text."""

    matrix: Matrix
    text: str

    @cached_property
    def booster(self) -> lightgbm.Booster:
        """The forest, read from its text: what was fitted and what was loaded are one."""
        booster: lightgbm.Booster = _lightgbm().Booster(model_str=self.text)
        return booster

    @cached_property
    def few_rows(self) -> FewRows:
        """The way for a few rows; it and the booster stay here when a copy is made."""
        library = getattr(_lightgbm().basic, "_LIB", None)
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
    tasks: tuple[Task, ...] = ("binary", "regression", "count")

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
        Stopped
            It was interrupted after the first tree: it has the best of those that had grown.
        """
        lightgbm = _lightgbm()
        chosen = TreesOptions.model_validate(options)
        frame = dataset.frame.select(dataset.features)
        matrix = Matrix.fit(frame)
        held = _held_out(dataset, chosen, seed)
        y, weight, offset = label_of(dataset), weights_of(dataset), offset_of(dataset)
        x = matrix.encode(frame.filter(~held))
        train = lightgbm.Dataset(
            x,
            y[~held],
            weight=weight[~held] if dataset.weight else None,
            init_score=offset[~held] if dataset.offset else None,
            categorical_feature=matrix.text,
        )
        valid = []
        course = Course(chosen.n_trees, _LOSSES[task], progress)
        callbacks: list[Callable[..., object]] = [course]
        if held.any():
            valid = [
                train.create_valid(
                    matrix.encode(frame.filter(held)),
                    y[held],
                    weight=weight[held] if dataset.weight else None,
                    init_score=offset[held] if dataset.offset else None,
                )
            ]
            callbacks.append(lightgbm.early_stopping(chosen.patience, verbose=False))
        told = {**parameters(chosen, task=task, seed=seed), "num_threads": threads(x)}
        del x
        try:
            lightgbm.train(
                told,
                train,
                num_boost_round=chosen.n_trees,
                valid_sets=valid,
                callbacks=callbacks,
                keep_training_booster=True,
            )
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


def parameters(options: TreesOptions, *, task: Task, seed: int) -> dict[str, Json]:
    """What LightGBM is asked for: `options` by its own names, and what makes it repeatable."""
    return {
        "objective": _OBJECTIVES[task],
        "learning_rate": options.learning_rate,
        "num_leaves": options.num_leaves,
        "max_depth": options.max_depth,
        "min_data_in_leaf": options.min_rows,
        "min_gain_to_split": options.min_gain,
        "lambda_l1": options.l1,
        "lambda_l2": options.l2,
        "bagging_fraction": options.row_share,
        "bagging_freq": int(options.row_share < 1),
        "feature_fraction": options.feature_share,
        "max_bin": options.max_bins,
        "min_data_per_group": options.min_level_rows,
        "cat_smooth": options.level_smooth,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def threads(x: Floats) -> int:
    """Threads for the matrix `x`: one where it is small, else 0, which leaves it to OpenMP.

    Waiting for each other costs threads more than a small matrix does. Results do not depend on it.
    """
    return 1 if x.size < SMALL else 0


def _lightgbm() -> ModuleType:
    """LightGBM, whose threads sleep while they wait, unless the environment says otherwise.

    By default they spin; where other work wants the cores, that makes a fit several times slower.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import lightgbm

    return lightgbm


def _held_out(dataset: Dataset, options: TreesOptions, seed: int) -> np.ndarray[Any, Any]:
    """(n,) booleans: the rows that decide when to stop."""
    if options.validation:
        held = newest(dataset, options.validation, seed=seed).to_numpy()
        if held.sum() >= MIN_VALIDATION and not held.all():
            return held
    return np.zeros(len(dataset), bool)
