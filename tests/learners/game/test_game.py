"""GAME as a whole: against closed forms, and as a learner among others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset
from proml_lab.errors import ColumnMissingError, DataError, SpecError
from proml_lab.model import Model
from proml_lab.plots.entities import caterpillar
from proml_lab.spec import ModelSpec
from tests.learners.conftest import make_rows

SPEC = {"name": "demo", "spine": {"source": "x"}, "split": {"by": "random", "test": 0.01}}
GAME = [{"fixed": {}}, {"random": {"entity": "carrier"}}]


def _fit(rows: Dataset, game: object, **label: object) -> Model:
    label = {"column": rows.label, **label}
    spec = ModelSpec.model_validate({**SPEC, "label": label, "learner": {"game": game}})
    return learners.fit(spec, rows)


def _balanced(groups: int, each: int, seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(groups), each)
    y = 3 + 2.0 * rng.normal(size=groups)[entity] + 1.5 * rng.normal(size=groups * each)
    frame = pl.DataFrame({"g": entity, "y": y, "zero": 0.0})
    return Dataset(frame, label="y", features=("zero",))


def test_variances_of_a_balanced_design_are_those_of_the_closed_form() -> None:
    """One-way layout: Searle, Casella and McCulloch, Variance Components (1992), 3.6."""
    groups, each = 60, 8
    rows = _balanced(groups, each, 0)
    spec = ModelSpec.model_validate(
        {
            **SPEC,
            "label": {"column": "y", "task": "regression"},
            "split": {"by": "random", "test": 1e-9},
            "learner": {
                "game": {
                    "coordinates": ["fixed", {"random": {"entity": "g"}}],
                    "tolerance": 1e-12,
                    "sweeps": 500,
                }
            },
        }
    )
    from proml_lab.learners.registry import get

    learner = get("game")
    given = replace(rows, features=("zero", "g"))
    found = learner.fit(
        given, task="regression", options=learner.check(spec.learner.options), seed=0
    )
    y = rows.frame["y"].to_numpy().reshape(groups, each)
    within = y.var(axis=1, ddof=0).sum() * each / (groups * (each - 1))
    between = y.mean(axis=1).var()  # likelihood, not restricted: over all groups
    fixed, random = found.effects
    assert found.scale == pytest.approx(within, rel=5e-3)
    assert random.spread[0, 0] == pytest.approx(between - within / each, rel=1e-2)
    assert fixed.base == pytest.approx(y.mean(), rel=1e-6)
    shrunk = random.spread[0, 0] / (random.spread[0, 0] + found.scale / each)
    assert np.allclose(random.coefficients[:, 0], shrunk * (y.mean(axis=1) - y.mean()), atol=1e-3)
    unsure = 1 / (1 / random.spread[0, 0] + each / found.scale)
    assert np.allclose(random.errors[:, 0], np.sqrt(unsure), rtol=1e-3)


@pytest.mark.parametrize(
    ("task", "column"), [("binary", "late"), ("regression", "delay"), ("count", "n_calls")]
)
def test_it_is_a_learner_as_others_are(task: str, column: str, tmp_path: Path) -> None:
    game = [
        {"fixed": {"features": ["x", "wind", "weekend"]}},
        {"random": {"entity": "carrier", "features": ["x"], "correlated": True}},
        {"random": {"entity": ["carrier", "weekend"], "l2": 3.0}},
    ]
    rows = replace(make_rows(), label=column, features=("x", "wind", "weekend"))
    model = _fit(rows, game, task=task)
    assert model.features == ("x", "wind", "weekend", "carrier")
    scored = model.raw(rows)
    why = model.contributions(rows)
    assert np.allclose(why.base + why.values.sum(axis=1), scored, atol=1e-9)
    again = _fit(rows, game, task=task)
    assert np.array_equal(again.raw(rows), scored)
    model.save(tmp_path / "m")
    assert np.array_equal(learners.load(tmp_path / "m").raw(rows), scored)
    again.save(tmp_path / "again")
    for path in (tmp_path / "m").rglob("*"):
        if path.is_file():
            other = tmp_path / "again" / path.relative_to(tmp_path / "m")
            assert path.read_bytes() == other.read_bytes(), path.name
    summary = model.summary()
    assert summary["effect"].unique(maintain_order=True).to_list() == [
        "fixed",
        "carrier",
        "carrier, weekend",
    ]


def test_it_beats_what_knows_no_entities() -> None:
    rng = np.random.default_rng(0)
    entity = rng.integers(0, 300, 6000)
    score = rng.normal(0, 1.2, 300)[entity] + 0.5 * rng.normal(size=6000)
    frame = pl.DataFrame({"g": [f"g{k}" for k in entity], "x": rng.normal(size=6000)}).with_columns(
        y=pl.Series(rng.random(6000) < 1 / (1 + np.exp(-score)))
    )
    rows = Dataset(frame, label="y", features=("x",))
    spec = {**SPEC, "label": "y", "split": {"by": "random", "test": 0.2}}
    loss = {}
    for learner in ("linear", {"game": ["fixed", {"random": {"entity": "g"}}]}):
        model = learners.fit(ModelSpec.model_validate({**spec, "learner": learner}), rows)
        y, raw = model.test.frame["y"].cast(float).to_numpy(), model.raw(model.test)
        loss[model.learner] = (np.logaddexp(0, raw) - y * raw).mean()
    assert loss["game"] < loss["linear"] - 0.08


def test_an_entity_never_seen_or_null_scores_as_the_middle_one() -> None:
    rows = make_rows()
    model = _fit(replace(rows, features=("x",)), GAME)
    asked = pl.DataFrame({"x": [0.3, 0.3, 0.3], "carrier": ["c0", "new", None]})
    fixed = model.predictor.effects[0].raw(asked)
    assert np.array_equal(model.raw(asked)[1:], fixed[1:])
    assert model.raw(asked)[0] != fixed[0]


def test_a_random_effect_says_what_it_knows_of_each_entity() -> None:
    rows = make_rows()
    game = ["fixed", {"random": {"entity": "carrier", "features": ["x"]}}]
    model = _fit(replace(rows, features=("x",)), game)
    effect = model.predictor.effects[1]
    found = effect.frame()
    names = ["carrier", "term", "coefficient", "error", "low", "high", "rows"]
    assert found.columns == names
    assert found.height == 2 * len(effect.entities)
    assert found["carrier"].unique().sort().to_list() == effect.entities["carrier"].to_list()
    slopes = found.filter(term="x")
    assert np.array_equal(slopes["coefficient"], effect.coefficients[:, 1])
    assert np.array_equal(slopes["rows"], effect.rows)
    width = (found["high"] - found["low"]).to_numpy()
    assert np.allclose(width, 2 * 1.96 * effect.errors.ravel(), rtol=1e-4)
    picture = caterpillar(slopes)
    assert list(picture.data[0].x) == sorted(slopes["coefficient"], reverse=True)[:40]


def test_only_so_many_rows_of_an_entity_are_learnt_from() -> None:
    rows = replace(make_rows(), features=("x",))
    bounded = [{"fixed": {}}, {"random": {"entity": "carrier", "l2": 1.0, "max_rows": 50}}]
    loose = [{"fixed": {}}, {"random": {"entity": "carrier", "l2": 1.0, "max_rows": 10_000}}]
    plain = [{"fixed": {}}, {"random": {"entity": "carrier", "l2": 1.0}}]
    some, all_rows, free = (_fit(rows, game).raw(rows) for game in (bounded, loose, plain))
    assert np.array_equal(all_rows, free)
    assert 0.001 < np.abs(some - free).max() < 1.0
    assert np.array_equal(some, _fit(rows, bounded).raw(rows))


def test_entities_with_few_rows_get_no_coefficients() -> None:
    rows = make_rows()
    frame = rows.frame.with_columns(
        carrier=pl.when(pl.int_range(pl.len()) < 9).then(pl.lit("rare")).otherwise("carrier")
    )
    rows = replace(rows, frame=frame, features=("x",))
    model = _fit(rows, [{"fixed": {}}, {"random": {"entity": "carrier", "min_rows": 10}}])
    effect = model.predictor.effects[1]
    place = effect.entities["carrier"].to_list().index("rare")
    assert not effect.coefficients[place].any()
    assert np.delete(effect.coefficients, place, axis=0).any()


@pytest.mark.parametrize(
    ("game", "message"),
    [
        ([], "there is no coordinate"),
        (["fixed", "fixed"], "there are two fixed coordinates"),
        ([{"random": {"entity": []}}], "names no column"),
        ([{"random": {"entity": "a"}}, {"random": {"entity": ["a"]}}], "two random coordinates"),
        ([{"random": {"entity": "a", "l2": 0.0}}], "it must be above 0, or auto"),
        ([{"random": {"entity": "a", "intercept": False}}], "neither an intercept nor features"),
        ([{"random": {"entity": "a", "l2": 1.0, "correlated": True}}], "correlated, which is for"),
        ([{"trunk": {}}], "trunk"),
        ([3], "give one of fixed or random"),
    ],
)
def test_coordinates_that_make_no_sense_are_refused(game: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        _fit(make_rows(), game)


def test_what_a_coordinate_names_has_to_be_there() -> None:
    with pytest.raises(SpecError, match=r"game\.1: the model has no feature 'wnd'"):
        _fit(make_rows(), ["fixed", {"random": {"entity": "carrier", "features": ["wnd"]}}])
    with pytest.raises(ColumnMissingError, match="'game' reads the column 'tail'"):
        _fit(make_rows(), ["fixed", {"random": {"entity": "tail"}}])
    rows = replace(make_rows(), features=("x", "carrier"))
    with pytest.raises(DataError, match="'carrier' is text: a random effect has slopes of"):
        _fit(rows, ["fixed", {"random": {"entity": "seats", "features": ["carrier"]}}])


def test_an_interrupt_keeps_the_sweeps_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def progress(part: float, words: str) -> None:
        told.append(words)
        if words.startswith("sweep 2"):
            raise KeyboardInterrupt

    spec = ModelSpec.model_validate(
        {**SPEC, "label": "late", "learner": {"game": {"coordinates": GAME, "tolerance": 1e-15}}}
    )
    rows = replace(make_rows(), features=("x",))
    model = learners.fit(spec, rows, progress=progress)
    assert model.stopped == "stopped after 2 of at most 30 sweeps"
    assert np.isfinite(model.raw(rows)).all()
    assert [words.split(":")[0] for words in told] == ["sweep 1", "sweep 2"]


def test_sweeps_that_still_gain_are_told() -> None:
    rows, told = replace(make_rows(), features=("x",)), {}
    for sweeps in (1, 200):
        game = {"coordinates": GAME, "sweeps": sweeps}
        spec = ModelSpec.model_validate({**SPEC, "label": "late", "learner": {"game": game}})
        last: list[str] = []
        learners.fit(spec, rows, progress=lambda _, words, last=last: last.append(words))
        told[sweeps] = last[-1]
    assert told[1] == "1 sweep, still gaining: raise sweeps"
    assert told[200].endswith(" sweeps")
