"""The run over rows against NumPy with all columns written out."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.kernels import lanes
from proml_lab.kernels.likelihood import BLOCK, Rows, add_rows, derivatives
from tests.kernels.test_lanes import losses

KINDS = [lanes.LOGISTIC, lanes.SQUARED, lanes.POISSON, lanes.HINGE]


def make(n: int, q: int, sizes: tuple[int, ...], seed: int = 0) -> tuple[Rows, np.ndarray]:
    """Rows, and their (n, 1 + q + levels) columns."""
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=(n, q))
    codes = [rng.integers(0, size, n).astype(np.int32) for size in sizes]
    starts = 1 + q + np.cumsum([0, *sizes])[: len(sizes)]
    coded = np.array([c + s for c, s in zip(codes, starts, strict=True)], np.int32)
    hot = [np.eye(size)[c] for c, size in zip(codes, sizes, strict=True)]
    rows = Rows(
        dense,
        coded.reshape(len(sizes), n),
        rng.integers(0, 2, n).astype(float),
        rng.random(n) * (rng.random(n) < 0.9),
        rng.normal(size=n),
    )
    return rows, np.hstack([np.ones((n, 1)), dense, *hot])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("q", "sizes"), [(3, (4, 2)), (0, (5,)), (2, ()), (0, ())])
def test_sums_are_those_of_the_columns_written_out(
    kind: int, q: int, sizes: tuple[int, ...]
) -> None:
    rows, whole = make(2 * BLOCK + 77, q, sizes, seed=kind)
    p = whole.shape[1]
    theta = np.random.default_rng(9).normal(0, 0.5, p)
    eta = whole @ theta + rows.offset
    slope, bend = np.empty(len(eta)), np.empty(len(eta))
    bits = np.empty(len(eta), np.int64)
    lanes.slopes(kind, eta, rows.y, rows.weight, slope, bend, bits)
    gradient, hessian, curves = np.zeros(p), np.zeros((p, p)), np.empty(len(eta))
    loss = add_rows(rows, theta, kind, 0, len(eta), gradient, hessian, curves)
    assert loss == pytest.approx(float(rows.weight @ losses(kind, eta, rows.y)), rel=1e-13)
    assert np.allclose(gradient, whole.T @ slope, rtol=1e-11, atol=1e-11)
    assert np.allclose(curves, bend, rtol=1e-12, atol=1e-15)
    wanted = np.tril((whole * bend[:, None]).T @ whole)
    assert np.allclose(hessian, wanted, rtol=1e-11, atol=1e-11)


def test_ranges_add_up_and_what_is_not_wanted_is_left_out() -> None:
    rows, whole = make(1000, 2, (3,))
    p = whole.shape[1]
    theta, none = np.linspace(-1, 1, p), np.empty((0, 0))
    parts, once = np.zeros(p), np.zeros(p)
    total = 0.0
    for first, last in [(0, 10), (10, 10), (10, 700), (700, 1000)]:
        total += add_rows(rows, theta, 0, first, last, parts, none, np.empty(0))
    loss = add_rows(rows, theta, 0, 0, 1000, once, none, np.empty(0))
    assert total == pytest.approx(loss, rel=1e-13)
    assert np.allclose(parts, once, rtol=1e-12, atol=1e-12)


def test_the_logistic_loss_keeps_its_digits_far_out() -> None:
    eta = np.array([-800.0, -700, -40, -1e-9, 0, 1e-9, 1, 3, 40, 700])
    y, weight = np.zeros(10), np.ones(10)
    loss, slope, bend, bits = np.empty(10), np.empty(10), np.empty(10), np.empty(10, np.int64)
    derivatives(lanes.LOGISTIC, eta, y, weight, loss, slope, bend, bits)
    assert np.allclose(loss[1:], np.logaddexp(0, eta[1:]), rtol=2e-15, atol=0)
    p = np.exp(-np.logaddexp(0, -eta))
    assert np.allclose(slope[1:], p[1:], rtol=1e-13, atol=0)  # logaddexp rounds -eta
    assert loss[0] < 1e-300
