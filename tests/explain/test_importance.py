from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Contributions, Floats
from proml_lab.explain.importance import CATEGORY, DOWN, NONE, NOTHING, UP, importance


def contributions(values: Floats, frame: pl.DataFrame) -> Contributions:
    return Contributions(0.0, values, tuple(frame.columns), frame)


def test_means_intervals_and_shares_by_hand() -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 1.0, 1.0, 1.0]})
    values = np.array([[1.0, 0.5], [-2.0, 0.5], [3.0, -0.5], [-4.0, -0.5]])
    found = importance(contributions(values, frame))
    assert found["feature"].to_list() == ["a", "b"]
    assert found["importance"].to_list() == [2.5, 0.5]
    error = 1.959963984540054 * np.std([1, 2, 3, 4], ddof=1) / 2
    assert found["high"].to_list() == pytest.approx([2.5 + error, 0.5])
    assert found["low"].to_list() == pytest.approx([2.5 - error, 0.5])
    assert found["share"].to_list() == pytest.approx([2.5 / 3, 0.5 / 3])


def test_intervals_cover_the_truth_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(5)
    truth = np.sqrt(2 / np.pi)
    frame = pl.DataFrame({"a": np.zeros(400)})
    covered = 0
    for _ in range(400):
        found = importance(contributions(rng.normal(size=(400, 1)), frame))
        covered += found["low"][0] <= truth <= found["high"][0]
    assert 0.92 <= covered / 400 <= 0.98


@pytest.mark.parametrize(
    ("values", "pushes", "direction"),
    [
        ([1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.5, 0.9], UP),
        ([1.0, 2.0, None, 4.0], [0.9, 0.2, 0.5, -0.1], DOWN),
        ([1.0, 2.0, 3.0, 4.0], [1.0, -1.0, -1.0, 1.0], NONE),
        ([1.0, 1.0, 1.0, 1.0], [1.0, -1.0, -1.0, 1.0], NONE),
        ([True, False, True, False], [1.0, -1.0, 1.0, -1.0], UP),
        (["a", "b", "a", "b"], [1.0, -1.0, 1.0, -1.0], CATEGORY),
        ([None, None, None, None], [1.0, -1.0, 1.0, -1.0], CATEGORY),
        ([1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0], NOTHING),
    ],
)
def test_directions(values: list[object], pushes: list[float], direction: str) -> None:
    frame = pl.DataFrame({"x": values})
    found = importance(contributions(np.array(pushes)[:, None], frame))
    assert found["direction"].to_list() == [direction]


def test_one_row_has_no_width() -> None:
    found = importance(contributions(np.array([[2.0]]), pl.DataFrame({"a": [1.0]})))
    assert found.select("importance", "low", "high").row(0) == (2.0, 2.0, 2.0)
