"""Formulas, against the coordinates that they stand for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from proml_lab import learners
from proml_lab.errors import SpecError
from proml_lab.learners.game.formula import parse
from proml_lab.learners.registry import get
from proml_lab.spec import ModelSpec
from tests.learners.conftest import make_rows

ALL = {"fixed": {}}
NONE = {"fixed": {"features": ()}}


def _random(*entity: str, slopes: tuple[str, ...] = (), **more: bool) -> object:
    of = {"features": slopes, "intercept": True, "correlated": False, **more}
    return {"random": {"entity": entity, **of}}


@pytest.mark.parametrize(
    ("text", "label", "coordinates"),
    [
        ("y ~ .", "y", [ALL]),
        ("~ 1 + (1 | g)", None, [NONE, _random("g")]),
        ("x + x + wind", None, [{"fixed": {"features": ("x", "wind")}}]),
        (
            "late ~ hour + distance + (1 + hour | tailnum) + (1 | dest)",
            "late",
            [
                {"fixed": {"features": ("hour", "distance")}},
                _random("tailnum", slopes=("hour",), correlated=True),
                _random("dest"),
            ],
        ),
        ("y~.+(x|g)", "y", [ALL, _random("g", slopes=("x",), correlated=True)]),
        ("y ~ . + (x + 1 || g)", "y", [ALL, _random("g", slopes=("x",))]),
        ("y ~ . + (0 + x | g)", "y", [ALL, _random("g", slopes=("x",), intercept=False)]),
        ("y ~ . + (1 | a:b)", "y", [ALL, _random("a", "b")]),
        ("y ~ . + (1 | a/b)", "y", [ALL, _random("a"), _random("a", "b")]),
        (
            "`how late` ~ `wind (kn)` + (1 | größe)",
            "how late",
            [{"fixed": {"features": ("wind (kn)",)}}, _random("größe")],
        ),
    ],
)
def test_a_formula_says_its_coordinates(text: str, label: str | None, coordinates: object) -> None:
    found = parse(text)
    assert (found.label, list(found.coordinates)) == (label, coordinates)
    learner = get("game")
    checked = learner.check({"formula": text})
    assert checked["coordinates"] == learner.check({"coordinates": coordinates})["coordinates"]
    assert learner.check(checked) == checked


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "a term is missing"),
        ("y ~ x +", "a term is missing"),
        ("y ~ x + (1 | g", "its brackets do not match"),
        ("y ~ x) + (1 | g", "its brackets do not match"),
        ("y ~ x * z", r"'\*' is not read; terms are added"),
        ("y ~ log(x)", "'log . x .' is no name; a product of features"),
        ("y ~ a:b", "'a : b' is no name; a product of features"),
        ("y ~ 0 + x", "the fixed effect always has an intercept"),
        ("y ~ x + .", "'.' is all features, and others stand"),
        ("y ~ (x)", "brackets hold what varies, one"),
        ("y ~ (1 | a | b)", "brackets hold what varies, one"),
        ("y ~ (. | a)", "'.' stands for fixed features only"),
        ("y ~ (1 | a b)", "after . stands an entity"),
        ("y ~ (1 | a:b/c)", "after . stands an entity"),
        ("y ~ (1 | )", "after . stands an entity"),
        ("y ~ (1 | 7)", "'7' is no name"),
        ("y ~ (1 | g):x", "goes on after its bracket"),
        ("a b ~ x", "'a b' is no name of a label"),
        ("y ~ (0 | g)", "neither an intercept nor features"),
    ],
)
def test_a_formula_that_says_nothing_is_refused(text: str, fact: str) -> None:
    with pytest.raises(SpecError, match=fact):
        get("game").check({"formula": text})


def test_a_formula_and_other_coordinates_are_refused() -> None:
    with pytest.raises(SpecError, match="a formula, and coordinates that say otherwise"):
        get("game").check({"formula": "y ~ x", "coordinates": ["fixed"]})


def test_a_model_of_a_formula_is_that_of_its_coordinates() -> None:
    rows = replace(make_rows(), features=("x", "wind"))
    spec = {"name": "demo", "spine": {"source": "x"}, "split": {"by": "random", "test": 0.01}}
    spec |= {"label": "late"}
    raw = []
    for game in (
        "late ~ x + (1 + wind | carrier)",
        [
            {"fixed": {"features": ["x"]}},
            {"random": {"entity": "carrier", "features": ["wind"], "correlated": True}},
        ],
    ):
        of = ModelSpec.model_validate({**spec, "learner": {"game": game}})
        raw.append(learners.fit(of, rows).raw(rows))
    assert np.array_equal(*raw)
    other = ModelSpec.model_validate({**spec, "learner": {"game": "early ~ x + (1 | carrier)"}})
    with pytest.raises(SpecError, match="it is about 'early', and the label is 'late'"):
        learners.fit(other, rows)
