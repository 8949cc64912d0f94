from __future__ import annotations

import numpy as np

from proml_lab.kernels.levels import level_sums


def test_level_sums_are_the_product_with_the_one_hot_matrix() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 4, 200).astype(np.int32)
    block, weights = rng.normal(size=(200, 3)), rng.random(200)
    hot = np.eye(6)[codes]  # levels 4 and 5 have no row
    wanted = (hot * weights[:, None]).T @ np.column_stack([np.ones(200), block])
    assert np.allclose(level_sums(codes, 6, block, weights), wanted, rtol=1e-12, atol=1e-13)


def test_a_block_without_columns_still_sums_the_weights() -> None:
    got = level_sums(np.array([1, 1], np.int32), 2, np.empty((2, 0)), np.array([0.5, 2.0]))
    assert got.tolist() == [[0.0], [2.5]]
