from __future__ import annotations

import numpy as np
import pytest

from proml_lab.evaluate import bootstrap
from proml_lab.evaluate.bootstrap import interval, resampled_counts


def test_each_line_draws_n_rows_with_replacement() -> None:
    counts = np.concatenate(list(resampled_counts(300, 50, seed=1)))
    assert counts.shape == (50, 300)
    assert np.all(counts.sum(axis=1) == 300)
    assert counts.mean(axis=0).std() < 0.25
    assert np.mean(counts == 0) == pytest.approx(np.exp(-1), abs=0.02)


def test_lines_repeat_with_the_seed_whatever_the_blocks(monkeypatch) -> None:
    whole = np.concatenate(list(resampled_counts(31, 20, seed=1)))
    monkeypatch.setattr(bootstrap, "_BLOCK_BYTES", 100)
    blocks = list(resampled_counts(31, 20, seed=1))
    assert [len(block) for block in blocks] == [3] * 6 + [2]
    assert np.array_equal(np.concatenate(blocks), whole)
    assert not np.array_equal(np.concatenate(list(resampled_counts(31, 20, seed=2))), whole)


def test_no_resamples_are_no_blocks() -> None:
    assert list(resampled_counts(10, 0, seed=1)) == []


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    y = np.random.default_rng(0).normal(size=400)
    counts = np.concatenate(list(resampled_counts(400, 4000, seed=1)))
    low, high = interval(y.mean(), counts @ y / 400)
    reach = 1.96 * y.std() / 20
    assert low == pytest.approx(y.mean() - reach, abs=0.01)
    assert high == pytest.approx(y.mean() + reach, abs=0.01)


def test_an_interval_is_centred_where_resampling_shifts() -> None:
    low, high = interval(1.0, np.linspace(10, 12, 1001))
    assert (low, high) == pytest.approx((0.05, 1.95))


def test_what_is_undefined_has_no_interval() -> None:
    assert interval(np.nan, np.arange(5.0)) is None
    assert interval(1.0, np.array([np.nan, 1.0])) is None
    assert interval(1.0, np.empty(0)) is None
    assert interval(1.0, np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
