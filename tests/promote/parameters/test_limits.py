"""Limits in words, and what they allow."""

from __future__ import annotations

import pytest

from proml_lab.promote.parameters.limits import NO_LIMITS, Limits, shown


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(), ""),
        (Limits(ge=1, le=9), "1 to 9"),
        (Limits(ge=1), "at least 1"),
        (Limits(le=0.5), "at most 0.5"),
        (Limits(gt=0, lt=1), "more than 0 and less than 1"),
        (Limits(min_length=2, max_length=2), "of length 2"),
        (Limits(choices=("a", True)), "one of a, true"),
    ],
)
def test_limits_in_words(limits: Limits, said: str) -> None:
    assert str(limits) == said
    assert bool(limits) == bool(said)


def test_of_two_limits_the_stricter_holds() -> None:
    twice = NO_LIMITS.narrowed(ge=1, lt=9).narrowed(ge=0, lt=5, min_length=1)
    assert twice == Limits(ge=1, lt=5, min_length=1)


def test_what_has_neither_size_nor_order_is_not_limited() -> None:
    assert Limits(ge=1).allow(None)


def test_values_are_shown_as_they_are_typed() -> None:
    assert [shown(value) for value in (True, 1.0, "a", None)] == ["true", "1.0", "a", "None"]
