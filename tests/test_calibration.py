"""Calibrators against sklearn, against what they were drawn from, and on odd rows."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.calibration import LEAST, calibrate

KINDS = ("isotonic", "platt", "beta")


def _drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(raw, y, true probability): scores that are twice too sure, and off by one."""
    rng = np.random.default_rng(seed)
    true = rng.normal(0, 1.2, n)
    p = 1 / (1 + np.exp(-true))
    return 2 * true + 1, (rng.random(n) < p).astype(float), p


def test_platt_finds_what_the_scores_were_made_by() -> None:
    raw, y, _ = _drawn(200_000)
    found = calibrate("platt", raw, y, np.ones(len(y)))
    assert found.numbers == pytest.approx((0.5, -0.5), abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_hold_on_new_rows(kind: str) -> None:
    raw, y, _ = _drawn(20_000)
    found = calibrate(kind, raw, y, np.ones(len(y)))
    other, _, p = _drawn(20_000, seed=1)
    before = np.abs(1 / (1 + np.exp(-other)) - p).mean()
    after = np.abs(found.apply(other) - p).mean()
    assert after < 0.15 * before
    order = np.argsort(other)
    assert (np.diff(found.apply(other)[order]) >= 0).all()


def test_isotonic_is_that_of_sklearn() -> None:
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(3)
    raw, y = np.round(rng.normal(size=2000), 2), rng.integers(0, 2, 2000).astype(float)
    weights = rng.integers(0, 3, 2000).astype(float)
    found = calibrate("isotonic", raw, y, weights)
    other = IsotonicRegression(y_min=LEAST, y_max=1 - LEAST, out_of_bounds="clip")
    other.fit(raw[weights > 0], y[weights > 0], weights[weights > 0])
    asked = rng.normal(0, 2, 500)
    assert np.allclose(found.apply(asked), other.predict(asked), atol=1e-12)


def test_beta_maximises_the_likelihood_with_both_slopes_from_zero_up() -> None:
    from scipy.optimize import minimize

    for seed, turned in ((0, 1), (1, -1)):
        raw, y, _ = _drawn(500, seed)
        raw = turned * raw
        found = calibrate("beta", raw, y, np.ones(len(y)))
        x = np.column_stack([-np.logaddexp(0, -raw), np.logaddexp(0, raw), np.ones(len(y))])

        def loss(at: np.ndarray, x: np.ndarray = x, y: np.ndarray = y) -> float:
            return float((np.logaddexp(0, x @ at) - y * (x @ at)).sum())

        best = minimize(loss, np.zeros(3), bounds=[(0, None), (0, None), (None, None)]).fun
        assert min(found.numbers[:2]) >= 0
        assert loss(np.array(found.numbers)) <= best + 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_of_two_is_two_rows(kind: str) -> None:
    raw, y, _ = _drawn(300)
    times = np.random.default_rng(5).integers(1, 4, 300)
    found = calibrate(kind, raw, y, times.astype(float))
    wanted = calibrate(kind, np.repeat(raw, times), np.repeat(y, times), np.ones(times.sum()))
    assert np.allclose(found.apply(raw), wanted.apply(raw), atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_that_tell_all_or_nothing(kind: str) -> None:
    y = np.array([0.0, 0, 0, 1, 1, 1])
    for raw in (np.array([-3.0, -2, -1, 1, 2, 3]), np.zeros(6), np.array([1e9, 1, 2, 3, 4, -1e9])):
        p = calibrate(kind, raw, y, np.ones(6)).apply(raw)
        assert np.isfinite(p).all()
        assert ((p >= LEAST) & (p <= 1 - LEAST)).all()
    assert np.isnan(calibrate(kind, raw, y, np.ones(6)).apply(np.array([np.nan])))[0]
