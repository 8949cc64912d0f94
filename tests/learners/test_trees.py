from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import lightgbm
import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset, Stopped
from proml_lab.errors import SpecError
from proml_lab.learners.boosting import TreesOptions, parameters
from proml_lab.model import Model
from tests.learners.conftest import make_rows

SMALL = {"n_trees": 40, "learning_rate": 0.1, "num_leaves": 7}


def test_it_is_lightgbm_with_the_same_data_and_parameters(spec) -> None:
    rows = make_rows(1000)
    model = learners.fit(spec({"trees": {**SMALL, "patience": 5}}), rows)
    train = rows.frame.head(model.n_rows)
    codes = {f"c{k}": k for k in range(4)}
    x = train.select(pl.col("carrier").replace_strict(codes), "x", "wind", "weekend", "seats")
    x, y = x.cast(pl.Float64).fill_null(np.nan).to_numpy(), train["late"].to_numpy().astype(float)
    held = len(train) - round(0.15 * len(train))
    data = lightgbm.Dataset(x[:held], y[:held], categorical_feature=[0])
    peer = lightgbm.train(
        {**parameters(TreesOptions(**SMALL), task="binary", seed=7), "num_threads": 1},
        data,
        num_boost_round=40,
        valid_sets=[data.create_valid(x[held:], y[held:])],
        callbacks=[lightgbm.early_stopping(5, verbose=False)],
    )
    wanted = peer.predict(x, num_iteration=peer.best_iteration, raw_score=True)
    assert peer.best_iteration < 40
    assert np.array_equal(model.raw(train), wanted)


@pytest.mark.parametrize(
    ("task", "column"), [("binary", "late"), ("regression", "delay"), ("count", "n_calls")]
)
def test_contributions_add_up_to_the_raw_score(task: str, column: str, spec) -> None:
    model = learners.fit(
        spec({"trees": SMALL}, label={"column": column, "task": task}), make_rows()
    )
    why = model.contributions(model.test)
    assert why.values.shape == (len(model.test), 5)
    assert np.allclose(why.base + why.values.sum(axis=1), model.raw(model.test), atol=1e-10)
    mean = model.test.frame[column].cast(pl.Float64).mean()
    assert model.predict(model.test).mean() == pytest.approx(mean, rel=0.5, abs=2)


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(spec, monkeypatch) -> None:
    options = {**SMALL, "row_share": 0.7, "feature_share": 0.7}
    chosen = spec({"trees": options})
    texts = []
    for threads in (0, 1, 2):
        monkeypatch.setattr("proml_lab.learners.grow.threads", lambda x, n=threads: n)
        text = learners.fit(chosen, make_rows(2000)).predictor.text
        texts.append("\n".join(x for x in text.splitlines() if "num_threads" not in x))
    assert texts[0] == texts[1] == texts[2]
    monkeypatch.undo()
    other = learners.fit(chosen.but(seed=8), make_rows(2000)).predictor.text
    assert other.split("parameters:")[0] != texts[0].split("parameters:")[0]


def test_what_was_never_seen_is_missing(spec) -> None:
    rows = make_rows(2000)
    frame = rows.frame.with_columns(
        carrier=pl.when(pl.col("x") > 1).then(None).otherwise("carrier")
    )
    data = Dataset(frame, label="late", cutoff="at", features=("carrier", "wind"))
    model = learners.fit(spec({"trees": SMALL}), data)
    asked = pl.DataFrame({"carrier": ["zz", None, "c0"], "wind": [1.0, 1.0, float("nan")]})
    raw = model.raw(asked)
    assert raw[0] == raw[1]
    assert np.isfinite(raw).all()


def test_the_newest_rows_say_when_to_stop(spec) -> None:
    rng = np.random.default_rng(0)
    n = 1200
    x = rng.normal(size=n)
    old = np.arange(n) < 800
    late = rng.random(n) < np.where(old, 1 / (1 + np.exp(-3 * x)), 0.5)  # the pattern ends
    at = [datetime(2013, 1, 1, tzinfo=UTC) + timedelta(hours=i) for i in range(n)]
    data = Dataset(pl.DataFrame({"at": at, "x": x, "late": late}), cutoff="at", features=("x",))
    stopped = learners.fit(spec({"trees": {"n_trees": 60, "patience": 5}}), data)
    whole = learners.fit(spec({"trees": {"n_trees": 60, "validation": 0}}), data)
    assert stopped.predictor.booster.num_trees() < 20
    assert whole.predictor.booster.num_trees() == 60


