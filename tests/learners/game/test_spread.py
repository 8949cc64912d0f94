"""Estimates of how coefficients vary, against the slow way to the same end."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.contracts import Floats
from proml_lab.learners.game.spread import FARTHEST, LEAST, apart, logs, of_logs, spread


def _case(seed: int, truth: Floats, groups: int) -> tuple[Floats, Floats]:
    """Curvatures (g, d, d) of groups' rows, and their pulls (g, d)."""
    rng = np.random.default_rng(seed)
    d = len(truth)
    curves = np.empty((groups, d, d))
    for k in range(groups):
        x = rng.normal(size=(rng.integers(1, 9), d)) * (0.3 + 2 * rng.random())
        curves[k] = x.T @ x
    own = rng.multivariate_normal(np.zeros(d), truth, groups)
    noise = np.stack([np.linalg.cholesky(c + 1e-12 * np.eye(d)) for c in curves])
    noise = np.einsum("gij,gj->gi", noise, rng.normal(size=(groups, d)))
    return curves, np.einsum("gij,gj->gi", curves, own) + noise


def _fitted(curves: Floats, pulls: Floats, belief: Floats) -> tuple[Floats, Floats]:
    covariances = np.linalg.inv(curves + np.linalg.inv(belief))
    return np.einsum("gij,gj->gi", covariances, pulls), covariances


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_steps_end_where_em_ends_and_sooner(seed: int, full: bool) -> None:
    truth = np.array([[1.0, 0.4], [0.4, 0.5]]) if full else np.diag([1.0, 0.2])
    curves, pulls = _case(seed, truth, 100)
    by_em = by_steps = np.eye(2)
    for _ in range(1500):
        b, unsure = _fitted(curves, pulls, by_em)
        moments = (b.T @ b + unsure.sum(axis=0)) / len(b)
        by_em = moments if full else np.diag(np.diag(moments))
    for _ in range(20):
        by_steps = spread(*_fitted(curves, pulls, by_steps), by_steps, full=full)
    assert np.allclose(by_steps, by_em, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("full", [False, True])
def test_what_does_not_vary_is_soon_found_not_to(full: bool) -> None:
    curves, _ = _case(0, np.eye(2), 50)
    found = np.eye(2)
    for _ in range(12):
        found = spread(*_fitted(curves, np.zeros((50, 2)), found), found, full=full)
    assert np.allclose(np.diag(found), LEAST, rtol=1e-6)
    assert np.linalg.eigvalsh(found).min() > 0


def test_groups_alike_in_size_take_one_step() -> None:
    """One-way layout: the variance of the means less that of their noise."""
    means = np.random.default_rng(0).normal(0, 1.3, 400)
    curves = np.full((400, 1, 1), 5.0)
    found = spread(*_fitted(curves, 5.0 * means[:, None], np.eye(1)), np.eye(1), full=False)
    assert found[0, 0] == pytest.approx((means**2).mean() - 1 / 5)


def test_without_groups_it_stays_as_it_was() -> None:
    before = np.eye(3)
    assert spread(np.zeros((0, 3)), np.zeros((0, 3, 3)), before, full=True) is before


@pytest.mark.parametrize("full", [False, True])
def test_logs_of_a_spread_are_read_back(full: bool) -> None:
    given = np.array([[2.0, 1.9], [1.9, 2.0]]) if full else np.diag([3.0, 1e-4])
    kept = logs(given, full=full)
    assert len(kept) == (3 if full else 2)
    assert np.allclose(of_logs(kept, given, full=full), given)
    far = of_logs(kept + 50.0, np.diag(np.diag(given)), full=False) if not full else None
    assert far is None or np.allclose(np.diag(far), FARTHEST * np.diag(given))


def test_no_direction_has_less_than_the_least_variance() -> None:
    found = apart(np.array([[1.0, 1.0], [1.0, 1.0]]))
    assert np.linalg.eigvalsh(found)[0] == pytest.approx(LEAST, rel=1e-3)
    assert np.allclose(found, 1.0, atol=1e-7)
