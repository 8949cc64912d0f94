"""How closely a feature goes with a label, by itself."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from proml_lab.marketplace.find.association import rank_correlation

LEAST = 20
"""Rows with both values that it takes."""


def association(values: pl.Series, label: pl.Series) -> float:
    """How closely `values` (n,) go with the numbers or truth values of `label` (n,).

    Of numbers, truth values and times Spearman's rank correlation, −1 to 1; of text the
    correlation ratio, 0 to 1: the root of the share of the label's variance that lies between the
    values, less what as many groups would explain by chance. NaN where either does not vary, or
    fewer than 20 rows have both.
    """
    frame = pl.DataFrame([values.alias("x"), label.cast(pl.Float64).alias("y")])
    if values.dtype.is_float():
        frame = frame.with_columns(pl.col("x").fill_nan(None))
    frame = frame.drop_nulls()
    if frame.height < LEAST or frame["x"].n_unique() < 2 or frame["y"].n_unique() < 2:
        return math.nan
    if values.dtype in (pl.String, pl.Categorical, pl.Enum):
        return _ratio(frame)
    if isinstance(values.dtype, pl.List | pl.Array):
        return math.nan
    return rank_correlation(frame["x"], frame["y"])


def _ratio(frame: pl.DataFrame) -> float:
    means = frame.group_by("x").agg(pl.len().alias("n"), pl.col("y").mean().alias("mean"))
    y = frame["y"].to_numpy()
    total = float(np.sum((y - y.mean()) ** 2))
    between = float(np.sum(means["n"].to_numpy() * (means["mean"].to_numpy() - y.mean()) ** 2))
    n, k = frame.height, means.height
    if n <= k:
        return 0.0
    within = (total - between) / (n - k)
    return math.sqrt(max(0.0, (between - (k - 1) * within) / total))
