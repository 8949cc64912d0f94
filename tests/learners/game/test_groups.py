"""The regressions of groups, against one Newton iteration after another in plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.contracts import Floats
from proml_lab.learners.game.groups import Belief, Groups
from proml_lab.learners.game.rows import LARGE, grouped
from tests.kernels.test_lanes import losses

KIND = {"binary": 0, "regression": 1, "count": 2, "hinge": 3}


def _by_newton(
    x: Floats, y: Floats, offset: Floats, weight: Floats, task: str, precision: Floats, mean: Floats
) -> Floats:
    """The coefficients of one group: small damped steps, with loss checked at each."""

    def value(b: Floats) -> float:
        gap = b - mean
        return float(weight @ losses(KIND[task], offset + x @ b, y) + gap @ precision @ gap / 2)

    b = mean.copy()
    for _ in range(3000):
        eta = offset + x @ b
        match task:
            case "binary":
                p = 1 / (1 + np.exp(-eta))
                u, q = p - y, p * (1 - p)
            case "count":
                u, q = np.exp(eta) - y, np.exp(eta)
            case "regression":
                u, q = eta - y, np.ones(len(y))
            case _:
                s = 2 * y - 1
                u, q = s * np.clip(s * eta - 1, -1, 0), (np.abs(s * eta - 0.5) < 0.5) * 1.0
        gradient = x.T @ (weight * u) + precision @ (b - mean)
        step = np.linalg.solve((x * (weight * q)[:, None]).T @ x + precision, gradient)
        share, here = 1.0, value(b)
        while share > 1e-9 and value(b - share * step) > here:
            share /= 2
        b = b - share * step
        if np.abs(step).max() < 1e-10:
            break
    return b


def _case(seed: int, task: str, *, d: int = 3, huge: bool = False):
    rng = np.random.default_rng(seed)
    sizes = [0, 1, 1, 2, 3, 5, 8, 40, LARGE + 37 if huge else 60]
    group = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    n = len(group)
    columns = [np.ones(n), *(rng.normal(size=n) for _ in range(d - 1))]
    eta = 0.7 * sum(c * rng.normal(size=len(sizes))[group] for c in columns)
    match task:
        case "count":
            y = rng.poisson(np.exp(np.clip(eta, -3, 3))).astype(float)
        case "regression":
            y = eta + rng.normal(size=n)
        case _:
            y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    return columns, group, len(sizes), y, rng.random(n) + 0.2, 0.3 * rng.normal(size=n)


@pytest.mark.parametrize("huge", [False, True])
@pytest.mark.parametrize("task", KIND)
def test_every_group_has_its_own_minimum(task: str, huge: bool) -> None:
    columns, group, g, y, weight, offset = _case(5, task, huge=huge)
    rows = grouped(columns, group, g, y, weight)
    groups = Groups(rows, task)
    precision = np.array([[2.0, 0.3, 0.0], [0.3, 1.0, -0.2], [0.0, -0.2, 0.5]])
    assert groups.fit(offset, Belief(precision)) == 0
    found = groups.table()
    x = np.column_stack(columns)
    for k in range(g):
        m = group == k
        wanted = _by_newton(x[m], y[m], offset[m], weight[m], task, precision, np.zeros(3))
        near = 2e-3 if task == "hinge" else 2e-4  # its steps are shorter: the curvature is bounded
        assert np.abs(found[k] - wanted).max() < near, (k, m.sum())
    scores = np.full(len(y), np.nan)
    groups.add_scores(scores)
    assert np.allclose(scores, (x * found[group]).sum(axis=1))


@pytest.mark.parametrize("task", ["binary", "count"])
def test_own_centres_and_precisions_of_groups_count(task: str) -> None:
    columns, group, g, y, weight, offset = _case(6, task)
    rng = np.random.default_rng(0)
    centre, own = rng.normal(size=(g, 3)), rng.random((g, 3)) * 5
    groups = Groups(grouped(columns, group, g, y, weight), task)
    groups.fit(offset, Belief(np.eye(3), own, centre))
    x = np.column_stack(columns)
    for k in range(1, g):
        m = group == k
        precision = np.eye(3) + np.diag(own[k])
        wanted = _by_newton(x[m], y[m], offset[m], weight[m], task, precision, centre[k])
        assert np.abs(groups.table()[k] - wanted).max() < 2e-4


def test_covariances_are_inverse_curvatures() -> None:
    columns, group, g, y, weight, offset = _case(7, "binary", huge=True)
    groups = Groups(grouped(columns, group, g, y, weight), "binary")
    belief = Belief(2.0 * np.eye(3))
    groups.fit(offset, belief)
    found, table, x = groups.covariances(offset, belief), groups.table(), np.column_stack(columns)
    for k in range(g):
        m = group == k
        p = 1 / (1 + np.exp(-(offset[m] + x[m] @ table[k])))
        curvature = (x[m] * (weight[m] * p * (1 - p))[:, None]).T @ x[m] + 2 * np.eye(3)
        assert np.allclose(found[k], np.linalg.inv(curvature), atol=1e-5)


def test_a_separable_group_and_huge_offsets_come_to_an_end() -> None:
    n = 200
    x = np.linspace(-1, 1, n)
    y = (x > 0).astype(float)
    for offset in (np.zeros(n), np.full(n, 40.0), np.full(n, -600.0)):
        for task in ("binary", "count"):
            rows = grouped([np.ones(n), 3 * x], np.zeros(n, np.int64), 1, y, np.ones(n))
            groups = Groups(rows, task)
            assert groups.fit(offset, Belief(1e-3 * np.eye(2))) == 0
            assert np.isfinite(groups.table()).all()


def test_a_fit_goes_on_from_where_it_starts() -> None:
    columns, group, g, y, weight, offset = _case(8, "binary")
    rows = grouped(columns, group, g, y, weight)
    first, again = Groups(rows, "binary"), Groups(rows, "binary")
    belief = Belief(np.eye(3))
    first.fit(offset, belief)
    again.start_at(first.table())
    assert np.array_equal(again.table(), first.table())
    again.fit(offset, belief)
    assert np.allclose(again.table(), first.table(), atol=1e-4)


def test_rows_left_out_stand_nowhere_and_few_places_are_empty() -> None:
    rng = np.random.default_rng(1)
    group = np.where(rng.random(5000) < 0.1, -1, rng.zipf(1.3, 5000) % 300)
    y, weight = rng.random(5000), rng.random(5000)
    rows = grouped([np.ones(5000)], group, 300, y, weight)
    assert ((rows.place < 0) == (group < 0)).all()
    assert len(np.unique(rows.place[group >= 0])) == (group >= 0).sum()
    kept = group >= 0
    assert np.array_equal(rows.packs.y.reshape(-1)[rows.place[kept]], y[kept])
    assert rows.packs.weight.sum() == pytest.approx(weight[kept].sum())
    assert rows.present.tolist() == sorted(set(group[kept].tolist()))
    assert kept.sum() / rows.packs.y.size > 0.75
