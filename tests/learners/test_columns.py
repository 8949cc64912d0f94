from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Caveat, Dataset, Task
from proml_lab.errors import DataError
from proml_lab.learners import columns
from proml_lab.learners.columns import caveats
from proml_lab.magics.answer import as_json
from tests.learners.conftest import make_rows

N = 400
RNG = np.random.default_rng(3)
Y = RNG.random(N) < 0.4
NOISE = RNG.normal(size=N)


def look(
    y: object = Y, task: Task = "binary", apart: tuple[str, ...] = (), **given: object
) -> list[tuple[str, str, str]]:
    """(code, column, words) of a table with the features `given`."""
    frame = pl.DataFrame({**given, "y": pl.Series(y).cast(pl.Float64)})
    dataset = Dataset(frame, label="y", features=tuple(given))
    return [(c.code, c.column, c.words) for c in caveats(dataset, task, apart=apart)]


def test_good_rows_have_no_warning() -> None:
    names = np.array(["a", "b", "c"])[RNG.integers(0, 3, N)]
    gaps = pl.Series(NOISE).set(pl.Series(RNG.random(N) < 0.3), None)
    took = [timedelta(seconds=float(abs(x))) for x in NOISE[::-1]]
    assert look(x=NOISE, names=names, gaps=gaps, flag=RNG.random(N) < 0.5, took=took) == []


