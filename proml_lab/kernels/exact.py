"""Sums in two words: a float64 and what it lost by rounding, some 100 bits together.

The error-free steps are those of Knuth (sums) and Dekker (products): docs/method.md#windows.
"""

from __future__ import annotations

from proml_lab.kernels.kernel import kernel

_SPLIT = 134217729.0  # 2²⁷ + 1
_ROUNDING = 2.0**-100


@kernel
def plus(high: float, low: float, x: float) -> tuple[float, float]:
    """(high, low) and x more."""
    total = high + x
    part = total - high
    return total, low + ((high - (total - part)) + (x - part))


@kernel
def times(a: float, b: float) -> tuple[float, float]:
    """The product, and what its rounding lost."""
    c, d = _SPLIT * a, _SPLIT * b
    a1, b1 = c - (c - a), d - (d - b)
    a2, b2 = a - a1, b - b1
    product = a * b
    return product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2


@kernel
def variance(n: int, s: float, s_low: float, q: float, q_low: float) -> float:
    """(q - s² / n) / (n - 1) of the sum s and the sum of squares q of n > 1 numbers.

    What is less than n · 2⁻¹⁰⁰ of q could be rounding, and is 0.
    """
    mean = s / n
    product, product_low = times(mean, float(n))
    rest = ((s - product) - product_low) + s_low  # s = n · mean + rest
    square, square_low = times(mean, product)
    found = (q - square) + (q_low - square_low)
    found -= mean * (product_low + 2.0 * rest) + rest * rest / n
    return found / (n - 1) if found > n * _ROUNDING * q else 0.0
