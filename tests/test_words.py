"""Numbers and lengths of time in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from proml_lab.words import counted, lasting, listed


@pytest.mark.parametrize(("n", "said"), [(0, "0 rows"), (1, "1 row"), (2000, "2,000 rows")])
def test_so_many_things(n: int, said: str) -> None:
    assert counted(n, "row") == said


def test_some_names() -> None:
    assert listed(["a"], 3) == "a"
    assert listed(["a", "b"], 3) == "a and b"
    assert listed(["a", "b", "c"], 3) == "a, b and c"
    assert listed(["a", "b", "c", "d", "e"], 3) == "a, b, c and 2 more"


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(days=4709), "12 years"),
        (timedelta(days=730), "730 days"),
        (timedelta(days=1, hours=23), "1 day"),
        (timedelta(hours=5, minutes=59), "5 hours"),
        (timedelta(seconds=60), "1 minute"),
        (timedelta(seconds=59), "0 minutes"),
    ],
)
def test_a_length_of_time_in_its_largest_unit(length: timedelta, said: str) -> None:
    assert lasting(length) == said
