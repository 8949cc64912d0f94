from __future__ import annotations

from datetime import UTC, datetime

import pytest

from proml_lab.errors import UsageError
from proml_lab.plots import ticks


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-0.3, 0.3, ["−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3"]),
        (0, 4100, ["0", "1,000", "2,000", "3,000", "4,000"]),
    ],
)
def test_linear_ticks_are_round(low: float, high: float, said: list[str]) -> None:
    assert [text for _, text in ticks.linear(low, high, 5)] == said


def test_log_ticks_are_powers_and_their_parts() -> None:
    assert [text for _, text in ticks.logarithmic(0, 4, 6)] == ["1", "10", "100", "1000", "1e+04"]
    assert [text for _, text in ticks.logarithmic(0, 1, 6)] == ["1", "2", "5", "10"]
    assert [at for at, _ in ticks.logarithmic(-2, 1, 6)] == [-2, -1, 0, 1]


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (datetime(2013, 1, 1), datetime(2013, 12, 31), ["Jan 2013", "Mar 2013"]),
        (datetime(2013, 1, 1), datetime(2013, 1, 20), ["3 Jan", "10 Jan"]),
        (datetime(2013, 1, 1), datetime(2013, 1, 1, 5), ["00:00", "01:00"]),
        (datetime(2001, 1, 1), datetime(2013, 1, 1), ["2002", "2004"]),
    ],
)
def test_dates_are_round(start: datetime, end: datetime, said: list[str]) -> None:
    low, high = (moment.replace(tzinfo=UTC).timestamp() for moment in (start, end))
    found = ticks.dates(low, high, 6)
    assert [text for _, text in found][:2] == said
    assert all(low <= at <= high for at, _ in found)


def test_formats() -> None:
    assert ticks.tick_text(0.25, ".0%") == "25%"
    assert ticks.tick_text(1234.0, ",d") == "1,234"
    assert ticks.tick_text(-0.5, ".2f") == "−0.50"
    assert ticks.tick_text(2_000_000.0) == "2e+06"
    with pytest.raises(UsageError, match="cannot read the tick format '~s'"):
        ticks.tick_text(1.0, "~s")
