"""Shares of information: against plain sums, and by their identities."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import product

import numpy as np
import polars as pl
import pytest

from proml_lab.marketplace.find.association import (
    auc,
    binned,
    information,
    overlap,
    rank_correlation,
)


def bins(values: pl.Series):  # type: ignore[no-untyped-def]
    found = binned(values)
    assert found is not None
    return found


def plain(a: list[object], b: list[object]) -> float:
    """By the sum over all pairs, less what chance would give."""
    n = len(a)
    joint, of_a, of_b = Counter(zip(a, b, strict=True)), Counter(a), Counter(b)
    total = sum(m / n * math.log(m * n / (of_a[x] * of_b[y])) for (x, y), m in joint.items())
    surplus = (len(joint) - len(of_a) - len(of_b) + 1) / (2 * n)
    return max(total - max(surplus, 0), 0)


@pytest.mark.parametrize("seed", range(10))
def test_information_is_the_plain_sum(seed: int) -> None:
    rng = random.Random(seed)
    a = [rng.choice(["x", "y", "z", None]) for _ in range(300)]
    b = [rng.choice([1, 2, None]) if one is None or rng.random() < 0.5 else len(one) for one in a]
    got = information(bins(pl.Series(a, dtype=pl.String)), bins(pl.Series(b, dtype=pl.Int64)))
    assert got == pytest.approx(plain(a, b), abs=1e-12)


def test_the_same_is_all_and_the_unrelated_nothing() -> None:
    rng = np.random.default_rng(0)
    a, b = pl.Series(rng.normal(size=4000)), pl.Series(rng.normal(size=4000))
    assert overlap(bins(a), bins(a.exp())) > 0.97
    assert overlap(bins(a), bins(-a)) > 0.97
    assert overlap(bins(a), bins(b)) < 0.02
    assert overlap(bins(pl.Series([1, 1])), bins(pl.Series([2, 2]))) == 0
    assert (
        information(bins(pl.Series([], dtype=pl.Int64)), bins(pl.Series([], dtype=pl.Int64))) == 0
    )


def test_bins() -> None:
    assert set(bins(pl.Series([None, 5, 7, 5])).codes.tolist()) == {0, 1, 2}
    assert bins(pl.Series([float("nan"), 1.0])).codes.tolist() == [0, 1]
    counts = np.bincount(bins(pl.Series(range(1000))).codes)
    assert counts.tolist() == [0] + [100] * 10
    many = pl.Series([f"v{i}" for i in range(50)] + ["v7"] * 9)
    codes = bins(many).codes
    assert len(np.unique(codes)) == 20
    assert codes[7] == codes[-1] != codes[49]
    assert bins(pl.Series([True, False, None])).codes.tolist()[2] == 0
    assert binned(pl.Series([[1], [2]])) is None


def test_auc_counts_pairs() -> None:
    rng = random.Random(3)
    score = [rng.choice([1, 2, 3, None]) for _ in range(60)]
    label = [rng.random() < 0.4 for _ in range(60)]
    pairs = [
        (score[i], score[j])
        for i, j in product(range(60), repeat=2)
        if label[i] and not label[j] and score[i] is not None and score[j] is not None
    ]
    want = sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs)  # type: ignore[operator]
    assert auc(pl.Series(score), np.array(label)) == pytest.approx(want)
    assert math.isnan(auc(pl.Series([1, 2]), np.array([True, True])))


def test_rank_correlation() -> None:
    a = pl.Series([1.0, 2.0, 3.0, None, float("nan")])
    assert rank_correlation(a, pl.Series([1, 8, 27, 4, 5])) == pytest.approx(1)
    assert rank_correlation(a, pl.Series([3, 2, 1, 4, 5])) == pytest.approx(-1)
    assert math.isnan(rank_correlation(a, pl.Series([1, 1, 1, 1, 1])))
