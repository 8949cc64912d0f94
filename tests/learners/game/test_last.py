"""Models that learn on from a saved one, against Bayes' rule."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset
from proml_lab.errors import ArtifactError, SpecError
from proml_lab.model import Model
from proml_lab.spec import ModelSpec

RANDOM = {"random": {"entity": "g", "features": ["x"]}}


def _rows(entities: range, each: int, seed: int) -> Dataset:
    """Rows of `entities`, and one more, the newest, which is held out."""
    rng = np.random.default_rng(seed)
    entity = np.append(rng.permutation(np.repeat(np.array(entities), each)), entities[0])
    own = np.random.default_rng(7).normal(size=(100, 2))
    x = rng.normal(size=len(entity)) + 0.3
    y = 1 + 0.5 * x + own[entity, 0] + own[entity, 1] * x + rng.normal(size=len(entity))
    at = pl.Series(np.arange(len(y)) == len(y) - 1).cast(pl.Int32).cast(pl.Date)
    frame = pl.DataFrame({"g": entity, "x": x, "y": y, "at": at})
    return Dataset(frame, label="y", cutoff="at", features=("x",))


def _fit(rows: Dataset, *coordinates: object, task: str = "regression", **options: object) -> Model:
    spec = ModelSpec.model_validate(
        {
            "name": "demo",
            "spine": {"source": "x"},
            "label": {"column": "y", "task": task},
            "split": {"by": "time", "test": 1e-9},
            "learner": {"game": {"coordinates": coordinates, "tolerance": 1e-10, **options}},
        }
    )
    return learners.fit(spec, rows)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, str]:
    """A model of entities 0 to 29, and where it is saved."""
    folder = tmp_path_factory.mktemp("models") / "first"
    model = _fit(_rows(range(30), 12, 0), "fixed", RANDOM)
    model.save(folder)
    return model, str(folder)


def test_a_prior_is_brought_up_to_date_by_bayes_rule(first: tuple[Model, str]) -> None:
    """Entities 20 to 39: some go on, some are new, and 0 to 19 stay as they were."""
    last, folder = first
    rows = _rows(range(20, 40), 9, 1)
    prior = {"random": {**RANDOM["random"], "last": "prior"}}
    model = _fit(rows, {"fixed": {"last": "locked"}}, prior, last=folder)
    before, after = last.predictor.effects[1], model.predictor.effects[1]
    assert model.predictor.effects[0] == last.predictor.effects[0]
    assert np.array_equal(after.spread, before.spread)
    assert after.entities["g"].to_list() == list(range(40))
    assert np.array_equal(after.coefficients[:20], before.coefficients[:20])
    assert np.array_equal(after.errors[:20], before.errors[:20])
    assert after.rows.tolist() == [12] * 20 + [21] * 10 + [9] * 10
    frame, noise = rows.frame.head(-1), model.predictor.scale
    rest = frame["y"].to_numpy() - last.predictor.effects[0].raw(frame)
    z = np.column_stack([np.ones(len(frame)), before.slopes["x"].standardised(frame["x"])])
    for g in range(20, 40):
        mine = frame["g"].to_numpy() == g
        mean = before.coefficients[g] if g < 30 else np.zeros(2)
        error = before.errors[g] if g < 30 else np.sqrt(np.diag(before.spread))
        curve = z[mine].T @ z[mine] / noise + np.diag(error**-2)
        found = np.linalg.solve(curve, z[mine].T @ rest[mine] / noise + mean / error**2)
        assert np.allclose(after.coefficients[g], found, atol=1e-5)
        assert np.allclose(after.errors[g], np.sqrt(np.diag(np.linalg.inv(curve))), rtol=1e-5)


@pytest.mark.parametrize("correlated", [False, True])
def test_a_start_ends_where_a_fit_from_nothing_ends(correlated: bool, tmp_path: Path) -> None:
    rows = _rows(range(30), 12, 0)
    random = {"random": {**RANDOM["random"], "correlated": correlated}}
    told: list[list[str]] = [[], []]
    spec = {"name": "demo", "spine": {"source": "x"}, "split": {"by": "time", "test": 1e-9}}
    spec |= {"label": {"column": "y", "task": "regression"}}
    models = []
    for k, options in enumerate(({}, {"last": str(tmp_path / "first")})):
        game = {"coordinates": ["fixed", random], "tolerance": 1e-10, "sweeps": 60, **options}
        of = ModelSpec.model_validate({**spec, "learner": {"game": game}})
        models.append(learners.fit(of, rows, progress=lambda _, w, k=k: told[k].append(w)))
        models[0].save(tmp_path / "first") if k == 0 else None
    assert np.allclose(models[1].raw(rows), models[0].raw(rows), atol=1e-3)
    assert len(told[1]) < len(told[0])


def test_a_locked_effect_stays_while_others_are_learnt(first: tuple[Model, str]) -> None:
    last, folder = first
    rows = _rows(range(25, 40), 20, 2)
    moved = replace(rows, frame=rows.frame.with_columns(pl.col("y") + 2.0))
    model = _fit(moved, "fixed", {"random": {**RANDOM["random"], "last": "locked"}}, last=folder)
    for name in ("coefficients", "errors", "spread"):
        of = [getattr(m.predictor.effects[1], name) for m in (last, model)]
        assert np.array_equal(*of)
    frame = moved.frame.head(-1)
    rest = frame["y"].to_numpy() - model.predictor.effects[1].raw(frame)
    x = np.column_stack([np.ones(len(rest)), frame["x"].to_numpy()])
    wanted = x @ np.linalg.lstsq(x, rest, rcond=None)[0]
    assert np.allclose(model.predictor.effects[0].raw(frame), wanted, atol=0.02)


def test_what_cannot_be_learnt_on_from_is_refused(first: tuple[Model, str], tmp_path: Path) -> None:
    _, folder = first
    rows = _rows(range(5), 9, 0)
    locked = {"random": {"entity": "g", "last": "locked"}}
    with pytest.raises(
        SpecError, match=r"no such coordinate to lock.*\n.*fixed of x; random of g w"
    ):
        _fit(rows, "fixed", locked, last=folder)
    with pytest.raises(SpecError, match=r"game\.1: the last model has no such .*\n.*under last"):
        _fit(rows, "fixed", {"random": {**RANDOM["random"], "last": "prior"}})
    with pytest.raises(SpecError, match="last: prior, which takes the place of l2"):
        _fit(rows, {"random": {"entity": "g", "last": "prior", "l2": 2.0}}, last=folder)
    with pytest.raises(ArtifactError, match="There is no folder"):
        _fit(rows, "fixed", RANDOM, last=str(tmp_path / "none"))
    words = replace(rows, frame=rows.frame.with_columns(pl.format("g{}", "g").alias("g")))
    with pytest.raises(SpecError, match="'g' is String now, and was Int64 for the last model"):
        _fit(words, "fixed", RANDOM, last=folder)
    other = replace(rows, frame=rows.frame.rename({"x": "z"}), features=("z",))
    with pytest.raises(SpecError, match="no feature 'x', which the last one had"):
        _fit(other, {"fixed": {"last": "locked"}}, {"random": {"entity": "g"}}, last=folder)
    linear = ModelSpec.model_validate(
        {
            "name": "demo",
            "spine": {"source": "x"},
            "label": {"column": "y", "task": "regression"},
            "learner": "linear",
            "split": {"by": "random", "test": 0.1},
        }
    )
    learners.fit(linear, rows).save(tmp_path / "linear")
    with pytest.raises(SpecError, match="is not one of learner 'game'"):
        _fit(rows, "fixed", RANDOM, last=str(tmp_path / "linear"))
