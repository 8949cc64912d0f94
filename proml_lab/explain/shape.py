"""How a feature's contribution depends on its value: dots and a trend, or a row a category."""

from __future__ import annotations

import polars as pl

from proml_lab.contracts import Contributions
from proml_lab.errors import unknown
from proml_lab.plots.cells import column_texts

MOST_CATEGORIES = 20
STRETCHES = 20
BINS = 10
MISSING_VALUE = "missing"
_SPREAD = ("contribution", "low", "high")
_SUMMARY = (
    pl.len().cast(pl.Int64).alias("n_rows"),
    pl.col("contribution").mean(),
    pl.col("contribution").quantile(0.1, "linear").alias("low"),
    pl.col("contribution").quantile(0.9, "linear").alias("high"),
)


def dependence(found: Contributions, feature: str) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """(points, trend) of a number or time; (a row a category, None) otherwise.

    Points have ``value`` and ``contribution``, a row each, without rows where the value is
    missing; the trend has their means over 20 stretches with equally many rows. Categories have
    ``value``, ``contribution`` (mean), ``low``, ``high`` (10th and 90th percentile) and ``n``,
    the 20 most frequent, most frequent first.

    Raises
    ------
    UnknownNameError
        The model has no such feature.
    """
    if feature not in found.features:
        raise unknown("feature", feature, found.features)
    pushes = found.values[:, found.features.index(feature)]
    frame = pl.DataFrame({"value": found.frame[feature], "contribution": pushes})
    kind = frame.schema["value"]
    if not (kind.is_numeric() or kind.is_temporal()):
        return _categories(frame), None
    if kind.is_float():
        frame = frame.with_columns(pl.col("value").fill_nan(None))
    points = frame.drop_nulls("value").sort("value", maintain_order=True)
    return points, _trend(points)


def by_value(found: Contributions, feature: str) -> pl.DataFrame:
    """A row for each value, or stretch of values, of a feature.

    Numbers and times have up to 10 stretches of equally many rows, from low to high; categories
    the 20 most frequent. Columns: ``value`` (text), ``n_rows``, ``contribution`` (mean), ``low``
    and ``high`` (10th and 90th percentile). Rows without a value are the last of a number.

    Raises
    ------
    UnknownNameError
        The model has no such feature.
    """
    points, _ = dependence(found, feature)
    if "n" in points.columns:
        shown = pl.col("value").fill_null(MISSING_VALUE)
        return points.select(shown, pl.col("n").cast(pl.Int64).alias("n_rows"), *_SPREAD)
    few = points["value"].n_unique() <= BINS
    rank = (pl.col("value").rank("average") - 0.5) / max(1, points.height)
    stretch = pl.col("value") if few else (rank * BINS).floor()
    parts = points.group_by(stretch.alias("stretch"), maintain_order=True).agg(
        pl.col("value").first().alias("first"), pl.col("value").last().alias("last"), *_SUMMARY
    )
    ends = column_texts(pl.concat([parts["first"], parts["last"]]))
    spans = zip(ends[: parts.height], ends[parts.height :], strict=True)
    names = [first if first == last else f"{first} to {last}" for first, last in spans]
    parts = parts.select(pl.Series("value", names, pl.String), "n_rows", *_SPREAD)
    gone = pl.DataFrame(
        {"contribution": missing_pushes(found, feature)}, {"contribution": pl.Float64}
    )
    if not gone.height:
        return parts
    missing = gone.select(pl.lit(MISSING_VALUE).alias("value"), *_SUMMARY)
    return pl.concat([parts, missing.select(parts.columns)])


def missing_pushes(found: Contributions, feature: str) -> list[float]:
    """Contributions of a feature in the rows where its value is missing."""
    values = found.frame[feature]
    gone = (
        values.is_null() | values.is_nan().fill_null(True)
        if values.dtype.is_float()
        else values.is_null()
    )
    return found.values[gone.to_numpy(), found.features.index(feature)].tolist()  # type: ignore[no-any-return]


def _categories(frame: pl.DataFrame) -> pl.DataFrame:
    push = pl.col("contribution")
    return (
        frame.with_columns(pl.col("value").cast(pl.String))
        .group_by("value", maintain_order=True)
        .agg(
            push.mean(),
            push.quantile(0.1, "linear").alias("low"),
            push.quantile(0.9, "linear").alias("high"),
            pl.len().alias("n"),
        )
        .with_columns(pl.min_horizontal("low", push).alias("low"))
        .with_columns(pl.max_horizontal("high", push).alias("high"))
        .sort("n", "value", descending=[True, False])
        .head(MOST_CATEGORIES)
    )


def _trend(points: pl.DataFrame) -> pl.DataFrame | None:
    """Means over stretches of the sorted points; equal values share a stretch."""
    distinct = points["value"].n_unique()
    if distinct < 2:
        return None
    if distinct <= STRETCHES:
        return points.group_by("value", maintain_order=True).agg(pl.col("contribution").mean())
    rank = (pl.col("value").rank("average") - 0.5) / points.height
    stretch = (rank * STRETCHES).floor().alias("stretch")
    return (
        points.group_by(stretch, maintain_order=True)
        .agg(pl.col("value").median(), pl.col("contribution").mean())
        .select("value", "contribution")
    )
