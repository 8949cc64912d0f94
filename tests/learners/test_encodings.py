from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab import learners
from proml_lab.model import Model
from tests.learners.conftest import make_rows

GAME = {
    "game": [
        {"fixed": {"features": ["x", "wind"]}},
        {"random": {"entity": ["carrier", "seats"], "features": ["x"]}},
    ]
}


def fitted(spec, learner: object, features: tuple[str, ...] = ("carrier", "x", "wind")) -> Model:
    return learners.fit(spec(learner), replace(make_rows(), features=features))


def told(model: Model) -> list[tuple[object, ...]]:
    return model.encoding().select("feature", "part", "type", "levels", "missing").rows()


def test_a_linear_model_says_what_it_does(spec) -> None:
    model = fitted(spec, "linear")
    own = "has an effect of its own"
    assert told(model) == [
        ("carrier", "", "text", 4, own),
        ("x", "", "number", None, "as the mean"),
        ("wind", "", "number", None, own),
    ]
    learnt = make_rows().frame.head(480)
    numbers = model.encoding().tail(2)
    assert np.allclose(numbers["mean"], [learnt["x"].mean(), learnt["wind"].mean()])
    assert np.allclose(numbers["scale"], [learnt["x"].std(ddof=0), learnt["wind"].std(ddof=0)])
    assert model.encoding()["other"][0] == "shares one effect with rare levels"


def test_trees_say_what_they_do(spec) -> None:
    model = fitted(spec, {"trees": {"n_trees": 3}})
    rest = "goes with the levels that a split does not name"
    way = "goes a way of its own at each split"
    assert told(model) == [
        ("carrier", "", "text", 4, rest),
        ("x", "", "number", None, way),
        ("wind", "", "number", None, way),
    ]


def test_game_says_what_its_parts_do(spec) -> None:
    model = fitted(spec, GAME, ("x", "wind"))
    n = make_rows().frame.head(480).select("carrier", "seats").n_unique()
    pair = "carrier, seats"
    assert told(model) == [
        ("x", "fixed", "number", None, "as the mean"),
        ("wind", "fixed", "number", None, "has an effect of its own"),
        (pair, pair, "entity", n, "as one of the middle"),
        ("x", pair, "number", None, "as the mean"),
    ]


def test_the_baseline_does_nothing_to_features(spec) -> None:
    model = fitted(spec, "baseline")
    assert model.encoding().height == model.unseen(make_rows()).height == 0


@pytest.mark.parametrize("learner", ["linear", {"trees": {"n_trees": 3}}])
def test_rows_with_levels_never_seen_are_counted(learner: object, spec, tmp_path: Path) -> None:
    model = fitted(spec, learner)
    frame = make_rows().frame
    assert model.unseen(frame).rows() == [("carrier", "", 0, 0.0, 0, None)]
    odd = pl.Series("carrier", ["c1", "new", "odd", "new", None])
    rows = frame.head(5).with_columns(odd)
    wanted = [("carrier", "", 3, 0.6, 2, "new")]
    assert model.unseen(rows).rows() == model.unseen(rows.to_pandas()).rows() == wanted
    model.save(tmp_path / "m")
    again = learners.load(tmp_path / "m")
    assert again.unseen(rows).rows() == wanted
    assert again.encoding().equals(model.encoding())


def test_rare_levels_have_no_effect_of_their_own(spec) -> None:
    model = fitted(spec, {"linear": {"min_count": 400}})
    assert model.unseen(make_rows())["rows"].to_list() == [600]


def test_entities_never_seen_are_counted(spec) -> None:
    model = fitted(spec, GAME, ("x", "wind"))
    frame = make_rows().frame.head(4).with_columns(seats=pl.Series([1, 2, None, 2]))
    found = model.unseen(frame).row(0)
    assert found[:4] == ("carrier, seats", "carrier, seats", 3, 0.75)
    assert found[5] == f"{frame['carrier'][0]}, 1"
