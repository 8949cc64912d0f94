"""Which rows trees learn from, what rows count, and what constrains them."""

from __future__ import annotations

import signal

import lightgbm
import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset
from proml_lab.errors import SpecError
from proml_lab.learners.boosting import TreesOptions, parameters
from proml_lab.learners.grow import _held_out
from tests.learners.conftest import make_rows
from tests.learners.test_trees import trees_of

SMALL = {"n_trees": 40, "num_leaves": 7}
WHOLE = {**SMALL, "validation": 0}


def make_rare(n: int = 3000) -> Dataset:
    """(n, …): one row in twenty is positive; `w` are weights."""
    rng = np.random.default_rng(3)
    x, z = rng.normal(size=(2, n))
    late = rng.random(n) < 1 / (1 + np.exp(4.2 - 1.5 * x))
    frame = pl.DataFrame({"x": x, "z": z, "late": late, "w": rng.choice([0.5, 1.0, 3.0], n)})
    return Dataset(frame, features=("x", "z"))


@pytest.mark.parametrize(("way", "sign"), [("increasing", 1), ("decreasing", -1)])
def test_monotone_scores_only_rise_or_fall(way: str, sign: int, spec) -> None:
    rows = make_rows(800)
    free = learners.fit(spec({"trees": WHOLE}), rows)
    bound = learners.fit(spec({"trees": {**WHOLE, "monotone": {"x": way, "wind": way}}}), rows)
    others = rows.frame.sample(40, seed=1)
    broken = 0
    for name in ("x", "wind"):
        grid = pl.DataFrame({name: np.linspace(-4, 20, 200)})
        for k in range(len(others)):
            asked = others[k].drop(name).join(grid, how="cross")
            assert (sign * np.diff(bound.raw(asked)) >= 0).all()
            broken += (sign * np.diff(free.raw(asked)) < 0).any()
    assert broken > 20
    told = parameters(
        TreesOptions(monotone={"x": way}), task="binary", seed=7, features=("carrier", "x")
    )
    assert told["monotone_constraints"] == [0, sign]


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("balance", [True, {"positive": 6.0, "negative": 1.5}])
def test_balance_is_weights_of_classes_and_the_odds_of_the_data(balance, weight, spec) -> None:
    rows = make_rare()
    label = {"column": "late", **({"weight": weight} if weight else {})}
    model = learners.fit(
        spec({"trees": {**WHOLE, "balance": balance}}, label=label, split={"by": "random"}), rows
    )
    train = rows.frame.join(model.test.frame, on=["x", "z"], how="anti", maintain_order="left")
    y = train["late"].to_numpy().astype(float)
    w = train["w"].to_numpy() if weight else np.ones(len(y))
    up, down = 6.0, 1.5
    if balance is True:
        up, down = w.sum() / (2 * w[y > 0].sum()), w.sum() / (2 * w[y < 1].sum())
    x = train.select("x", "z").to_numpy()
    data = lightgbm.Dataset(x, y, weight=w * np.where(y > 0, up, down))
    told = {**parameters(TreesOptions(**WHOLE), task="binary", seed=7), "num_threads": 1}
    peer = lightgbm.train(told, data, num_boost_round=40)
    wanted = peer.predict(x, raw_score=True) + np.log(down / up)
    assert np.allclose(model.raw(train), wanted, atol=1e-9)
    rate = np.average(y, weights=w)
    assert np.average(model.predict(train), weights=w) == pytest.approx(rate, rel=0.3)
    why = model.contributions(train)
    assert np.allclose(why.base + why.values.sum(axis=1), model.raw(train), atol=1e-9)


def test_weights_alike_change_nothing_but_the_scale(spec) -> None:
    rows = make_rare()
    alike = {**WHOLE, "balance": {"positive": 1.0}}
    one = learners.fit(spec({"trees": alike}, split={"by": "random"}), rows)
    none = learners.fit(spec({"trees": WHOLE}, split={"by": "random"}), rows)
    assert np.allclose(one.raw(rows), none.raw(rows), atol=1e-9)


