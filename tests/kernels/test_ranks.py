"""Different values and quantiles of windows against every row looked at."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.kernels import asof, ranks
from proml_lab.kernels.windows import Rows, Window
from tests.kernels.sliding_case import SHAPES, make_case
from tests.soak import seeds


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", seeds(4))
def test_distinct_equals_brute_force(seed: int, shape: dict[str, int]) -> None:
    c = make_case(seed, **shape)
    values = (c.values // 3).astype(np.int64) * (1 << 40)
    numbers = np.zeros_like(values)
    ranks.number(c.window.group, c.rows.offsets, values, numbers)
    want = [len(set(values[rows])) for rows in c.inside]
    assert ranks.distinct(c.window, c.rows, numbers).tolist() == want


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("q", [0.0, 0.1, 0.5, 0.99, 1.0])
def test_quantiles_equal_numpy(q: float, shape: dict[str, int]) -> None:
    c = make_case(11, **shape)
    found, ascending = np.zeros(c.values.size, np.int64), np.zeros(c.values.size)
    ranks.rank(c.window.group, c.rows.offsets, c.values, found, ascending)
    got = ranks.quantiles(c.window, c.rows, found, ascending, q)
    for value, rows in zip(got, c.inside, strict=True):
        want = np.quantile(c.values[rows], q) if rows.size else np.nan
        assert value == want or (np.isnan(value) and np.isnan(want))


def test_quantiles_of_a_group_of_many_words() -> None:
    """Enough rows that all three levels of counts are used."""
    n, length = 600_000, 300_000
    rng = np.random.default_rng(5)
    values, event = rng.normal(size=n), np.arange(n)
    offsets, group = np.array([0, n]), np.zeros(9, np.int64)
    cutoff = np.linspace(1000, n + length - 2, 9).astype(np.int64)
    start, stop = (asof.positions(group, cutoff - back, offsets, event) for back in (length, 0))
    found, ascending = np.zeros(n, np.int64), np.zeros(n)
    ranks.rank(group, offsets, values, found, ascending)
    window = Window(group, cutoff, start, stop, stop)
    rows = Rows(offsets, event, np.empty(0, np.int64))
    got = ranks.quantiles(window, rows, found, ascending, 0.37)
    want = [np.quantile(values[a:b], 0.37) for a, b in zip(start, stop, strict=True)]
    assert got.tolist() == want


def test_numbers_begin_anew_in_each_group_that_is_asked() -> None:
    values = np.array([7, -1, 7, 7, 9, 5])
    numbers = np.full(6, -1)
    ranks.number(np.array([0, 0, 2]), np.array([0, 3, 5, 6]), values, numbers)
    assert numbers.tolist() == [0, 1, 0, -1, -1, 0]
