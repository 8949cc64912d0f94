"""Extrapolation of sweeps, on maps whose fixed point is known."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.contracts import Floats
from proml_lab.learners.game.extrapolation import Extrapolation


@pytest.mark.parametrize("seed", range(4))
def test_slow_linear_maps_come_to_their_end(seed: int) -> None:
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    shrink = axes * np.r_[0.99, 0.97, 0.9, 0.8, np.full(36, 0.1)] @ axes.T
    end = rng.normal(size=40)

    def sweep(x: Floats) -> Floats:
        return end + shrink @ (x - end)

    extrapolation, x, plain = Extrapolation(), np.zeros(40), np.zeros(40)
    for _ in range(25):
        x = extrapolation.start(x, sweep(x))
        plain = sweep(plain)
    assert np.abs(x - end).max() < 1e-6
    assert np.abs(plain - end).max() > 0.1


def test_a_sweep_that_goes_astray_is_forgotten() -> None:
    extrapolation = Extrapolation()
    x = np.zeros(2)
    extrapolation.start(x, np.array([0.1, 0.0]))
    far = np.array([5.0, 5.0])
    assert extrapolation.start(x, far) is far


def test_sweeps_that_stand_still_stay_where_they_are() -> None:
    extrapolation, x = Extrapolation(), np.ones(3)
    for _ in range(4):
        assert np.array_equal(extrapolation.start(x, x.copy()), x)
