"""Lays out a beeswarm: groups of rows as dots, as many as a picture can show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from proml_lab.contracts import Contributions, Floats

BINS = 160
TALLEST = 9
"""Dots in the fullest bin of a feature."""


def swarm(found: Contributions, features: Sequence[str]) -> pl.DataFrame:
    """A dot a group of rows: ``feature``, ``contribution``, ``value_scaled``, ``offset``.

    Rows of a feature whose contributions fall into the same of 160 bins make up to nine dots,
    those with lower values below; a dot has the mean contribution and the mean rank of its rows,
    0 (lowest value) to 1. So an outlier is never lost and the size does not grow with the rows.
    """
    parts = [
        _dots(name, found.values[:, found.features.index(name)], scaled(found.frame[name]))
        for name in features
    ]
    schema = {"feature": pl.String, "contribution": pl.Float64, "value_scaled": pl.Float64}
    empty = pl.DataFrame(schema={**schema, "offset": pl.Float64})
    return pl.concat([empty, *parts])


def scaled(values: pl.Series) -> Floats:
    """(n,) rank of each value, 0 to 1; NaN for categories and missing values."""
    if not (values.dtype.is_numeric() or values.dtype.is_temporal() or values.dtype == pl.Boolean):
        return np.full(len(values), np.nan)
    known = values.fill_nan(None) if values.dtype.is_float() else values
    ranks = known.rank("average").cast(pl.Float64)
    low, high = ranks.min(), ranks.max()
    if low is None or low == high:
        return np.where(known.is_null().to_numpy(), np.nan, 0.5)
    return ((ranks - low) / (ranks.max() - ranks.min())).fill_null(np.nan).to_numpy()  # type: ignore[operator]


def _dots(name: str, pushes: Floats, ranks: Floats) -> pl.DataFrame:
    span = float(np.ptp(pushes)) if len(pushes) else 0.0
    width = span / BINS or 1.0
    bins = np.minimum(((pushes - pushes.min()) / width).astype(np.int64), BINS - 1)
    dots = []
    order = np.lexsort((ranks, bins))
    fullest = int(np.bincount(bins).max())
    for rows in np.split(order, np.flatnonzero(np.diff(bins[order])) + 1):
        known = rows[~np.isnan(ranks[rows])]
        blank = rows[np.isnan(ranks[rows])]
        n_dots = max(1, round(min(len(rows), TALLEST * len(rows) / max(fullest, TALLEST))))
        n_known = round(n_dots * len(known) / len(rows)) if len(blank) else n_dots
        pieces = [
            *(np.array_split(known, n_known) if n_known else []),
            *(np.array_split(blank, n_dots - n_known) if n_dots > n_known else []),
        ]
        for i, piece in enumerate(pieces):
            rank = float(ranks[piece].mean())
            dots.append(
                {
                    "feature": name,
                    "contribution": float(pushes[piece].mean()),
                    "value_scaled": None if np.isnan(rank) else rank,
                    "offset": (i - (len(pieces) - 1) / 2) * 0.8 / TALLEST,
                }
            )
    schema = {"feature": pl.String, "contribution": pl.Float64, "value_scaled": pl.Float64}
    return pl.DataFrame(dots, schema={**schema, "offset": pl.Float64})
