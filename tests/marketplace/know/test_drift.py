"""Drift: nothing where nothing changes, much where much does, by hand for a small case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import log

import numpy as np
import polars as pl
import pytest

from proml_lab.marketplace.know.drift import LEAST, Drift, drift, psi
from proml_lab.marketplace.know.summary import Summary, summarize

START = datetime(2024, 1, 1, tzinfo=UTC)


def periods(*columns: pl.Series) -> list[tuple[datetime, Summary]]:
    return [(START + timedelta(days=i), summarize(one)) for i, one in enumerate(columns)]


def test_by_hand() -> None:
    old = pl.Series(["a"] * 600 + ["b"] * 400)
    new = pl.Series(["a"] * 300 + ["b"] * 700)
    want = (0.3 - 0.6) * log(0.3 / 0.6) + (0.7 - 0.4) * log(0.7 / 0.4) - 1 * (2 / 1000)
    assert psi(summarize(old), summarize(new)) == pytest.approx(want)
    flags = [pl.Series([s == "a" for s in column]) for column in (old, new)]
    assert psi(*map(summarize, flags)) == pytest.approx(want)


def test_what_was_never_there_counts_as_a_thousandth() -> None:
    old, new = pl.Series([1.0] * 500), pl.Series([1.0] * 400 + [None] * 100)
    want = (0.8 - 1) * log(0.8) + (0.2 - 0.001) * log(0.2 / 0.001) - 2 / 500
    assert psi(summarize(old), summarize(new)) == pytest.approx(want)
    many = [pl.Series([1.0] * 50_000), pl.Series([1.0] * 40_000 + [None] * 10_000)]
    want += 2 / 500 - 2 / 50_000
    assert psi(*map(summarize, many)) == pytest.approx(want)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [LEAST, 5000, 40_000])
def test_the_same_distribution_has_none(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    found = drift(periods(*(pl.Series(rng.normal(size=n)) for _ in range(2))))
    assert found is not None
    assert found.size == "none"


def test_a_shift_is_much_and_told_in_words() -> None:
    rng = np.random.default_rng(0)
    found = drift(periods(pl.Series(rng.normal(size=3000)), pl.Series(rng.normal(1, 1, 3000))))
    assert found is not None
    assert 0.7 < found.psi < 1.3  # of two normals one apart: 1
    assert str(found).startswith("much (")
    assert str(found).endswith(": 2024-01-02 against 2024-01-01")
    assert Drift(0.15, START, START, 0, 0).size == "some"


def test_small_periods_are_passed_over() -> None:
    big, small = pl.Series([1.0] * LEAST), pl.Series([9.0] * (LEAST - 1))
    found = drift(periods(big, small, big, small))
    assert found is not None
    assert (found.psi, found.before, found.now) == (0.0, START, START + timedelta(days=2))
    assert drift(periods(big, small)) is None
    assert drift([]) is None


def test_nothing_but_nulls() -> None:
    none = pl.Series([None] * LEAST, dtype=pl.Float64)
    found = drift(periods(none, none))
    assert found is not None
    assert (found.psi, found.nulls, found.nulls_before) == (0.0, 1.0, 1.0)
