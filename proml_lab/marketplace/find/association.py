"""How much one column says of another, whatever their types: shares of information."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

N_BINS = 10
N_VALUES = 20
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Binned:
    """(n,) numbers of the bins that values are in, 0 for nulls, and their entropy in nats."""

    codes: Codes = field(repr=False)
    entropy: float


def binned(values: pl.Series) -> Binned | None:
    """`values` (n,) in at most 21 bins; None for lists and vectors.

    Numbers and times are in ten bins of equally many values, or one a value where there are at
    most ten; text and truth values have a bin for each of the 19 most frequent, and one for all
    others. Nulls are a bin of their own.
    """
    kind = values.dtype
    if kind.is_nested():
        return None
    there = values.is_not_null().to_numpy()
    codes = np.zeros(len(values), np.int64)
    if kind.is_numeric() or kind.is_temporal():
        numbers = values.to_physical().cast(pl.Float64).to_numpy()
        there &= ~np.isnan(numbers)
        codes[there] = 1 + _of_numbers(numbers[there])
    else:
        codes[there] = 1 + _of_texts(values.filter(pl.Series(there)).cast(pl.String))
    return Binned(codes, _entropy(np.bincount(codes)))


def information(a: Binned, b: Binned) -> float:
    """Nats that two columns share, by Miller and Madow without what chance would give; at least 0.

    Notes
    -----
    Source: docs/method.md#suggested-features.
    """
    n = len(a.codes)
    if not n:
        return 0.0
    width = int(b.codes.max()) + 1
    both = np.bincount(a.codes * width + b.codes)
    found = a.entropy + b.entropy - _entropy(both)
    n_a, n_b = (np.unique(one.codes).size for one in (a, b))
    surplus = (int((both > 0).sum()) - n_a - n_b + 1) / (2 * n)
    return max(found - max(surplus, 0.0), 0.0)


def overlap(a: Binned, b: Binned) -> float:
    """How much of two columns is the same, 0 to 1: twice what they share over what both say."""
    total = a.entropy + b.entropy
    return min(2 * information(a, b) / total, 1.0) if total > 0 else 0.0


def rank_correlation(a: pl.Series, b: pl.Series) -> float:
    """Spearman's, over the rows where both are there; NaN where one of them is constant."""
    both = pl.DataFrame({"a": a.cast(pl.Float64), "b": b.cast(pl.Float64)})
    both = both.filter(pl.all_horizontal(pl.all().is_not_null() & pl.all().is_not_nan()))
    ranks = both.select(pl.all().rank("average"))
    x, y = (ranks[name].to_numpy() - (ranks.height + 1) / 2 for name in ("a", "b"))
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 0 else float("nan")


def auc(score: pl.Series, label: npt.NDArray[np.bool_]) -> float:
    """Chance that a row with the label has the greater score, over rows with one; NaN for none."""
    there = score.is_not_null().to_numpy()
    ranks = score.filter(pl.Series(there)).rank("average").to_numpy()
    positive = label[there]
    n_1, n_0 = int(positive.sum()), int((~positive).sum())
    if not n_1 or not n_0:
        return float("nan")
    return float((ranks[positive].sum() - n_1 * (n_1 + 1) / 2) / (n_1 * n_0))


def _of_numbers(numbers: npt.NDArray[np.float64]) -> Codes:
    distinct = np.unique(numbers)
    if distinct.size <= N_BINS:
        return np.searchsorted(distinct, numbers)
    edges = np.unique(np.quantile(numbers, np.arange(1, N_BINS) / N_BINS))
    return np.searchsorted(edges, numbers, side="right")


def _of_texts(values: pl.Series) -> Codes:
    counts = values.alias("value").value_counts(name="n")
    top = counts.sort("n", "value", descending=[True, False]).head(N_VALUES - 1)["value"]
    places = pl.DataFrame({"value": top, "code": np.arange(len(top))})
    found = (
        values.alias("value").to_frame().join(places, on="value", how="left", maintain_order="left")
    )
    return found["code"].fill_null(len(top)).to_numpy()


def _entropy(counts: npt.NDArray[np.int64]) -> float:
    """Nats."""
    shares = counts[counts > 0] / max(counts.sum(), 1)
    return float(-(shares * np.log(shares)).sum())
