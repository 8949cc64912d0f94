"""The sketches against plain NumPy and Python."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from proml_lab.kernels import sketch

NONE = np.empty(0, np.bool_)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n_values", [1, 40, sketch.FEW, 50_000])
def test_numbers_are_those_of_numpy(seed: int, n_values: int) -> None:
    rng = np.random.default_rng(seed)
    pool = np.concatenate([rng.normal(1e6, 3, n_values), [np.nan, np.inf, -np.inf, 0.0, -0.0]])
    values = pool[rng.integers(0, pool.size, 20_000)]
    counts, moments, words, tally, _, sample = sketch.numbers(values, 7, seed)
    finite = values[np.isfinite(values)]
    assert counts[0] == finite.size
    assert counts[1] == np.isinf(values).sum()
    want = Counter((finite + 0.0).tolist())
    if len(want) <= sketch.FEW:
        assert counts[2] == len(want)
        assert dict(zip(words.view(np.float64).tolist(), tally.tolist(), strict=True)) == want
    else:
        assert (counts[2], words.size, tally.size) == (-1, 0, 0)
    assert moments[:2].tolist() == [finite.min(), finite.max()]
    assert moments[2] == pytest.approx(finite.mean())
    assert moments[3] == pytest.approx(((finite - finite.mean()) ** 2).sum(), rel=1e-6, abs=1e-3)
    assert sample.size in (finite.size // 7, finite.size // 7 + 1)
    for number, one in enumerate(sample):
        assert one in finite[7 * number : 7 * number + 7]


def test_nothing_but_nulls() -> None:
    counts, moments, words, _, registers, sample = sketch.numbers(np.full(9, np.nan), 1, 0)
    assert counts.tolist() == [0, 0, 0]
    assert np.isnan(moments[2])
    assert not words.size
    assert not registers.any()
    assert not sample.size


@pytest.mark.parametrize("n_values", [3, sketch.FEW, sketch.FEW + 1])
def test_words_are_counted_with_their_first_row(n_values: int) -> None:
    rng = np.random.default_rng(n_values)
    given = np.concatenate([np.arange(n_values), rng.integers(0, n_values, 9000)])
    given = rng.permutation(given).astype(np.uint64)
    there = rng.random(given.size) < 0.9
    there[np.unique(given, return_index=True)[1]] = True
    for known in (there, NONE):
        inside = given if not known.size else given[known]
        different, words, tally, rows, _ = sketch.words(given, known)
        if n_values > sketch.FEW:
            assert (different, words.size, rows.size) == (-1, 0, 0)
            continue
        assert different == n_values
        want = Counter(inside.tolist())
        assert dict(zip(words.tolist(), tally.tolist(), strict=True)) == want
        for word, row in zip(words, rows, strict=True):
            places = np.flatnonzero(given == word)
            assert row == next(p for p in places if not known.size or known[p])


def test_registers_are_the_same_however_the_values_came() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=30_000)
    whole = sketch.numbers(values, 1, 0)[4]
    parts = [sketch.numbers(part, 1, 0)[4] for part in np.array_split(values, 11)]
    assert np.array_equal(whole, np.max(parts, axis=0))
    few = sketch.numbers(values[:100], 1, 0)[4]
    assert np.count_nonzero(few) > 90
