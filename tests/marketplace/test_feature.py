"""Features: what may be written of one, and what it stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import SpecError
from proml_lab.marketplace.view import FeatureView

HEAD = "view: g.a\nsource: s.parquet\nentities: [k]\nevent_time: t\nfeatures:\n"


def read(folder: Path, features: str) -> FeatureView:
    (folder / "view.yaml").write_text(HEAD + features, encoding="utf-8")
    return FeatureView.read(folder / "view.yaml")


def test_a_pivot_is_one_feature_for_each_value(tmp_path: Path) -> None:
    view = read(
        tmp_path,
        """\
  n_7d: {type: integer, aggregate: count, window: 7d, where: x > 0, description: Orders,
         by: {column: kind, values: [Film-Noir, "it's", 3, true, 李]}}
  mean: {type: float, aggregate: mean, of: x, window: 7d,
         by: {column: kind, values: {good: a, bad: b}}}
""",
    )
    assert {name: view.formula(name) for name in view.features} == {
        "n_7d_film_noir": "count() over 7d where (x > 0) and (kind = 'Film-Noir')",
        "n_7d_it_s": "count() over 7d where (x > 0) and (kind = 'it''s')",
        "n_7d_3": "count() over 7d where (x > 0) and (kind = 3)",
        "n_7d_true": "count() over 7d where (x > 0) and (kind = true)",
        "n_7d_李": "count() over 7d where (x > 0) and (kind = '李')",
        "mean_good": "mean(x) over 7d where kind = 'a'",
        "mean_bad": "mean(x) over 7d where kind = 'b'",
    }
    assert view.about("n_7d_3") == "Orders (3)"
    lines = {name: view.places.line(("features", name)) for name in view.features}
    assert lines["n_7d_it_s"] == lines["mean_bad"] - 2 == HEAD.count("\n") + 1
    assert view.feature("n_7d_3").reads("n_7d_3") == ("x", "kind")


def test_formulas_and_words_of_aggregates(tmp_path: Path) -> None:
    view = read(
        tmp_path,
        """\
  q: {type: float, aggregate: quantile, q: 0.9, of: x, window: 30d, slide: 1d}
  last: {type: string, aggregate: last, of: s, window: all, limit: 5, where: x > 0}
  n: {type: integer, aggregate: distinct, of: s, window: 7d}
  m: {type: float, aggregate: quantile, q: 0.5, of: x, window: 7d, slide: 6h, limit: 1}
  k: {type: integer, aggregate: count, of: x, window: 1h, where: x > 0}
