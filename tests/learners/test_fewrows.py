from __future__ import annotations

import copy
import ctypes
import gc
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import lightgbm
import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset
from proml_lab.learners.fewrows import FEW, FewRows
from proml_lab.learners.trees import Trees
from tests.learners.conftest import make_rows

OPTIONS = {"n_trees": 30, "num_leaves": 15, "min_rows": 5, "min_level_rows": 5, "validation": 0}
LIBRARY: ctypes.CDLL = lightgbm.basic._LIB


class Counted:
    """LightGBM's library; counts how often each function that is taken from it is called."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(LIBRARY, name)

    def __getitem__(self, name: str) -> object:
        function = LIBRARY[name]

        def call(*arguments: object) -> int:
            self.calls[name.rpartition("Row")[2]] = self.calls.get(name.rpartition("Row")[2], 0) + 1
            found: int = function(*arguments)
            return found

        return call


def make_strange(n: int = 400, *, seed: int = 0) -> pl.DataFrame:
    """(n, 7): every type that a row may have, with the values that are easy to get wrong."""
    rng = np.random.default_rng(seed)
    floats = np.array([0.0, -0.0, 1e-300, 0.1, 1e300, np.inf, -np.inf, np.nan, 7.0])
    wholes = [None, 0, -1, 2**53 + 1, -(2**63), 2**63 - 1, 12345678901234567]
    frame = pl.DataFrame(
        {
            "x": rng.choice(floats, n) + rng.normal(size=n),
            "small": pl.Series(rng.normal(size=n), dtype=pl.Float32),
            "whole": pl.Series([wholes[k] for k in rng.integers(0, 7, n)], dtype=pl.Int64),
            "huge": pl.Series(
                [2**64 - 1 - int(k) for k in rng.integers(0, 5000, n)], dtype=pl.UInt64
            ),
            "flag": pl.Series([(None, True, False)[k] for k in rng.integers(0, 3, n)]),
            "word": pl.Series([(None, "", "é", "a", "zz")[k] for k in rng.integers(0, 5, n)]),
            "none": pl.Series([None] * n, dtype=pl.String),
        }
    )
    return frame.with_columns(
        late=(pl.col("small") + pl.col("flag").cast(pl.Float64).fill_null(0.5) > 0.4)
        ^ (pl.col("word") == "a").fill_null(False)
    )


def make_trees(spec, frame: pl.DataFrame) -> Trees:
    data = Dataset(frame, features=tuple(name for name in frame.columns if name != "late"))
    model = learners.fit(spec({"trees": OPTIONS}, split={"by": "random"}), data)
    assert isinstance(model.predictor, Trees)
    return model.predictor


def by_matrix(trees: Trees, frame: pl.DataFrame) -> np.ndarray:
    return np.asarray(trees.booster.predict(trees.matrix.encode(frame), raw_score=True))


def test_the_bits_are_those_of_the_booster(spec) -> None:
    trees = make_trees(spec, make_strange())
    asked = make_strange(300, seed=1).with_columns(
        word=pl.when(pl.col("x") > 1).then(pl.lit("never seen")).otherwise("word")
    )
    wanted = by_matrix(trees, asked)
    assert len(set(wanted)) > 50
    for size in (1, 7, FEW):
        for start in range(0, 300 - size, max(size, 5)):
            found = trees.few_rows.raw(asked[start : start + size])
            assert found is not None
            assert found.tobytes() == wanted[start : start + size].tobytes()


def test_columns_in_another_order_and_others_beside_do_no_harm(spec) -> None:
    trees = make_trees(spec, make_strange())
    asked = make_strange(5, seed=2)
    other = asked.with_columns(more=pl.lit("x")).select(sorted(["more", *asked.columns]))
    assert np.array_equal(trees.raw(other), by_matrix(trees, asked))


def test_threads_at_once_get_their_own_rows(spec) -> None:
    trees = make_trees(spec, make_strange())
    asked = make_strange(200, seed=3)
    wanted = by_matrix(trees, asked)
    library = Counted()
    few = FewRows(trees.booster, trees.matrix.levels, library)  # type: ignore[arg-type]

    def score(worker: int, few: FewRows) -> bool:
        order = np.random.default_rng(worker).permutation(200)
        return all(few.raw(asked[int(k)]) == wanted[k] for k in order)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(score, range(8), [few] * 8))
    assert 1 <= library.calls["FastInit"] <= 4
    assert library.calls["Fast"] == 1600
    del few
    gc.collect()
    assert library.calls["LGBM_FastConfigFree"] == library.calls["FastInit"]


def test_many_rows_and_durations_take_the_other_way(spec) -> None:
    frame = make_strange().with_columns(
        waited=pl.duration(nanoseconds=pl.col("small") * 1e12), late=pl.col("small") > 0.2
    )
    trees = make_trees(spec, frame.select("waited", "late"))
    assert trees.few_rows.raw(frame[:2]) is None
    assert np.array_equal(trees.raw(frame[:2]), by_matrix(trees, frame[:2]))
    strange = make_trees(spec, make_strange())
    assert strange.few_rows.raw(make_strange(FEW)) is not None
    assert strange.few_rows.raw(make_strange(FEW + 1)) is None
    asked = pl.DataFrame({"waited": [None, timedelta(seconds=1)]})
    assert np.array_equal(trees.raw(asked), by_matrix(trees, asked))


@pytest.mark.parametrize("library", [None, ctypes.CDLL(None)])
def test_a_library_without_the_path_leaves_it_to_the_booster(
    library: ctypes.CDLL | None, spec
) -> None:
    trees = make_trees(spec, make_strange())
    assert FewRows(trees.booster, trees.matrix.levels, library).raw(make_strange(3)) is None


def test_what_lightgbm_refuses_is_left_to_the_booster(spec) -> None:
    trees = make_trees(spec, make_strange())
    few = FewRows(trees.booster, {"x": None}, LIBRARY)
    assert few.raw(make_strange(3)) is None


def test_a_forest_that_has_scored_can_be_copied(spec) -> None:
    trees = make_trees(spec, make_strange())
    asked = make_strange(3, seed=4)
    wanted = trees.raw(asked)
    for other in (copy.deepcopy(trees), pickle.loads(pickle.dumps(trees))):
        assert other == trees
        assert np.array_equal(other.raw(asked), wanted)


def test_a_model_read_from_disk_scores_a_row_the_same(spec, tmp_path) -> None:
    rows = make_rows()
    model = learners.fit(spec({"trees": OPTIONS}), rows)
    model.save(tmp_path / "m")
    read = learners.load(tmp_path / "m")
    alone = [read.raw(rows.frame[k])[0] for k in range(20)]
    assert np.array_equal(alone, by_matrix(model.predictor, rows.frame[:20]))
