"""Sums in two words against whole fractions."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from proml_lab.kernels.exact import plus, times, variance
from tests.soak import seeds


@pytest.mark.parametrize("seed", seeds(20))
def test_a_product_and_its_rest_are_exact(seed: int) -> None:
    rng = random.Random(seed)
    a, b = (rng.uniform(-1, 1) * 10.0 ** rng.randrange(-30, 30) for _ in range(2))
    product, rest = times(a, b)
    assert Fraction(product) + Fraction(rest) == Fraction(a) * Fraction(b)


@pytest.mark.parametrize("seed", seeds(20))
def test_sums_and_variances_have_a_hundred_bits(seed: int) -> None:
    rng = random.Random(seed)
    values = [1e6 + rng.uniform(-1, 1) for _ in range(rng.randrange(2, 500))]
    s, low, q, q_low = 0.0, 0.0, 0.0, 0.0
    for x in values:
        square, rest = times(x, x)
        s, low = plus(s, low, x)
        q, q_low = plus(q, q_low + rest, square)
        q, q_low = plus(q, 0.0, q_low)
    total = sum(map(Fraction, values))
    assert abs(Fraction(s) + Fraction(low) - total) <= total / 2**95
    n, squares = len(values), sum(Fraction(x) ** 2 for x in values)
    want = (squares - total**2 / n) / (n - 1)
    assert variance(n, s, low, q, q_low) == pytest.approx(float(want), rel=1e-12)


def test_equal_values_vary_by_nothing() -> None:
    square, rest = times(0.1, 0.1)
    s, low, q, q_low = 0.0, 0.0, 0.0, 0.0
    for _ in range(1000):
        s, low = plus(s, low, 0.1)
        q, q_low = plus(q, q_low + rest, square)
        s, low = plus(s, 0.0, low)
        q, q_low = plus(q, 0.0, q_low)
    assert variance(1000, s, low, q, q_low) == 0.0
