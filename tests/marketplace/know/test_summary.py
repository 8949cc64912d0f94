"""Summaries against the values themselves; the parts of a table say what the whole says."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proml_lab.marketplace.know.summary import FEW, POINTS, Summary, as_numbers, merge, summarize

SHARES = [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0]
NUMBERS = st.lists(
    st.one_of(st.none(), st.integers(-5, 5).map(float), st.floats(), st.just(-0.0)), max_size=60
)


def lower(values: np.ndarray, share: float) -> float:
    """The least value with at least `share` of the values up to it."""
    ordered = np.sort(values)
    return float(ordered[max(0, int(np.ceil(share * values.size - 1e-9)) - 1)])


def rank_error(one: Summary, values: np.ndarray) -> float:
    """How far, in shares of the values, the worst quantile is off."""
    worst = 0.0
    for share, got in zip(SHARES, one.quantiles(SHARES), strict=True):
        below, upto = (values < got).mean(), (values <= got).mean()
        worst = max(worst, below - share, share - upto)
    return worst


@given(NUMBERS, st.integers(0, 60))
@example([None, 0.0, 2.7e154], 2)
@example([1.7e308, -1.7e308], 1)
def test_few_values_are_exact_however_they_are_parted(values: list[float | None], cut: int) -> None:
    column = pl.Series(values, dtype=pl.Float64)
    finite = np.array([v for v in values if v is not None and np.isfinite(v)]) + 0.0
    for one in (summarize(column), merge([summarize(column[:cut]), summarize(column[cut:])])):
        assert one.n == len(values)
        assert one.nulls == sum(v is None or v != v for v in values)
        assert one.n_values == finite.size
        assert one.whole
        assert one.n_distinct == np.unique(finite).size
        if finite.size:
            assert (one.low, one.high) == (finite.min(), finite.max())
            for share, got in zip(SHARES, one.quantiles(SHARES), strict=True):
                assert got == lower(finite, share)
        else:
            assert np.isnan([one.low, one.high, *one.quantiles(SHARES)]).all()


@pytest.mark.parametrize("seed", range(4))
def test_many_values_are_near_however_they_are_parted(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.lognormal(size=60_000), 1000 + rng.random(30_000)])
    rng.shuffle(values)
    column = pl.Series(values)
    bounds = sorted(rng.integers(0, values.size, 7).tolist())
    parts = [
        summarize(column[a:b], seed=i)
        for i, (a, b) in enumerate(zip([0, *bounds], [*bounds, values.size], strict=True))
    ]
    for one, most in ((summarize(column), 1 / POINTS), (merge(parts), 2 / POINTS)):
        assert not one.whole
        assert rank_error(one, values) <= most
        assert one.mean == pytest.approx(values.mean())
        assert one.std == pytest.approx(values.std(ddof=1))
        assert one.n_distinct == pytest.approx(values.size, rel=0.06)
        assert one.counts.sum() == pytest.approx(values.size)
    assert merge(parts).n_distinct == merge(parts[::-1]).n_distinct


def test_a_sample_is_near_too() -> None:
    values = np.random.default_rng(5).normal(size=200_000)
    assert rank_error(summarize(pl.Series(values), sample=20_000), values) < 0.012


@pytest.mark.parametrize("n_texts", [1, 50, FEW, FEW + 1, 30_000])
@pytest.mark.parametrize("ending", ["", " and more than twelve bytes"])
def test_texts(n_texts: int, ending: str) -> None:
    rng = np.random.default_rng(n_texts)
    names = [f"é{i}{ending}" for i in range(n_texts)]
    drawn = [*range(n_texts), *rng.integers(0, max(1, n_texts // 2), 20_000).tolist()]
    values = [names[i] if i % 7 else None for i in drawn]
    column = pl.Series(values, dtype=pl.String)
    want = column.drop_nulls().value_counts()
    parts = [summarize(column[:9000]), summarize(column[9000:])]
    for one in (summarize(column), summarize(column.cast(pl.Categorical)), merge(parts)):
        assert (one.n, one.nulls) == (len(values), column.null_count())
        exact = column.drop_nulls().n_unique()
        assert one.n_distinct == (exact if one.whole else pytest.approx(exact, rel=0.06))
        if one.whole:
            got = dict(zip(one.texts or (), one.counts.tolist(), strict=True))
            assert got == dict(want.iter_rows())
        assert list(one.counts) == sorted(one.counts, reverse=True)
    assert summarize(column).whole == (column.drop_nulls().n_unique() <= FEW)


def test_short_and_long_texts_have_one_hash() -> None:
    short = ["", "a", "12345678", "123456789", "123456789abc", "ü" * 6]
    one = merge([summarize(pl.Series(short)), summarize(pl.Series([*short, "x" * 40]))])
    assert one.n_distinct == 7
    registers = [summarize(pl.Series([*short, *more])).registers for more in ([], ["a"])]
    assert np.array_equal(*registers)
    long = summarize(pl.Series([*short, "x" * 40])).registers
    assert np.count_nonzero(long) == 7
    assert np.array_equal(long[registers[0] > 0], registers[0][registers[0] > 0])


def test_what_numbers_mean() -> None:
    noon = datetime(2024, 3, 1, 12, tzinfo=UTC)
    cases: list[tuple[pl.Series, list[float]]] = [
        (pl.Series([True, False, None]), [1, 0, np.nan]),
        (pl.Series([noon]), [noon.timestamp() * 1e6]),
        (pl.Series([date(1970, 1, 2)]), [86_400e6]),
        (pl.Series([[1, 2], [], None]), [2, 0, np.nan]),
        (pl.Series([[3.0, 4.0]], dtype=pl.Array(pl.Float64, 2)), [5]),
        (pl.Series([None, None]), [np.nan, np.nan]),
        (pl.Series([1, None], dtype=pl.Int8), [1, np.nan]),
    ]
    for column, want in cases:
        np.testing.assert_array_equal(as_numbers(column), want)


def test_no_rows_at_all() -> None:
    for kind in (pl.Float64, pl.String):
        one = merge([summarize(pl.Series([], dtype=kind)), summarize(pl.Series([], dtype=kind))])
        assert (one.n, one.n_distinct, one.whole) == (0, 0, True)
        assert np.isnan(one.std)