def test_few_rows_grow_all_trees(spec) -> None:
    model = learners.fit(spec({"trees": {"n_trees": 5}}), make_rows(60))
    assert model.predictor.booster.num_trees() == 5


def test_a_handful_of_rows_gives_the_rate(spec) -> None:
    frame = pl.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.0], "late": [0, 1, 0, 1, 1]})
    data = Dataset(frame, features=("x",))
    model = learners.fit(spec("trees", split={"by": "random"}), data)
    assert model.n_rows == 4
    assert len(set(model.predict(frame))) == 1
    why = model.contributions(frame)
    assert np.allclose(why.base + why.values.sum(axis=1), model.raw(frame))


def test_constant_and_empty_columns_do_no_harm(spec) -> None:
    frame = make_rows().frame.with_columns(
        same=pl.lit(3.0), none=pl.lit(None), no_word=pl.lit(None, pl.String)
    )
    data = Dataset(frame, cutoff="at", features=("x", "same", "none", "no_word"))
    model = learners.fit(spec({"trees": SMALL}), data)
    assert model.summary()["splits"].to_list()[1:] == [0, 0, 0]
    assert model.summary()["share"].to_list()[0] == 1.0


def test_no_rows_are_no_scores(spec) -> None:
    model = learners.fit(spec({"trees": SMALL}), make_rows())
    empty = model.test.frame.clear()
    assert model.predict(empty).shape == (0,)
    why = model.contributions(empty)
    assert why.values.shape == (0, 5)
    assert why.base == model.contributions(model.test).base


def test_rows_alone_score_as_in_a_batch(spec) -> None:
    model = learners.fit(spec({"trees": SMALL}), make_rows())
    alone = [model.raw(model.test.frame[i])[0] for i in range(10)]
    assert np.array_equal(alone, model.raw(model.test)[:10])


def test_progress_tells_the_validation_loss(spec) -> None:
    told: list[tuple[float, str]] = []
    learners.fit(
        spec({"trees": SMALL}),
        make_rows(),
        progress=lambda part, text: told.append((part, text)),
    )
    assert told[0][0] == 1 / 40
    assert told[0][1].startswith("tree 1 of at most 40: validation log loss 0.")


def interrupt_after(n_trees: int) -> Callable[[float, str], None]:
    def stop(part: float, text: str) -> None:
        if text.startswith(f"tree {n_trees} of"):
            signal.raise_signal(signal.SIGINT)

    return stop


def trees_of(model: Model) -> str:
    return model.predictor.text.split("\nTree=0")[1].split("end of trees")[0]


def test_an_interrupt_keeps_the_trees_so_far(spec, tmp_path) -> None:
    options = {**SMALL, "validation": 0}
    rows = make_rows()
    model = learners.fit(spec({"trees": options}), rows, progress=interrupt_after(6))
    assert model.stopped == "stopped after 6 of at most 40 trees"
    whole = learners.fit(spec({"trees": {**options, "n_trees": 6}}), rows)
    assert whole.stopped == ""
    assert trees_of(model) == trees_of(whole)
    model.save(tmp_path / "m")
    read = learners.load(tmp_path / "m")
    assert read.stopped == model.stopped
    assert np.array_equal(read.predict(rows), whole.predict(rows))


def test_an_interrupt_keeps_the_best_by_validation(spec) -> None:
    rows = make_rows(1000)
    whole = learners.fit(spec({"trees": {**SMALL, "patience": 9}}), rows)
    best = whole.predictor.booster.num_trees()
    model = learners.fit(
        spec({"trees": {**SMALL, "patience": 9}}), rows, progress=interrupt_after(best + 4)
    )
    wanted = f"stopped after {best + 4} of at most 40 trees, of which the best {best} are kept"
    assert model.stopped == wanted
    assert trees_of(model) == trees_of(whole)


def test_an_interrupt_before_the_first_tree_ends_the_fit(spec, monkeypatch) -> None:
    def train(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lightgbm, "train", train)
    with pytest.raises(KeyboardInterrupt) as raised:
        learners.fit(spec({"trees": SMALL}), make_rows())
    assert not isinstance(raised.value, Stopped)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_leafs": 3}, "learner.trees.num_leafs: unknown field; did you mean 'num_leaves'"),
        ({"learning_rate": 0}, "learning_rate: found 0; it must be more than 0"),
        ({"n_trees": "many"}, "n_trees: found 'many'"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], message: str, spec) -> None:
    with pytest.raises(SpecError, match=message):
        learners.fit(spec({"trees": options}), make_rows())
