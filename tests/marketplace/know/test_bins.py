"""Bins add up and are called what they hold."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from proml_lab.marketplace.know.bins import N_BINS, bins, shown
from proml_lab.marketplace.know.summary import summarize


@pytest.mark.parametrize("n", [30, 5000, 200_000])
def test_numbers_are_in_twenty_bins_that_add_up(n: int) -> None:
    values = np.random.default_rng(n).lognormal(size=n)
    counts, labels = bins(summarize(pl.Series(values)), "float")
    assert len(counts) == len(labels) == N_BINS
    assert sum(counts) == pytest.approx(n)
    assert (values.max() > np.quantile(values, 0.995, method="inverted_cdf")) == labels[
        -1
    ].startswith("from ")


def test_few_values_and_texts_have_a_bin_each() -> None:
    assert bins(summarize(pl.Series([1, 1, 3])), "integer") == ([2, 1], ["1", "3"])
    assert bins(summarize(pl.Series([True, None])), "boolean") == ([1], ["true"])
    assert bins(summarize(pl.Series(["b", "a", "b"])), "string") == ([2, 1], ["b", "a"])
    assert bins(summarize(pl.Series([5.0, 5.0])), "float") == ([2], ["5"])
    assert bins(summarize(pl.Series([None], dtype=pl.Float64)), "float") == ([], [])


def test_values_that_are_nearly_all_the_same() -> None:
    counts, labels = bins(summarize(pl.Series([0.0] * 9999 + [1.0])), "float")
    assert (counts[0], counts[-1], sum(counts)) == (9999, 1, 10_000)
    assert labels[0].startswith("0 to ")


def test_how_numbers_are_written() -> None:
    noon = 1_709_294_400e6
    assert shown(noon, "time") == "2024-03-01 12:00"
    assert shown(noon, "date") == "2024-03-01"
    assert (shown(1.0, "boolean"), shown(0.5, "boolean")) == ("true", "0.50")
    assert (shown(12345.0, "integer"), shown(0.123456, "float")) == ("12,345", "0.1235")
    assert (shown(1931.25, "integer"), shown(2016.0, "integer")) == ("1931", "2016")
    assert (shown(2.5, "integer"), shown(12345.6, "integer")) == ("2.5", "12,346")
    assert shown(float("nan"), "float") == "–"
