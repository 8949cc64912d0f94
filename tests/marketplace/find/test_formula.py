from __future__ import annotations

import pytest

from proml_lab.errors import SpecError
from proml_lab.marketplace.find.formula import computed, normal, tokens
from proml_lab.marketplace.view import FeatureView


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a+b", "b  +  a"),
        ("a + (b + c)", "(c + a) + b"),
        ("a * b > 3", "3 < (b * a)"),
        ("a = 1 AND b = 2", "2 = b and (1 = a)"),
        ("ln(1 + a)", "LN(a + 1)"),
        ("a >= b or c", "c OR b <= a"),
        ("case when a > 1 then b + c else d end", "CASE WHEN 1 < a THEN c + b ELSE d END"),
    ],
)
def test_formulas_that_say_the_same(one: str, other: str) -> None:
    assert normal(one) == normal(other)
    first, second = (view(x={"type": "float", "sql": sql}) for sql in (one, other))
    assert computed(first, "x") == computed(second, "x")
    assert tokens(first.feature("x"), "x") == tokens(second.feature("x"), "x")


@pytest.mark.parametrize(
    ("one", "other"),
    [("a - b", "b - a"), ("a / b", "b / a"), ("a < b", "b < a"), ("a + b * c", "(a + b) * c")],
)
def test_formulas_that_do_not(one: str, other: str) -> None:
    assert normal(one) != normal(other)


def view(**features: dict[str, object]) -> FeatureView:
    said = {"view": "a.b", "source": "s", "entities": ["id"], "event_time": "t"}
    return FeatureView.model_validate({**said, "features": features})


def test_a_column_is_itself_however_it_is_said() -> None:
    made = view(
        x={"type": "float"},
        y={"type": "float", "column": "x"},
        z={"type": "float", "sql": "x"},
        other={"type": "float", "column": "with space"},
    )
    assert computed(made, "x") == computed(made, "y") == computed(made, "z")
    assert computed(made, "x") != computed(made, "other")


def test_windows_differ_by_all_that_decides_them() -> None:
    base = {"type": "float", "aggregate": "mean", "of": "a", "window": "7d"}
    changes: list[dict[str, object]] = [
        {}, {"window": "8d"}, {"of": "b"}, {"where": "c > 1"}, {"slide": "1d"}, {"limit": 5},
        {"aggregate": "sum"}, {"aggregate": "quantile", "q": 0.5},
        {"aggregate": "quantile", "q": 0.9},
    ]  # fmt: skip
    made = view(**{f"f{i}": {**base, **change} for i, change in enumerate(changes)})
    assert len({computed(made, name) for name in made.features}) == len(changes)
    same = view(f={**base, "of": "A".lower(), "window": "1w"})
    assert computed(same, "f") == computed(made, "f0")


def test_what_is_no_formula() -> None:
    with pytest.raises(SpecError):
        normal("a +")
