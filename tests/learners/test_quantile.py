"""Models of a quantile: from the spec to the comparison."""

from __future__ import annotations

from dataclasses import replace

import lightgbm
import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset
from proml_lab.errors import DataError, SpecError, UsageError
from proml_lab.evaluate import compare, evaluate
from proml_lab.explain import explain
from proml_lab.label import quantile_of
from proml_lab.learners.boosting import TreesOptions, parameters
from proml_lab.validation import cross_validate

SMALL = {"n_trees": 60, "num_leaves": 7, "validation": 0}
LABEL = {"column": "y", "task": "quantile", "quantile": 0.9}
RANDOM = {"by": "random"}


def make_spread(n: int = 3000) -> Dataset:
    """(n, …): the spread of `y` grows with `x`; `w` are weights, `o` offsets."""
    rng = np.random.default_rng(5)
    x = rng.random(n)
    y = 10 + (1 + 4 * x) * rng.normal(size=n)
    frame = pl.DataFrame({"x": x, "y": y, "w": rng.choice([0.0, 1.0, 3.0], n), "o": 100 * x})
    return Dataset(frame, features=("x",))


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_trees_find_the_quantile(level: float, spec) -> None:
    rows = make_spread()
    model = learners.fit(
        spec({"trees": SMALL}, label={**LABEL, "quantile": level}, split=RANDOM), rows
    )
    assert model.test is not None
    p, y = model.predict(model.test), model.test.frame["y"].to_numpy()
    assert np.array_equal(p, model.raw(model.test))
    high = model.test.frame["x"].to_numpy() > 0.5
    for part in (high, ~high):
        assert np.mean(y[part] <= p[part]) == pytest.approx(level, abs=0.07)
    train = rows.frame.join(model.test.frame, on="x", how="anti", maintain_order="left")
    told = parameters(TreesOptions(**SMALL), task="quantile", seed=7, quantile=level)
    data = lightgbm.Dataset(train.select("x").to_numpy(), train["y"].to_numpy())
    peer = lightgbm.train({**told, "num_threads": 1}, data, num_boost_round=60)
    assert told["alpha"] == level
    assert np.array_equal(peer.predict(train.select("x").to_numpy()), model.raw(train))
    why = explain(model, rows=100)
    assert "the predicted quantile of y" in why._repr_mimebundle_()["text/plain"]


def test_a_model_of_a_quantile_is_read_from_disk(spec, tmp_path) -> None:
    rows = make_spread(500)
    model = learners.fit(spec({"trees": SMALL}, label=LABEL, split=RANDOM), rows)
    model.save(tmp_path / "m")
    read = learners.load(tmp_path / "m")
    assert read.spec.label.quantile == 0.9
    assert np.array_equal(read.predict(rows), model.predict(rows))
    assert "a quantile of y" in model._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("more", [{}, {"weight": "w"}, {"offset": "o"}])
def test_the_baseline_is_the_quantile_of_the_training_label(more, spec) -> None:
    model = learners.fit(spec("baseline", label={**LABEL, **more}, split=RANDOM), make_spread())
    assert model.test is not None
    train = make_spread().frame.join(model.test.frame, on="x", how="anti", maintain_order="left")
    weights = train["w"].to_numpy() if "weight" in more else np.ones(len(train))
    y = train["y"].to_numpy()
    assert model.baseline == quantile_of(y, weights, 0.9)
    offset = train["o"].to_numpy() if "offset" in more else 0.0
    assert np.allclose(model.raw(train) - offset, quantile_of(y - offset, weights, 0.9))


def test_a_quantile_has_the_least_pinball_loss() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        values = rng.integers(0, 9, rng.integers(1, 12)).astype(float)
        weights = rng.integers(0, 4, len(values)).astype(float)
        weights[0] += 1
        level = float(rng.choice([0.1, 0.25, 0.5, 0.9]))
        losses = {
            v: np.sum(weights * np.where(values >= v, level, level - 1) * (values - v))
            for v in values.tolist()
        }
        best = min(losses.values())
        found = quantile_of(values, weights, level)
        assert losses[found] == pytest.approx(best, abs=1e-9)
        assert found == min(v for v, loss in losses.items() if loss <= best + 1e-9)


def test_models_of_a_quantile_are_compared(spec) -> None:
    rows = make_spread()
    trees = learners.fit(spec({"trees": SMALL}, label=LABEL, split=RANDOM), rows)
    base = learners.fit(spec("baseline", label=LABEL, split=RANDOM), rows)
    found = compare(trees, base, resamples=200)
    assert found.frame()["metric"].unique(maintain_order=True).to_list() == [
        "pinball",
        "coverage_gap",
    ]
    best = found.frame().filter(metric="pinball", verdict="best")
    assert best["model"].to_list() == ["trees"]
    y, p = found.y, found.predictions["trees"]
    wanted = np.mean(np.where(y >= p, 0.9 * (y - p), 0.1 * (p - y)))
    assert best["value"][0] == pytest.approx(wanted)
    assert "quantile 0.9 of the bin" in found.figure().layout.yaxis.title.text
    assert "Quantile of the label" in found._repr_mimebundle_()["text/html"]
    median = learners.fit(
        spec({"trees": SMALL}, label={**LABEL, "quantile": 0.5}, split=RANDOM), rows
    )
    with pytest.raises(UsageError, match=r"predicts quantile 0.5 of 'y', .* predicts quantile 0.9"):
        compare(trees, median)
    assert evaluate(median, metrics=["pinball"], resamples=0).quantile == 0.5


def test_folds_are_measured_at_the_quantile(spec) -> None:
    rows = replace(make_spread(500), entities=("w",))
    found = cross_validate(spec("baseline", label=LABEL, split=RANDOM), rows, folds=3)
    table, y = found.frame().filter(metric="pinball"), rows.frame["y"].to_numpy()
    p = found.scores["score"].to_numpy()
    wanted = np.mean(np.where(y >= p, 0.9 * (y - p), 0.1 * (p - y)))
    assert np.average(table["value"], weights=[166, 167, 167]) == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ({"column": "y", "task": "quantile"}, "has task quantile and does not say which"),
        ({"column": "y", "quantile": 0.5}, "has quantile, which is for task quantile, and task b"),
        ({**LABEL, "quantile": 1.0}, "less than 1"),
    ],
)
def test_a_quantile_belongs_to_its_task(label, message: str, spec) -> None:
    with pytest.raises(ValueError, match=message):
        spec("trees", label=label)


def test_others_do_not_do_it_and_labels_are_numbers(spec) -> None:
    rows = make_spread(100)
    with pytest.raises(SpecError, match="learner 'linear' does not do task 'quantile'"):
        learners.fit(spec("linear", label=LABEL), rows)
    flags = Dataset(rows.frame.with_columns(y=pl.col("y") > 10), features=("x",))
    with pytest.raises(DataError, match="for task quantile it is a finite number"):
        learners.fit(spec("trees", label=LABEL), flags)
    with pytest.raises(ValueError, match="'rmse' is for task regression or count, this is q"):
        spec("trees", label=LABEL, evaluate=["rmse"])
