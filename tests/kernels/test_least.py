"""Least values of windows against every row looked at."""

from __future__ import annotations

import numpy as np
import pytest

from proml_lab.kernels.least import least
from tests.kernels.sliding_case import SHAPES, make_case
from tests.soak import seeds


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", seeds(4))
def test_least_equals_brute_force(seed: int, shape: dict[str, int]) -> None:
    c = make_case(seed, **shape)
    want = [c.values[rows].min(initial=np.inf) for rows in c.inside]
    assert least(c.window, c.rows, c.values).tolist() == want
