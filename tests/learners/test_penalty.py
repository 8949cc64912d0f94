"""Lasso, elastic net and bounds against R's glmnet and the conditions of a minimum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.errors import DataError
from proml_lab.learners import glm
from proml_lab.learners.glm import Design, solve
from proml_lab.learners.penalty import Penalty

GLMNET = pl.read_csv(Path(__file__).with_name("glmnet.csv"), skip_rows=1)
TASKS = {"gaussian": "regression", "binomial": "binary", "poisson": "count"}


def _name(row: dict[str, object]) -> str:
    return "-".join(map(str, list(row.values())[:4]))


def rows_of_r() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The rows and labels of glmnet.R."""
    i = np.arange(1, 81)
    columns = [np.sin(i), np.cos(2 * i), np.sin(3 * i + 1), np.sin(i) + 0.1 * np.cos(5 * i)]
    x = np.column_stack([*columns, np.cos(7 * i)])
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    eta = 0.5 + x[:, 0] - 0.7 * x[:, 1] + 0.3 * np.sin(11 * i)
    return x, {
        "gaussian": eta,
        "binomial": (eta + 1.5 * np.cos(13 * i) > 0).astype(float),
        "poisson": np.floor(np.exp(0.7 * eta) + 0.5 + 0.5 * np.cos(13 * i)),
    }


def bounds(row: dict[str, object], p: int) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.full(p, float(str(row["low"]))), np.full(p, float(str(row["high"])))
    low[0], high[0] = -np.inf, np.inf
    return low, high


@pytest.mark.parametrize("row", GLMNET.rows(named=True), ids=_name)
def test_coefficients_are_those_of_glmnet(row: dict[str, object]) -> None:
    x, labels = rows_of_r()
    y = labels[str(row["family"])]
    # glmnet divides a normal label by its deviation too, and both weights go by that
    scale = y.std() if row["family"] == "gaussian" else 1.0
    weight, alpha = len(y) * float(str(row["lambda"])) / scale, float(str(row["alpha"]))
    found = solve(
        Design(x, (), ()),
        y,
        task=TASKS[str(row["family"])],
        l1=weight * alpha,
        l2=weight * (1 - alpha),
        bounds=bounds(row, 6),
    )
    wanted = np.array([row[f"b{j}"] for j in range(6)], float)
    assert np.allclose(found, wanted, rtol=0, atol=2e-7)
    assert np.array_equal(found[1:] == 0, wanted[1:] == 0)


@pytest.mark.parametrize("seed", range(8))
def test_a_step_keeps_the_conditions_of_a_minimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = 12
    x = rng.normal(size=(30, p))
    x[:, 3], x[:, 4] = x[:, 2], 0.0  # the same twice, and a constant
    hessian, gradient, b = x.T @ x, rng.normal(0, 20, p), np.zeros(p)
    penalty = Penalty(
        np.where(np.arange(p) % 2, 0.5, 0.0),
        np.where(np.arange(p) > 0, 8.0, 0.0),
        np.where(rng.random(p) < 0.3, -0.1, -np.inf),
        np.where(rng.random(p) < 0.3, 0.1, np.inf),
    )
    gradient[4] = 0.0
    found = b - penalty.step(hessian, gradient, b)
    assert np.array_equal(penalty.within(found), found)
    fall = -(gradient + hessian @ found + penalty.l2 * found)
    tight = 1e-7
    for j in range(p):
        least, most = fall[j] - penalty.l1[j], fall[j] + penalty.l1[j]
        if found[j] != 0:
            least = most = fall[j] - penalty.l1[j] * np.sign(found[j])
        assert found[j] == penalty.high[j] or least <= tight
        assert found[j] == penalty.low[j] or most >= -tight


def test_levels_and_numbers_are_chosen_together_and_a_weight_that_is_too_large_leaves_none() -> (
    None
):
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 6, 500).astype(np.int32)
    dense = rng.normal(size=(500, 3))
    score = dense[:, 0] + np.array([-2.0, 2, 0, 0, 0, 0])[codes]
    y = (rng.random(500) < 1 / (1 + np.exp(-score))).astype(float)
    design = Design(dense, [codes], (6,))
    found = solve(design, y, task="binary", l2=0.0, l1=12.0)
    assert found[1] > 0.3
    assert found[4] < -0.2
    assert found[5] > 0.2
    assert np.count_nonzero(found) < 7
    none = solve(design, y, task="binary", l2=0.0, l1=400.0)
    assert np.count_nonzero(none[1:]) == 0
    assert none[0] == pytest.approx(np.log(y.mean() / (1 - y.mean())), abs=1e-9)


def test_separable_rows_have_an_end() -> None:
    x = np.linspace(-1, 1, 40)[:, None]
    y = (x[:, 0] > 0).astype(float)
    found = solve(Design(x, (), ()), y, task="binary", l2=0.0, l1=0.05)
    p = 1 / (1 + np.exp(-(found[0] + x[:, 0] * found[1])))
    assert np.sum(p - y) == pytest.approx(0, abs=1e-6)
    assert x[:, 0] @ (p - y) == pytest.approx(-0.05, abs=1e-6)


def test_too_many_coefficients_for_sizes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glm, "EXACT", 3)
    x, labels = rows_of_r()
    with pytest.raises(
        DataError, match=r"has 6 coefficients; l1 and bounds are for up to 3.\nHint: .*min_count"
    ):
        solve(Design(x, (), ()), labels["binomial"], task="binary", l2=1.0, l1=1.0)