def test_a_constant_forest_is_balanced_too(spec) -> None:
    frame = pl.DataFrame({"x": [1.0] * 40, "late": [True] * 4 + [False] * 36})
    data = Dataset(frame, features=("x",))
    model = learners.fit(
        spec({"trees": {**WHOLE, "balance": True}}, split={"by": "random", "test": 0.05}), data
    )
    assert model.predict(frame)[0] == pytest.approx(model.baseline)


@pytest.mark.parametrize("by", ["time", "random"])
def test_rows_are_held_out_by_time_or_at_random(by: str) -> None:
    rows = make_rows(1000)
    held = _held_out(rows, TreesOptions(validation=0.2, validation_by=by), 7)
    assert held.sum() == 200
    assert held[-200:].all() == (by == "time")
    again = _held_out(rows, TreesOptions(validation=0.2, validation_by=by), 7)
    assert np.array_equal(held, again)


def test_whole_values_of_a_column_are_held_out() -> None:
    rng = np.random.default_rng(0)
    names = [None if k == 0 else f"n{k}" for k in rng.integers(0, 90, 2000)]
    rows = Dataset(pl.DataFrame({"name": names, "x": rng.normal(size=2000)}), features=("x",))
    drawn = set()
    for seed in range(3):
        held = _held_out(rows, TreesOptions(validation=0.25, validation_by="name"), seed)
        inside = set(rows.frame.filter(held)["name"])
        assert not inside & set(rows.frame.filter(~held)["name"])
        assert 500 <= held.sum() <= 500 + rows.frame["name"].value_counts()["count"].max()
        drawn.add(frozenset(inside))
    assert len(drawn) == 3


def test_one_value_holds_nothing_out() -> None:
    rows = Dataset(pl.DataFrame({"name": ["a"] * 900, "x": [1.0] * 900}), features=("x",))
    assert not _held_out(rows, TreesOptions(validation_by="name"), 7).any()


def test_refit_grows_as_many_trees_on_all_rows(spec) -> None:
    rows = make_rows(1000)
    part = learners.fit(spec({"trees": {**SMALL, "patience": 5}}), rows)
    best = part.predictor.booster.num_trees()
    assert best < 40
    told: list[tuple[float, str]] = []
    model = learners.fit(
        spec({"trees": {**SMALL, "patience": 5, "refit": True}}),
        rows,
        progress=lambda done, text: told.append((done, text)),
    )
    whole = learners.fit(spec({"trees": {**WHOLE, "n_trees": best}}), rows)
    assert trees_of(model) == trees_of(whole) != trees_of(part)
    assert told[-1] == (1.0, f"tree {best} of {best}, on all rows")


def test_an_interrupt_of_the_refit_keeps_what_was_before(spec) -> None:
    def stop(done: float, text: str) -> None:
        if text.startswith("tree 2 of") and text.endswith("on all rows"):
            signal.raise_signal(signal.SIGINT)

    rows = make_rows(1000)
    part = learners.fit(spec({"trees": {**SMALL, "patience": 5}}), rows)
    best = part.predictor.booster.num_trees()
    model = learners.fit(
        spec({"trees": {**SMALL, "patience": 5, "refit": True}}), rows, progress=stop
    )
    assert trees_of(model) == trees_of(part)
    assert model.stopped == (
        f"stopped before {best} trees had grown again on all rows: "
        f"the {best} that leave the validation rows out are kept"
    )


@pytest.mark.parametrize(
    ("options", "label", "message"),
    [
        ({"monotone": {"carrier": "increasing"}}, "late", "'carrier' is text; it needs a number"),
        ({"monotone": {"wint": "increasing"}}, "late", "'wint' is no feature .*\n.*'wind'"),
        ({"monotone": {"x": "up"}}, "late", "learner.trees.monotone.x: found 'up'"),
        ({"balance": True}, {"column": "delay", "task": "regression"}, "is for task binary, this"),
        ({"balance": {"positive": 0.0}}, "late", "positive: found 0.0; it must be more than 0"),
        ({"balance": "yes"}, "late", "learner.trees.balance: found 'yes'"),
        ({"validation_by": "tailnum"}, "late", "validation_by: 'tailnum' is no entity or feature"),
    ],
)
def test_options_that_do_not_fit_are_named(options, label, message: str, spec) -> None:
    with pytest.raises(SpecError, match=message):
        learners.fit(spec({"trees": options}, label=label), make_rows())
