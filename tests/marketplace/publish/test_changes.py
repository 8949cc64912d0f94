from __future__ import annotations

import random

import pytest

from proml_lab.marketplace.publish.changes import changes
from proml_lab.marketplace.view import FeatureView

BASE = {
    "view": "a.b",
    "source": "s.parquet",
    "entities": ["k"],
    "event_time": "t",
    "features": {"x": {"type": "float", "unit": "mm"}, "n": {"type": "integer", "column": "m"}},
}


def made(features: dict[str, object] | None = None, **fields: object) -> FeatureView:
    both = {**BASE, **fields}
    if features is not None:
        both["features"] = {**BASE["features"], **features}  # type: ignore[dict-item]
    return FeatureView.model_validate({key: v for key, v in both.items() if v is not None})


def test_a_view_has_no_changes_against_itself() -> None:
    assert changes(made(), made()) == ()


@pytest.mark.parametrize(
    ("fields", "said", "breaking", "renews"),
    [
        ({"source": "r.parquet"}, "source: s.parquet → r.parquet", True, True),
        ({"entities": {"k": "key"}}, "keys: k → k: key", True, True),
        ({"entities": ["k", "j"]}, "keys: k → k, j", True, True),
        ({"known_at": {"delay": "1h"}}, "known_at: none → 1h after the event", True, True),
        ({"known_at": "seen"}, "known_at: none → seen", True, True),
        ({"mute": {"FH021": "over"}}, "mute: none → FH021: over", False, False),
        ({"time_to_live": "90d"}, "time_to_live: none → 90d", True, True),
        ({"event_time": None}, "event_time: t → none", True, True),
        ({"sensitivity": "personal"}, "sensitivity: internal → personal", True, False),
        ({"sensitivity": "public"}, "sensitivity: internal → public", False, False),
        ({"owner": "ops"}, "owner: none → ops", False, False),
        ({"tags": ["p", "q"]}, "tags: none → p, q", False, False),
        ({"description": "What."}, "description: none → What.", False, False),
        ({"status": "deprecated"}, "is deprecated now", False, False),
        (
            {"status": "deprecated", "successor": "a.c"},
            "is deprecated now; use a.c",
            False,
            False,
        ),
    ],
)
def test_what_the_whole_view_says(
    fields: dict[str, object], said: str, breaking: bool, renews: bool
) -> None:
    (found,) = changes(made(), made(**fields))
    assert (str(found), found.breaking, found.renews) == (said, breaking, renews)
    assert found.feature == ""


X = {"type": "float", "unit": "mm"}


@pytest.mark.parametrize(
    ("features", "said", "breaking", "renews"),
    [
        ({"x": {"type": "integer", "unit": "mm"}}, "x: type: float → integer", True, True),
        ({"x": {"type": "float", "unit": "cm"}}, "x: unit: mm → cm", True, True),
        ({"x": {"type": "float"}}, "x: unit: mm → none", True, True),
        ({"x": {**X, "sql": "x / 10"}}, "x: formula: x → x / 10", True, True),
        ({"x": {**X, "default": 0.0}}, "x: default: none → 0.0", True, True),
        (
            {"x": {**X, "aggregate": "mean", "of": "x", "window": "7d"}},
            "x: formula: x → mean(x) over 7d",
            True,
            True,
        ),
        ({"x": {**X, "sensitivity": "personal"}}, "x: sensitivity: internal → personal", True, 0),
        ({"x": {**X, "sensitivity": "internal"}}, None, False, False),
        ({"x": {**X, "column": "x"}}, None, False, False),
        ({"x": {**X, "description": "It."}}, "x: description: none → It.", False, False),
        ({"x": {**X, "status": "deprecated"}}, "x: is deprecated now", False, False),
        ({"y": {"type": "float", "sql": "x + 1"}}, "y: is new: x + 1", False, True),
        ({"y": {"type": "float"}}, "y: is new", False, True),
    ],
)
def test_what_a_feature_says(
    features: dict[str, object], said: str | None, breaking: bool, renews: bool
) -> None:
    found = changes(made(), made(features))
    if said is None:
        assert found == ()
        return
    (one,) = found
    assert (str(one), one.breaking, one.renews) == (said, breaking, renews)


def test_a_feature_that_goes_breaks() -> None:
    (gone,) = changes(made({"y": {"type": "float"}}), made())
    assert str(gone) == "y: is taken away"
    assert gone.breaking
    assert gone.renews


def test_inputs_of_derived_views() -> None:
    def derived(**inputs: object) -> FeatureView:
        features = {"x": {"type": "float", "sql": "p + 1"}}
        fields = {"view": "a.d", "inputs": {"p": "a.b.x", **inputs}, "features": features}
        return FeatureView.model_validate(fields)

    (one,) = changes(derived(), derived(q={"feature": "a.b.n", "keys": {"k": "home"}}))
    assert str(one) == "inputs: p: a.b.x → p: a.b.x, q: a.b.n by k: home"
    assert one.breaking


@pytest.mark.parametrize("seed", range(10))
def test_whatever_changes_the_meaning_needs_a_new_version(seed: int) -> None:
    """Held against the view's own digest of what decides its values."""
    rng = random.Random(seed)
    for _ in range(30):
        views = [
            made(
                {
                    "x": {
                        "type": rng.choice(["float", "integer"]),
                        "unit": "mm",
                        rng.choice(["column", "sql"]): rng.choice(["x", "z"]),
                        "description": rng.choice(["", "d"]),
                    }
                },
                source=rng.choice(["s.parquet", "r.parquet"]),
                time_to_live=rng.choice([None, "1d", "24h"]),
                owner=rng.choice(["a", "b"]),
            )
            for _ in range(2)
        ]
        # a column and an SQL that only names it are the same values, written in two ways
        plain = [
            view.model_copy(
                update={
                    "features": {
                        name: f.model_copy(update={"sql": view.formula(name), "column": None})
                        for name, f in view.features.items()
                    }
                }
            )
            for view in views
        ]
        differ = plain[0].meaning != plain[1].meaning
        assert any(one.renews for one in changes(*views)) == differ
