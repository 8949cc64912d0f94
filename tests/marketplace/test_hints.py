"""A hint that is code must work: it is run here as it is printed."""

from __future__ import annotations

import polars as pl
import pytest

from proml_lab.errors import DataError
from proml_lab.marketplace.moment import moments


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("at", ["2024-01-01 00:00:00", "2024-01-01 01:30:00"]),
        pl.Series("at", ["2024-01-01T00:00:00Z", "2024-01-01T01:30:00Z"]),
        pl.Series("at", ["2024-01-01 00:00:00", None]).str.to_datetime(),
        pl.Series("at", ["2024-01-01", "2024-01-02"]).str.to_date(),
        pl.Series("at", [1_704_067_200, 1_704_072_600]),
    ],
    ids=["text", "text in UTC", "no zone", "date", "seconds"],
)
def test_the_hint_for_times_makes_them_moments(column: pl.Series) -> None:
    with pytest.raises(DataError) as caught:
        moments(column, role="The spine", up=False)
    code = caught.value.hint[caught.value.hint.index("pl.") :].removesuffix(".")
    made = column.to_frame().select(eval(code))["at"]
    first, *rest = moments(made, role="The spine", up=False).tolist()
    assert (first, len(rest)) == (1_704_067_200_000_000, 1)
