"""How closely a feature goes with a label, against SciPy and by simulation."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from proml_lab.marketplace.know.association import LEAST, association


@pytest.mark.parametrize("seed", range(4))
def test_numbers_have_spearmans_correlation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 30, 400).astype(float)
    y = rng.random(400) < 1 / (1 + np.exp(3 - x / 5))
    got = association(pl.Series(x), pl.Series(y))
    assert got == pytest.approx(stats.spearmanr(x, y).statistic)
    gaps = pl.Series(x).set(pl.Series(x == 3.0), None)
    want = stats.spearmanr(x[x != 3], y[x != 3]).statistic
    assert association(gaps, pl.Series(y)) == pytest.approx(want)


def test_text_has_the_ratio_less_what_is_chance() -> None:
    rng = np.random.default_rng(0)
    y = pl.Series(rng.normal(size=3000))
    noise = pl.Series(rng.integers(0, 300, 3000)).cast(pl.String)
    assert association(noise, y) < 0.15
    told = pl.Series(np.where(y.to_numpy() > 0, "up", "down"))
    assert association(told, y) == pytest.approx(math.sqrt(2 / math.pi), abs=0.02)
    single = pl.Series([str(i) for i in range(100)])
    assert association(single, y[:100]) == 0.0


def test_where_there_is_nothing_to_say() -> None:
    y = pl.Series([0, 1] * LEAST)
    for x in (
        pl.Series([1.0] * 2 * LEAST),
        pl.Series([1.0, 2.0] * 9 + [None] * (2 * LEAST - 18)),
        pl.Series([[1], [2]] * LEAST),
    ):
        assert math.isnan(association(x, y))
    assert math.isnan(association(pl.Series([1, 2] * LEAST), pl.Series([1] * 2 * LEAST)))
