from __future__ import annotations

import numpy as np

from proml_lab.kernels.descent import descend


def run(hessian: np.ndarray, slope: np.ndarray, l1: float, most: int) -> tuple[bool, np.ndarray]:
    p = len(slope)
    b = np.zeros(p)
    free = np.full(p, np.inf)
    return descend(hessian, slope, np.full(p, l1), -free, free, b, 1e-26, most), b


def test_one_round_solves_what_is_diagonal() -> None:
    done, b = run(np.diag([2.0, 4.0, 0.0]), np.array([-3.0, 1.5, 5.0]), 1.0, 9)
    assert done
    assert np.allclose(b, [1.0, -0.125, 0.0], atol=1e-15)


def test_without_a_penalty_it_solves_the_equations() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 6))
    hessian, slope = x.T @ x, rng.normal(size=6)
    done, b = run(hessian, slope, 0.0, 10_000)
    assert done
    assert np.allclose(b, -np.linalg.solve(hessian, slope), atol=1e-11)
    done, _ = run(hessian, slope, 0.0, 2)
    assert not done
