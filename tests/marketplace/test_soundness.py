"""What must fit together in a view: each contradiction at its line."""

from __future__ import annotations

import pytest

from proml_lab.document import FieldError, parse
from proml_lab.errors import SpecError
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.soundness import check_names, unfolded
from proml_lab.marketplace.view import FeatureView

ROWS = "view: a.b\nsource: s.parquet\nentities: [k]\n"
DERIVED = "view: a.b\ninputs: {x: c.d.x}\n"
FLOAT = "features: {x: float}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DERIVED + "source: s.parquet\n" + FLOAT, "has a source and inputs; a derived view has"),
        ("view: a.b\n" + FLOAT, "has neither source nor inputs; a derived view has inputs"),
        ("view: a.b\nsource: s\n" + FLOAT, "has a source, but no entities: the columns that"),
        (
            "view: a.b\ninputs: {x-y: c.d.x}\n" + FLOAT,
            "found the name 'x-y'; letters",
        ),
        (ROWS + "known_at: seen\n" + FLOAT, "4: known_at: has known_at, but no event_time"),
        (ROWS + "time_to_live: 6h\n" + FLOAT, "4: time_to_live: has time_to_live, but no event_t"),
        (
            ROWS + "features:\n  n: {type: integer, aggregate: count, window: 1d}\n",
            "5: features.n: feature 'n' has a window, but the view no event_time",
        ),
        (
            ROWS + "features:\n  y: float\n  h: {type: integer, sql: extract(hour from cutoff)}\n",
            "6: features.h: feature 'h' reads cutoff, but the view has no event_time",
        ),
        (
            DERIVED + "features:\n  x: {type: integer, aggregate: count, window: 1d}\n",
            "4: features.x: feature 'x' has a window, but the view no source",
        ),
        (
            DERIVED + "features:\n  y: {type: float, sql: xx + 1}\n",
            "4: features.y: feature 'y' reads 'xx', which is no input; ",
        ),
        *(
            (
                f"{DERIVED}{name}: {value}\n{FLOAT}",
                f"3: {name}: has {name}, but inputs and no source: its inputs have their own",
            )
            for name, value in (
                ("entities", "[k]"),
                ("event_time", "t"),
                ("known_at", "t"),
                ("ties", "t"),
                ("time_to_live", "6h"),
            )
        ),
    ],
)
def test_contradictions_are_told_with_their_line(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(text, FeatureView, name="v.yaml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("v.yaml:")


def test_a_view_without_time_may_have_ties() -> None:
    view = parse(ROWS + "ties: n\n" + FLOAT, FeatureView, name="v.yaml")
    assert (view.ties, view.timed) == ("n", False)


def test_pivots_are_the_features_that_they_stand_for() -> None:
    plain = Feature(type="float")
    pivot = Feature.model_validate(
        {
            "type": "integer",
            "aggregate": "count",
            "window": "1d",
            "by": {"column": "kind", "values": ["a", "b"]},
        }
    )
    assert list(unfolded({"x": plain, "n": pivot})) == ["x", "n_a", "n_b"]
    with pytest.raises(FieldError, match="n by its values makes n_a, which is there already"):
        unfolded({"n_a": plain, "n": pivot})


@pytest.mark.parametrize("name", ["te-mp", "", "1x", 3])
def test_names_are_letters_digits_and_lines(name: object) -> None:
    with pytest.raises(FieldError, match="letters, digits and _ only"):
        check_names(["fine", name])
