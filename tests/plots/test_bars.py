from __future__ import annotations

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError
from proml_lab.plots.bars import counts, shares
from proml_lab.plots.svg import to_svg
from tests.plots.conftest import NASTY
from tests.plots.reading import boxes


def test_counts_are_bars_with_their_number() -> None:
    found = boxes(to_svg(counts(pl.DataFrame({"name": ["a", NASTY], "n": [3000, 1500]}))))
    first, second = found["a: 3,000"], found[f"{NASTY.replace('<b>', '<b>')}: 1,500"]
    assert first[1] < second[1]
    assert first[2] == pytest.approx(2 * second[2], abs=0.2)


def test_no_rows_are_no_error() -> None:
    frame = pl.DataFrame({"name": [], "n": []}, schema={"name": pl.String, "n": pl.Int64})
    assert boxes(to_svg(counts(frame))) == {}


def test_a_missing_column_is_an_error() -> None:
    with pytest.raises(ColumnMissingError, match="picture of counts needs a column 'n'"):
        counts(pl.DataFrame({"name": ["a"]}))


def test_shares_are_bars_with_two_digits() -> None:
    found = boxes(to_svg(shares(pl.DataFrame({"name": ["a", "b"], "share": [0.5, 0.25]}))))
    first, second = found["a: 0.50"], found["b: 0.25"]
    assert first[2] == pytest.approx(2 * second[2], abs=0.2)
    none = pl.DataFrame(schema={"name": pl.String, "share": pl.Float64})
    assert boxes(to_svg(shares(none))) == {}
    with pytest.raises(ColumnMissingError, match="picture of shares needs a column 'share'"):
        shares(pl.DataFrame({"name": ["a"]}))
