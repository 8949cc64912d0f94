"""Contributions of trees and linear models on the flights, trees against shap's TreeExplainer.

The peer gets the same booster and the ready matrix; the same numbers are checked. Ours starts from
the joined frame: transforms and codes for text are its own; `explain` scores the rows once more,
to check that contributions add up; `view` draws it. Where shap is absent, ours is timed alone.

Run: python benchmarks/explain.py [rows] [repeats]
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

from proml_lab import learners
from proml_lab.contracts import Dataset, Floats
from proml_lab.explain import explain
from proml_lab.marketplace.example import make_flights
from proml_lab.marketplace.workspace import open_workspace
from proml_lab.model import Model
from proml_lab.spec import ModelSpec

N_FIT = 60_000


def main(n_rows: int, repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = make_flights(Path(folder) / "flights")
        spec = ModelSpec.read(root / "flight-delay.proml.yaml").but(
            split={"by": "time", "test": 0.5}
        )
        dataset = open_workspace(root).dataset(spec)
    some = np.sort(np.random.default_rng(7).choice(len(dataset), N_FIT, replace=False))
    with_peer = find_spec("shap") is not None
    print(f"{'learner':10}{'rows':>8}{'contributions s':>17}{'explain s':>11}{'view s':>8}", end="")
    print(f"{'shap s':>9}{'ratio':>7}" if with_peer else "   (shap is not installed)")
    for name in ("trees", "linear"):
        model = learners.fit(spec.but(learner=name), dataset.take(some))
        rows = explained(model, n_rows)
        mine, mine_s = best(lambda m=model, r=rows: m.contributions(r).values, repeats)
        found, explain_s = best(lambda m=model, r=rows: explain(m, r, rows=n_rows), repeats)
        _, view_s = best(lambda f=found: f._repr_mimebundle_(), 1)
        line = f"{name:10}{rows.height:8,}{mine_s:17.3f}{explain_s:11.3f}{view_s:8.2f}"
        if with_peer and name == "trees":
            theirs, theirs_s = best(tree_peer(model, rows), repeats)
            np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-8)
            line += f"{theirs_s:9.3f}{mine_s / theirs_s:7.2f}"
        print(line, flush=True)


def explained(model: Model, n_rows: int) -> pl.DataFrame:
    """The first `n_rows` held-out rows."""
    held: Dataset | None = model.test
    return pl.DataFrame() if held is None else held.frame.head(n_rows)


def tree_peer(model: Model, rows: pl.DataFrame) -> Callable[[], Floats]:
    """shap on the ready matrix of the same booster."""
    import shap

    warnings.filterwarnings("ignore", message="LightGBM binary classifier with TreeExplainer")
    matrix = model.predictor.matrix.encode(model.prepare(rows))
    explainer = shap.TreeExplainer(model.predictor.booster)
    return lambda: np.asarray(explainer.shap_values(matrix))


def best(call: Callable[[], object], repeats: int) -> tuple[object, float]:
    """(answer, seconds of the fastest of `repeats` calls)."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        answer = call()
        times.append(time.perf_counter() - start)
    return answer, min(times)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [2000, 3][len(given) :]))