""",
    )
    assert view.formula("q") == "quantile(x, 0.9) over 30d every 1d"
    assert view.formula("last") == "last(s) over all newest 5 where x > 0"
    assert view.formula("n") == "distinct(s) over 7d"
    assert [view.about(name) for name in view.features] == [
        "0.9 quantile of x in the 30d before the last midnight (UTC).",
        "Last value of s over the newest 5 rows where x > 0, at any time until the cutoff.",
        "Number of different values of s in the 7d before the cutoff.",
        "Median of x over the newest row, in the 7d before the last whole multiple of 6h (UTC).",
        "Number of values of x where x > 0, in the 1h before the cutoff.",
    ]


@pytest.mark.parametrize(
    ("feature", "told"),
    [
        ("{type: float, aggregate: quantile, of: x, window: 1d}", "f: quantile needs 'q', such as"),
        ("{type: float, aggregate: mean, of: x, q: 0.5, window: 1d}", "f: has q, which says which"),
        ("{type: float, aggregate: quantile, q: 2, of: x, window: 1d}", "f.q: found 2; it must be"),
        ("{type: float, q: 0.5}", "f: has q without aggregate"),
        ("{type: float, slide: 1d, limit: 2}", "f: has slide and limit without aggregate"),
        ("{type: integer, aggregate: count, window: 1d, limit: 0}", "f.limit: found 0; it must be"),
        ("{type: float, aggregate: distinct, of: x, window: 1d}", "f: distinct is integer, found "),
        ("{type: integer, aggregate: quantile, q: 0, of: x, window: 1d}", "f: quantile is float, "),
        ("{type: integer, aggregate: last, window: 1d}", "f: last needs 'of', the column to aggre"),
        ("{type: integer, aggregate: last, of: x}", "f: last needs a window, such as 7d, or all"),
        ("{type: integer, aggregate: count, window: 1d, by: {column: cutoff, values: [1]}}",
         "f: an aggregate cannot read the cutoff"),
        ("{type: integer, aggregate: count, window: 1d, by: {column: x, values: []}}",
         "f.by.values: at least 1 entry is needed"),
        ("{type: integer, aggregate: count, window: 1d, by: {column: x, values: [a-b, a b]}}",
         ": two values of by would be called f_a_b; name them"),
        ("{type: float, by: {column: x, values: [1]}}", "f: has by without aggregate"),
        ("{type: float, default: many}", "f: has the default 'many', which is no float"),
        ("{type: integer, default: 0.5}", "f: has the default 0.5, which is no integer"),
        ("{type: integer, default: true}", "f: has the default True, which is no integer"),
        ("{type: boolean, default: 1}", "f: has the default 1, which is no boolean"),
        ("{type: string, default: 1}", "f: has the default 1, which is no string"),
        ('{type: date, default: "2024-01-01"}', "f: has the default '2024-01-01', which is no dat"),
        ("{type: 'vector[2]', default: [0.0]}", r"f: has the default [0.0], which is no vector[2"),
        ("{type: 'list[string]', default: [1]}", "f: has the default [1], which is no list[string"),
        ("{type: 'vector[0]'}", "f.type: found 'vector[0]', did you mean 'vector[64]'"),
        ("{type: 'list[list[float]]'}", "f.type: found 'list[list[float]]', allowed are float"),
        ("{type: integer, default: 10000000000000000000}", "f: has the default 10000000000"),
        ("{type: float, column: ''}", "f.column: found ''; string should have at least 1 char"),
        ("{type: integer, aggregate: count, window: 1d, limit: 9000000000000000000}", "it must"),
        ("{type: money}", "f.type: found 'money', allowed are float, integer, string, boolean, ti"),
        ("{type: float, status: gone}", "f.status: found 'gone', allowed are 'draft', 'active' or"),
        ("{type: float, sensitivity: secret}", "f.sensitivity: found 'secret', allowed are 'publi"),
    ],
)  # fmt: skip
def test_mistakes_in_a_feature(tmp_path: Path, feature: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, f"  f: {feature}\n")
    assert told in caught.value.message
    assert caught.value.message.startswith(f"{tmp_path}/view.yaml:")


@pytest.mark.parametrize(
    ("kind", "default"),
    [("float", 1), ("float", 0.5), ("integer", 0), ("boolean", False), ("string", ""),
     ("vector[2]", (0.0, 1)), ("list[string]", ()), ("list[integer]", (1, 2))],
)  # fmt: skip
def test_defaults_that_fit(kind: str, default: object) -> None:
    view = FeatureView.model_validate(
        {
            "view": "g.a",
            "source": "s",
            "entities": ["k"],
            "features": {"f": {"type": kind, "default": default}},
        }
    )
    assert view.feature("f").default == default


def test_a_name_made_by_a_pivot_is_not_given_twice(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="n by its values makes n_a, which is there already"):
        read(
            tmp_path,
            "  n: {type: integer, aggregate: count, window: 1d, by: {column: x, values: [a]}}\n"
            "  n_a: float\n",
        )


def test_what_features_have_of_their_view() -> None:
    view = FeatureView.model_validate(
        {
            "view": "g.a", "source": "s", "entities": ["k"], "sensitivity": "personal",
            "status": "draft",
            "features": {"a": "float", "b": {"type": "float", "sensitivity": "public",
                                             "status": "deprecated"}},
        }
    )  # fmt: skip
    assert [view.sensitivity_of(name) for name in "ab"] == ["personal", "public"]
    assert [view.status_of(name) for name in "ab"] == ["draft", "deprecated"]


def test_the_meaning_is_what_decides_values() -> None:
    said: dict[str, object] = {"view": "g.a", "source": "s", "entities": ["k"]}
    plain = FeatureView.model_validate({**said, "features": {"a": "float"}})
    words = FeatureView.model_validate(
        {**said, "owner": "team", "description": "…", "tags": ["x"], "version": 2,
         "sensitivity": "public", "status": "draft",
         "features": {"a": {"type": "float", "unit": "m", "owner": "me", "description": "…"}}}
    )  # fmt: skip
    assert words.meaning == plain.meaning
    assert words.digest != plain.digest
    for change in (
        {"source": "other"}, {"entities": {"k": "key"}}, {"event_time": "t"},
        {"features": {"a": "integer"}}, {"features": {"a": {"type": "float", "default": 0}}},
        {"features": {"a": {"type": "float", "column": "b"}}}, {"view": "g.b"},
    ):  # fmt: skip
        other = FeatureView.model_validate({**said, "features": {"a": "float"}, **change})
        assert other.meaning != plain.meaning


@pytest.mark.parametrize("length", ["36525d", "876600h", "5218w"])
def test_a_length_of_a_hundred_years_is_no_other_word_for_all(length: str) -> None:
    from proml_lab.duration import ALL, read_duration

    with pytest.raises(ValueError, match="less than 100 years, or all"):
        read_duration(length)
    assert read_duration("all") == ALL
