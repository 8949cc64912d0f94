from __future__ import annotations

import numpy as np

from proml_lab.kernels.packing import gather, places, scatter


def test_rows_go_where_their_group_is() -> None:
    group = np.array([2, 0, 0, 2, -1, 1, 0])
    start, step = np.array([10, -1, 3]), np.array([2, 1, 1])
    assert places(group, start, step).tolist() == [3, 10, 12, 4, -1, -1, 14]
    assert start.tolist() == [10, -1, 3]


def test_what_is_scattered_is_gathered_again() -> None:
    place = np.array([4, -1, 0])
    out = np.zeros(5)
    scatter(np.array([1.0, 2.0, 3.0]), place, out)
    assert out.tolist() == [3, 0, 0, 0, 1]
    back = np.full(3, 9.0)
    gather(out, place, back)
    assert back.tolist() == [1, 9, 3]
