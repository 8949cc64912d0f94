"""Each loop against NumPy, lane by lane."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.kernels import lanes


def test_exponentials_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 200, 5000), rng.normal(size=5000), [0.0, -0.0, 708.0, -708]])
    x = np.clip(x, -708, 708)
    power, bits = np.empty(len(x)), np.empty(len(x), np.int64)
    lanes.exponentials(x, power, bits)
    found = power * bits.view(np.float64)
    assert np.abs(found / np.exp(x) - 1).max() < 4e-16
    lanes.exponentials(np.array([1e9, -1e9]), power[:2], bits[:2])
    assert np.allclose(power[:2] * bits[:2].view(np.float64), np.exp([708.0, -708.0]), rtol=1e-15)


def losses(kind: int, eta: np.ndarray, y: np.ndarray) -> np.ndarray:
    if kind == lanes.LOGISTIC:
        return np.logaddexp(0, eta) - y * eta
    if kind == lanes.POISSON:
        return np.exp(eta) - y * eta
    if kind == lanes.SQUARED:
        return (eta - y) ** 2 / 2
    z = (2 * y - 1) * eta
    return np.where(z >= 1, 0, np.where(z <= 0, 0.5 - z, (1 - z) ** 2 / 2))


@pytest.mark.parametrize("kind", [lanes.LOGISTIC, lanes.SQUARED, lanes.POISSON, lanes.HINGE])
def test_slopes_are_derivatives(kind: int) -> None:
    rng = np.random.default_rng(kind)
    eta, weight = rng.normal(0, 2, 999), rng.random(999)
    y = rng.integers(0, 2, 999).astype(float)
    slope, curve, bits = np.empty(999), np.empty(999), np.empty(999, np.int64)
    lanes.slopes(kind, eta, y, weight, slope, curve, bits)
    h = 1e-5
    first = (losses(kind, eta + h, y) - losses(kind, eta - h, y)) / (2 * h)
    assert np.allclose(slope, weight * first, atol=1e-5)
    second = (losses(kind, eta + h, y) - 2 * losses(kind, eta, y) + losses(kind, eta - h, y)) / (
        h * h
    )
    if kind == lanes.HINGE:
        assert np.array_equal(curve, weight)  # a bound
    else:
        assert np.allclose(curve, weight * second, atol=1e-4)


@pytest.mark.parametrize(("r", "d", "n"), [(1, 1, 1), (7, 3, 5), (8, 6, 32), (0, 2, 4)])
def test_sums_products_and_solutions_are_those_of_each_lane(r: int, d: int, n: int) -> None:
    rng = np.random.default_rng(r + d)
    x, slope, curve = rng.normal(size=(r, d, n)), rng.normal(size=(r, n)), rng.random((r, n))
    hessian = np.broadcast_to(2 * np.eye(d)[:, :, None], (d, d, n)).copy()
    gradient, by = rng.normal(size=(d, n)), rng.normal(size=(d, n))
    before = gradient.copy()
    lanes.add_sums(x, slope, curve, hessian, gradient, np.empty((2, n)))
    out = np.empty((r, n))
    lanes.products(x, by, out)
    wanted = [2 * np.eye(d) + (x[:, :, k] * curve[:, k, None]).T @ x[:, :, k] for k in range(n)]
    for k in range(n):
        assert np.allclose(out[:, k], x[:, :, k] @ by[:, k])
        assert np.allclose(gradient[:, k], before[:, k] + x[:, :, k].T @ slope[:, k])
        assert np.allclose(np.tril(hessian[:, :, k]), np.tril(wanted[k]))
    lanes.factor(hessian)
    step, inverse = np.empty((d, n)), np.empty((d, d, n))
    lanes.solve(hessian, gradient, step)
    lanes.invert(hessian, inverse, np.empty((2, d, n)))
    for k in range(n):
        assert np.allclose(step[:, k], np.linalg.solve(wanted[k], gradient[:, k]))
        assert np.allclose(inverse[:, :, k], np.linalg.inv(wanted[k]))
