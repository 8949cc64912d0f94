"""The solver against scikit-learn's own solvers of the same objective, and its gradient."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

from proml_lab.errors import DataError
from proml_lab.learners import glm
from proml_lab.learners.glm import Design, solve


def case(seed: int = 0) -> tuple[Design, np.ndarray, np.random.Generator]:
    """A design with two dense columns and two text features, and the same as one matrix."""
    rng = np.random.default_rng(seed)
    n = 400
    dense = rng.normal(size=(n, 2))
    coded = [rng.integers(0, 3, n).astype(np.int32), rng.integers(0, 5, n).astype(np.int32)]
    whole = np.hstack([dense, *(np.eye(k)[c] for k, c in zip((3, 5), coded, strict=True))])
    return Design(dense, coded, (3, 5)), whole, rng


def test_a_design_multiplies_as_its_matrix() -> None:
    design, whole, rng = case()
    theta, r = rng.normal(size=11), rng.normal(size=len(whole))
    assert np.allclose(design.times(theta), theta[0] + whole @ theta[1:], rtol=1e-13)
    wanted = np.append(r.sum(), whole.T @ r)
    assert np.allclose(design.transposed(r), wanted, rtol=1e-12, atol=1e-12)
    wanted = np.append(r.sum(), (whole**2).T @ r)
    assert np.allclose(design.transposed(r, squared=True), wanted, rtol=1e-12, atol=1e-12)
    b, w, tables = design.split(theta)
    assert np.array_equal(np.concatenate([[b], w, *tables]), theta)


@pytest.mark.parametrize("l2", [0.1, 1.0, 30.0])
def test_logistic_regression_agrees_with_sklearn(l2: float) -> None:
    design, whole, rng = case()
    y = (rng.random(len(whole)) < 1 / (1 + np.exp(-whole[:, 0]))).astype(float)
    peer = LogisticRegression(C=1 / l2, tol=1e-10, max_iter=5000).fit(whole, y)
    wanted = np.append(peer.intercept_, peer.coef_)
    assert np.allclose(solve(design, y, task="binary", l2=l2), wanted, atol=2e-6)


@pytest.mark.parametrize("l2", [0.1, 30.0])
def test_ridge_regression_agrees_with_its_normal_equations(l2: float) -> None:
    design, whole, rng = case()
    y = 1000 + 50 * whole[:, 0] + rng.normal(size=len(whole))
    peer = Ridge(alpha=l2, solver="cholesky").fit(whole, y)
    wanted = np.append(peer.intercept_, peer.coef_)
    assert np.allclose(solve(design, y, task="regression", l2=l2), wanted, rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("l2", [0.1, 30.0])
def test_poisson_regression_agrees_with_sklearn(l2: float) -> None:
    design, whole, rng = case()
    y = rng.poisson(np.exp(0.5 * whole[:, 1])).astype(float)
    peer = PoissonRegressor(alpha=l2 / len(y), tol=1e-10, solver="newton-cholesky").fit(whole, y)
    wanted = np.append(peer.intercept_, peer.coef_)
    assert np.allclose(solve(design, y, task="count", l2=l2), wanted, atol=2e-6)


def test_a_wide_design_gives_the_same_by_conjugate_gradients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    design, whole, rng = case()
    y = rng.poisson(np.exp(0.5 * whole[:, 1])).astype(float)
    exact = solve(design, y, task="count", l2=0.3)
    monkeypatch.setattr(glm, "EXACT", 3)
    assert np.allclose(solve(design, y, task="count", l2=0.3), exact, rtol=1e-7, atol=1e-9)


def test_the_gradient_is_zero_at_the_solution_of_a_design_without_numbers() -> None:
    codes = np.array([0, 0, 1, 1, 1, 2], np.int32)
    y = np.array([0.0, 1.0, 1.0, 1.0, 0.0, 1.0])
    design = Design(np.empty((6, 0)), [codes], (4,))
    theta = solve(design, y, task="binary", l2=0.5)
    p = 1 / (1 + np.exp(-(theta[0] + theta[1:][codes])))
    assert abs(np.sum(p - y)) < 1e-7
    assert np.allclose(np.bincount(codes, p - y, 4) + 0.5 * theta[1:], 0, atol=1e-7)
    assert theta[4] == 0.0


@pytest.mark.parametrize("task", ["binary", "regression", "count"])
def test_a_start_near_the_end_saves_steps_and_ends_there(task: str) -> None:
    design, whole, rng = case()
    y = rng.integers(0, 2, len(whole)).astype(float)
    offset = rng.normal(size=len(whole))
    taken: list[int] = []

    def run(**more: object) -> np.ndarray:
        found = solve(
            design, y, task=task, l2=2.0, offset=offset, step=lambda k, _: taken.append(k), **more
        )
        taken.append(0)
        return found

    cold = run()
    warm = run(start=cold + 1e-4)
    assert np.allclose(warm, cold, rtol=1e-10, atol=1e-12)
    first, again = " ".join(map(str, taken)).split("0")[:2]
    assert again.split() == ["1", "2"]
    assert len(first.split()) >= 2


def test_threads_and_ranges_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    design, whole, _ = case()
    y = (whole[:, 0] > 0).astype(float)
    monkeypatch.setattr(glm, "_FEW", 50)
    found = []
    for n_threads in (1, 3):
        monkeypatch.setattr(glm.os, "cpu_count", lambda n=n_threads: n)
        found.append(solve(design, y, task="binary", l2=1.0))
    assert np.array_equal(*found)
    monkeypatch.setattr(glm, "_FEW", 1 << 14)
    assert np.allclose(solve(design, y, task="binary", l2=1.0), found[0], rtol=1e-10)


def test_steps_are_told_with_a_falling_loss() -> None:
    design, whole, _ = case()
    told: list[tuple[int, float]] = []
    y = (whole[:, 0] > 0).astype(float)
    solve(design, y, task="binary", l2=1.0, step=lambda k, loss: told.append((k, loss)))
    assert [k for k, _ in told] == list(range(1, len(told) + 1))
    assert np.all(np.diff([loss for _, loss in told]) <= 0)


def test_too_few_steps_are_an_error() -> None:
    design, whole, _ = case()
    y = (whole[:, 0] > 0).astype(float)
    with pytest.raises(DataError, match=r"within 2 steps.\nHint: raise l2"):
        solve(design, y, task="binary", l2=1e-6, max_steps=2)


def test_large_counts_and_strong_slopes_converge() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(500, 1))
    y = rng.poisson(np.exp(np.clip(4 + 2.5 * z[:, 0], None, 12))).astype(float)
    theta = solve(Design(z, [], ()), y, task="count", l2=1.0)
    gap = np.exp(theta[0] + z[:, 0] * theta[1]) - y
    assert abs(gap.sum()) < 1e-4 * y.sum()