@pytest.mark.parametrize(
    "values", [[None] * N, [math.nan] * N, [None, math.nan] * (N // 2), pl.Series([None] * N)]
)
def test_a_column_that_is_always_missing(values: object) -> None:
    assert look(x=values) == [("MW001", "x", "x is missing in all 400 training rows")]


@pytest.mark.parametrize(("value", "said"), [(3, "3"), (2.5, "2.5"), ("a", "a"), (True, "True")])
def test_a_column_of_one_value(value: object, said: str) -> None:
    assert look(x=[value] * N) == [("MW002", "x", f"x is {said} in all 400 training rows")]


def test_a_value_and_gaps_are_two_values() -> None:
    assert look(x=pl.Series([1.0] * N).set(pl.Series(NOISE > 1), None)) == []


def test_a_late_value_makes_a_column_vary() -> None:
    n = columns.LOOKED_AT * 2
    late = np.zeros(n)
    late[-1] = 1.0
    y = np.random.default_rng(1).random(n) < 0.5
    assert look(y=y, late=late) == []
    told = look(y=y, late=late * 0)
    assert told == [("MW002", "late", "late is 0.0 in all 40,000 training rows")]


def test_infinite_values_are_counted() -> None:
    odd = NOISE.copy()
    odd[:3] = np.inf, -np.inf, np.nan
    assert look(x=odd) == [("MW003", "x", "x is infinite in 2 training rows")]


def test_columns_with_the_same_values() -> None:
    whole = RNG.integers(-9, 9, N)
    words = np.array(["a", "b"])[whole % 2]
    told = look(
        a=whole,
        b=whole.astype(float) * -0.0 + whole,
        c=words,
        d=pl.Series(words, dtype=pl.Categorical),
        e=-whole,
        f=[str(w) for w in whole],
    )
    assert told == [
        ("MW004", "b", "b has the values of a in all training rows"),
        ("MW004", "d", "d has the values of c in all training rows"),
    ]


def test_columns_that_differ_in_one_row_are_no_twins() -> None:
    n = columns.LOOKED_AT * 3
    x = np.random.default_rng(2).normal(size=n)
    looked = set(columns._some(n))
    other = x.copy()
    other[next(k for k in range(n) if k not in looked)] = 9.0
    y = np.random.default_rng(1).random(n) < 0.5
    assert look(y=y, x=x, other=other) == []
    assert [code for code, *_ in look(y=y, x=x, other=x)] == ["MW004"]


def test_gaps_are_part_of_what_twins_share() -> None:
    gaps = pl.Series(NOISE).set(pl.Series(NOISE > 0), None)
    assert [c for c, *_ in look(x=gaps, z=gaps.fill_null(math.nan))] == ["MW004"]
    assert look(x=gaps, z=NOISE) == []


def test_text_that_names_rows() -> None:
    names = [f"n{k // 2 if k < 100 else k}" for k in range(N)]
    assert look(x=names) == [("MW005", "x", "x has 350 different texts in 400 training rows")]
    assert look(x=names, apart=("x",)) == []
    assert look(x=[f"n{k // 2}" for k in range(N)]) == []
    assert look(x=[*range(N)][::-1]) == []  # a number may be different in every row


def test_an_entity_with_many_rows_is_no_id_though_few_of_them_are_looked_at() -> None:
    n = columns.LOOKED_AT * 10
    rng = np.random.default_rng(5)
    names = pl.Series(rng.integers(0, n // 5, n)).cast(pl.String)
    assert look(y=rng.random(n) < 0.5, x=names) == []


@pytest.mark.parametrize(
    ("make", "how"),
    [
        (lambda y: y.astype(float), "every value of it has one label"),
        (lambda y: ~y, "every value of it has one label"),
        (lambda y: np.array(["b", "a"])[y.astype(int)], "every value of it has one label"),
        (lambda y: np.where(y, 1, np.where(NOISE > 0, 0, 2)), "every value of it has one label"),
        (lambda y: y + np.abs(NOISE) / 9, "AUC 1.0000"),
        (lambda y: -(y + np.abs(NOISE) / 9), "AUC 1.0000"),
        (lambda y: pl.Series(NOISE).set(pl.Series(y), None), "by where it is missing"),
    ],
)
def test_features_that_tell_a_class(make: Callable[[object], object], how: str) -> None:
    assert look(x=make(Y)) == [("MW006", "x", f"x tells the label y by itself: {how}")]


@pytest.mark.parametrize("task", ["regression", "count"])
def test_features_that_tell_a_number(task: Task) -> None:
    y = np.round(np.exp(RNG.normal(size=N) + 3)) if task == "count" else RNG.normal(size=N)
    tells = [("MW006", "x", "x tells the label y by itself: rank correlation 1.0000")]
    assert look(y=y, task=task, x=np.exp(-y / 50)) == tells
    assert look(y=y, task=task, x=y + RNG.normal(size=N)) == []
    code = RNG.integers(0, 5, N)
    by_code = np.array([3.0, 1.0, 4.0, 1.0, 5.0])[code]
    one = [("MW006", "x", "x tells the label y by itself: every value of it has one label")]
    assert look(y=by_code, task=task, x=code.astype(str)) == one


@pytest.mark.parametrize("seed", range(5))
def test_the_auc_is_that_of_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 6, 60).astype(float), (rng.random(60) < 0.4).astype(float)
    pairs = [(a > b) + 0.5 * (a == b) for a in x[y == 1] for b in x[y == 0]]
    assert columns._auc(x, y) == pytest.approx(np.mean(pairs), rel=1e-12)


def test_a_strong_feature_is_no_leak() -> None:
    assert look(x=Y + NOISE / 2) == []


def test_few_rows_are_told_and_never_a_leak() -> None:
    y = np.arange(18) % 2 == 0
    assert look(y=y, x=y) == [("MW007", "", "there are only 18 training rows")]
    assert look(y=NOISE[:40], task="regression", x=NOISE[:40])[0][0] == "MW007"


@pytest.mark.parametrize("one", [True, False])
def test_a_rare_class_is_told(one: bool) -> None:
    y = (np.arange(N) < 9) == one
    assert look(y=y, x=NOISE) == [("MW008", "", f"y is {int(one)} in only 9 of 400 rows")]


def test_rows_of_weight_zero_do_not_count() -> None:
    rows = make_rows(200)
    weight = pl.Series("w", np.arange(200) < 30, dtype=pl.Float64)
    frame = rows.frame.with_columns(weight, pl.col("late").cast(pl.Float64))
    told = caveats(replace(rows, frame=frame, weight="w"), "binary")
    assert [c.words for c in told] == ["there are only 30 training rows"]


def test_types_that_no_learner_reads_are_left_to_it() -> None:
    days = pl.Series([1, 2] * (N // 2)).cast(pl.Date)
    assert look(x=days, z=[[1]] * N) == []


ODD = {"none": pl.lit(None, pl.Float64), "one": pl.lit(1), "again": pl.col("x")}


@pytest.mark.parametrize(
    "learner",
    [
        "baseline",
        "linear",
        {"trees": {"n_trees": 3}},
        {"game": ["fixed", {"random": {"entity": "carrier"}}]},
    ],
)
def test_every_model_carries_its_warnings(learner: object, spec, tmp_path: Path) -> None:
    rows = make_rows()
    rows = replace(rows, frame=rows.frame.with_columns(**ODD), features=(*rows.features, *ODD))
    model = learners.fit(spec(learner), rows)
    assert [c.code for c in model.warnings] == ["MW001", "MW002", "MW004"]
    assert all(isinstance(c, Caveat) and c.hint for c in model.warnings)
    assert repr(model).endswith(", 3 warnings>")
    shown = model._repr_mimebundle_()
    for warning in model.warnings:
        for text in (*shown.values(), as_json(model)):
            assert warning.code in text
            assert warning.words in text
    model.save(tmp_path / "m")
    assert learners.load(tmp_path / "m").warnings == model.warnings
    assert np.isfinite(model.predict(rows)).all()


def test_test_rows_are_not_looked_at(spec) -> None:
    rows = make_rows()
    one = pl.when(pl.int_range(pl.len()) < 480).then(1).otherwise(2)
    rows = replace(rows, frame=rows.frame.with_columns(one=one), features=("x", "one"))
    assert [c.code for c in learners.fit(spec(), rows).warnings] == ["MW002"]


def test_transforms_and_entities_are_looked_at(spec) -> None:
    rows = make_rows()
    name = pl.int_range(pl.len()).cast(pl.String)
    rows = replace(rows, frame=rows.frame.with_columns(name=name), features=("x",))
    game = {"game": ["fixed", {"random": {"entity": "name"}}]}
    model = learners.fit(spec(game, transforms={"again": "x + 0"}), rows)
    assert [(c.code, c.column) for c in model.warnings] == [("MW004", "again")]


def test_five_rows_are_enough_for_a_model_that_warns(spec) -> None:
    rows = make_rows(7)
    frame = rows.frame.with_columns(late=pl.Series([True, False] * 3 + [True]))
    for learner in ("baseline", "linear", {"trees": {"n_trees": 3}}):
        model = learners.fit(spec(learner), replace(rows, frame=frame))
        assert "MW007" in [c.code for c in model.warnings]
        assert np.isfinite(model.predict(frame)).all()


def test_infinite_values_stop_a_linear_model_and_warn_of_trees(spec) -> None:
    rows = make_rows()
    first = pl.int_range(pl.len()) == 0
    frame = rows.frame.with_columns(x=pl.when(first).then(math.inf).otherwise("x"))
    rows = replace(rows, frame=frame)
    with pytest.raises(DataError, match="'x' is infinite in 1 training rows"):
        learners.fit(spec("linear"), rows)
    model = learners.fit(spec({"trees": {"n_trees": 3}}), rows)
    assert [c.code for c in model.warnings] == ["MW003"]
