"""Fit and scores of the trees learner against LightGBM called directly, on the flights.

The peer gets the same rows as a ready matrix, the same parameters, validation rows and early
stopping. Ours starts from the joined dataset: checks, split, transforms, codes for text, the
fingerprint of the training rows and the model's text are its own. Bar: at most 1.1 times the peer.

Then one row at a time, and eight: ours from a frame, codes for text and all, against the way of
many rows, `Matrix.encode` and `Booster.predict`. The scores must be the same bits. Bar: a tenth of
that time. `Booster.predict` of a matrix that is ready is told beside, though it does less.

Run: python benchmarks/trees.py [repeats]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from proml_lab import learners
from proml_lab.contracts import Dataset
from proml_lab.evaluate import evaluate
from proml_lab.learners.boosting import TreesOptions, parameters
from proml_lab.learners.encode import Matrix
from proml_lab.learners.trees import Trees
from proml_lab.marketplace.example import make_flights
from proml_lab.marketplace.workspace import open_workspace
from proml_lab.model import Model
from proml_lab.spec import ModelSpec
from proml_lab.split import newest, split

BAR = 1.1


def main(repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = make_flights(Path(folder) / "flights")
        spec = ModelSpec.read(root / "flight-delay.proml.yaml")
        dataset = open_workspace(root).dataset(spec)
    ours, theirs = [], []
    model = learners.fit(spec, dataset)  # warm both: the libraries are loaded
    data = matrix(spec, dataset, model)
    for _ in range(repeats):
        ours.append(timed(lambda: learners.fit(spec, dataset)))
        theirs.append(timed(lambda: direct(spec, *data)))
    auc, loss = evaluate(model, metrics=["auc", "log_loss"], resamples=0).frame()["value"]
    print(f"rows {model.n_rows:,}, features {len(model.features)}, ", end="")
    print(f"trees {model.predictor.booster.num_trees()}, AUC {auc:.4f}, log loss {loss:.4f}")
    for what, mine, peer in zip(("wall", "CPU"), best(ours), best(theirs), strict=True):
        print(
            f"{what}: ours {mine:.2f} s, LightGBM {peer:.2f} s, ratio {mine / peer:.3f}, bar {BAR}"
        )
    rows(model)


def rows(model: Model) -> None:
    """Print the microseconds that a row alone, and eight at a time, take."""
    assert model.test is not None
    frame, trees = model.prepare(model.test)[:256], model.predictor
    x = trees.matrix.encode(frame)
    want = trees.booster.predict(x, raw_score=True, num_threads=1)
    for size in (1, 8):
        parts = [frame[k : k + size] for k in range(0, 256, size)]
        ready = [x[k : k + size] for k in range(0, 256, size)]
        assert np.array_equal(np.concatenate([trees.raw(part) for part in parts]), want)
        ours = each(trees.raw, parts)
        both = each(lambda part: predict(trees, trees.matrix.encode(part)), parts)
        alone = each(lambda part: predict(trees, part), ready)
        print(
            f"{size} at a time: ours {ours:.0f} µs, encode and predict {both:.0f} µs, ratio "
            f"{ours / both:.3f}; predict of a ready matrix {alone:.0f} µs"
        )


def predict(trees: Trees, x: np.ndarray) -> np.ndarray:
    """Scores by LightGBM's Python package, in one thread."""
    return trees.booster.predict(x, raw_score=True, num_threads=1)


def each(work: Callable[[Any], object], parts: list[Any]) -> float:
    """Microseconds of CPU that one of `parts` takes, the least of five rounds."""
    rounds = []
    for _ in range(5):
        start = time.process_time()
        for part in parts:
            work(part)
        rounds.append(time.process_time() - start)
    return min(rounds) / len(parts) * 1e6


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """(wall, CPU) seconds; on a busy machine the second says more."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def best(times: list[tuple[float, float]]) -> tuple[float, float]:
    """The least wall time and the least CPU time."""
    walls, cpus = zip(*times, strict=True)
    return min(walls), min(cpus)


def matrix(
    spec: ModelSpec, dataset: Dataset, model: Model
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[int]]:
    """(x, y, held out, positions of text) of the training rows."""
    train, _ = split(dataset, spec.split, seed=spec.seed)
    frame = model.prepare(train)
    encoder = Matrix.fit(frame)
    held = newest(train, TreesOptions().validation, seed=spec.seed).to_numpy()
    y = train.frame[spec.label.column].to_numpy().astype(float)
    return encoder.encode(frame), y, held, encoder.text


def direct(
    spec: ModelSpec, x: np.ndarray, y: np.ndarray, held: np.ndarray, text: list[int]
) -> None:
    """LightGBM alone, loaded by then with our setting of its waiting threads."""
    import lightgbm

    options = TreesOptions()
    train = lightgbm.Dataset(x[~held], y[~held], categorical_feature=text)
    lightgbm.train(
        parameters(options, task="binary", seed=spec.seed),
        train,
        num_boost_round=options.n_trees,
        valid_sets=[train.create_valid(x[held], y[held])],
        callbacks=[lightgbm.early_stopping(options.patience, verbose=False)],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
