"""Options of the trees learner, and what LightGBM is told for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, StrictBool

from proml_lab.contracts import Json, Task
from proml_lab.document import Document

_OBJECTIVES: dict[Task, str] = {
    "binary": "binary",
    "regression": "l2",
    "count": "poisson",
    "quantile": "quantile",
}
LOSSES: dict[Task, str] = {
    "binary": "log loss",
    "regression": "squared error",
    "count": "Poisson loss",
    "quantile": "pinball loss",
}
"""What LightGBM lowers for each task, in words."""


class ClassWeights(Document):
    """How much a row of each class counts."""

    positive: float = Field(1.0, strict=True, gt=0, description="rows with label 1")
    negative: float = Field(1.0, strict=True, gt=0, description="rows with label 0")


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
        description="share of the training rows, kept to choose n_trees",
    )
    validation_by: str = Field(
        "time",
        description="which those are: time: the newest; random; a column: whole values of it",
    )
    patience: int = Field(
        50, strict=True, ge=1, description="trees without gain there before it stops"
    )
    refit: bool = Field(
        False, strict=True, description="grow as many trees again on all training rows"
    )
    monotone: dict[str, Literal["increasing", "decreasing"]] = Field(
        {}, description="numbers with which the score may only rise, or only fall"
    )
    balance: StrictBool | ClassWeights = Field(
        False, description="weights of the classes (binary); true: each class has half of it"
    )


def parameters(
    options: TreesOptions,
    *,
    task: Task,
    seed: int,
    features: Sequence[str] = (),
    quantile: float | None = None,
) -> dict[str, Json]:
    """What LightGBM is asked for: `options` by its own names, and what makes it repeatable.

    `features` are the columns of its matrix; only monotone constraints need them.
    `quantile` is that of the task of this name.
    """
    told: dict[str, Json] = {
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
    if quantile is not None:
        told["alpha"] = quantile
    if options.monotone:
        signs = {"increasing": 1, "decreasing": -1}
        found = [options.monotone.get(name) for name in features]
        told["monotone_constraints"] = [signs[way] if way else 0 for way in found]
    return told
