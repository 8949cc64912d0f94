from __future__ import annotations

from proml_lab.marketplace.publish.duplicates import duplicates
from proml_lab.marketplace.view import FeatureView


def made(name: str, features: dict[str, object], **fields: object) -> FeatureView:
    both = {"view": name, "source": "s.parquet", "entities": ["k"], "event_time": "t", **fields}
    return FeatureView.model_validate({**both, "features": features})


def test_the_same_formula_over_the_same_rows() -> None:
    new = made("a.new", {"x": {"type": "float", "sql": "p + q"}, "z": "float"})
    there = made("a.old", {"y": {"type": "float", "sql": "P+q"}, "w": "float"})
    (found,) = duplicates(new, [there, new])
    assert (found.feature, found.other) == ("x", "a.old.y")
    assert found.why == "the same formula over the same rows"


def test_the_same_words() -> None:
    new = made("a.new", {"x": {"type": "float", "description": "Rain of  the hour."}})
    there = made(
        "a.old", {"x": {"type": "float", "description": "rain of the hour."}}, source="r.parquet"
    )
    (found,) = duplicates(new, [there])
    assert found.why == "the same name and description"


def test_other_rows_keys_or_clocks_make_another_feature() -> None:
    new = made("a.new", {"x": "float"})
    others = [
        made("a.b", {"x": "float"}, source="r.parquet"),
        made("a.c", {"x": "float"}, entities=["j"]),
        made("a.d", {"x": "float"}, known_at={"delay": "1h"}),
        made("a.e", {"x": {"type": "float", "default": 0.0}}),
        made("a.f", {"x": {"type": "float", "column": "y"}}),
    ]
    assert duplicates(new, others) == ()
