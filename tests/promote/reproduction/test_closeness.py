"""How far two texts are from each other."""

from __future__ import annotations

import math

import pytest

from proml_lab.promote.reproduction.closeness import IDENTICAL, closeness


def test_the_same_text_is_identical() -> None:
    assert closeness("a 1.0\n", "a 1.0\n") == IDENTICAL


@pytest.mark.parametrize(
    ("old", "new", "verdict", "line"),
    [
        ("a=1.0\nb=2.0", "a=1.0\nb=2.0000001", "within tolerance", 0),
        ("a=1.0\nb=2.0", "a=1.0\nb=2.1", "different", 2),
        ("[0.0, 1e-10]", "[1e-10, 0.0]", "within tolerance", 0),
        ("n=1000000001", "n=1000000002", "different", 1),
        ("leaf=5", "leaf=5.0000001", "within tolerance", 0),
        ("left 1.0", "right 1.0", "different", 1),
        ("x1.5", "x1.6", "different", 1),
        ("one\n", "one\ntwo\n", "different", 2),
        ("-1.5e3", "-1500.0", "within tolerance", 0),
        ("tree_sizes=10 20\nv=0.5", "tree_sizes=11 20\nv=0.50000001", "within tolerance", 0),
    ],
)
def test_texts_are_the_same_but_for_numbers_that_are_close(
    old: str, new: str, verdict: str, line: int
) -> None:
    found = closeness(old, new)
    assert (found.verdict, found.line) == (verdict, line)
    assert closeness(new, old).verdict == verdict


def test_the_largest_difference_is_told() -> None:
    found = closeness("1.0 200.0", "1.5 201.0")
    assert found.absolute == 1.0
    assert found.relative == pytest.approx(1 / 3)
    assert math.isinf(closeness("a", "b").absolute)
