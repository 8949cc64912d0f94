"""Values of one parameter, typed or given from Python."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from proml_lab.errors import ParameterError
from proml_lab.promote.parameters import Parameter, Value, declared


def one(source: str) -> Parameter:
    (found,) = declared(source, where="some.ipynb")
    return found


@pytest.mark.parametrize(
    ("source", "text", "value"),
    [
        ("n: int = 1", " 4 ", 4),
        ("n: float = 1", "1e-3", 1e-3),
        ("n: str = ''", " as is ", " as is "),
        ("n = True", "No", False),
        ("n = []", "1, b, 2.5", [1, "b", 2.5]),
        ("n = []", "[1, [2]]", [1, [2]]),
        ("n: date", "2013-11-01", dt.date(2013, 11, 1)),
        ("n: int | None = None", "none", None),
        ("n: Optional[float] = None", "2", 2.0),
        ("n: list[int]", "1, 2", [1, 2]),
        ("n: list[str]", "[1, 02]", ["1", "02"]),
        ("n: list[float | None]", "1e-3, null", [1e-3, None]),
        ("n: list[date]", "2013-11-01", [dt.date(2013, 11, 1)]),
        ("n: tuple[str, tuple[int, ...]]", "[a, [1, 2]]", ["a", [1, 2]]),
        ("n: Literal['a', 'none'] | None", "none", "none"),
        ("n: Literal['a', 'b']", " b ", "b"),
        ("n: Literal[4, 6]", "6", 6),
    ],
)
def test_typed_text_becomes_a_value(source: str, text: str, value: Value) -> None:
    assert one(source).read(text) == value


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("n: int = 1", "4.0"),
        ("n: float = 1", "much"),
        ("n = True", "perhaps"),
        ("n = []", "[1"),
        ("n = []", "{a: 1}, x"),
        ("n: date", "1 May"),
        ("n: list[int]", "{a: 1}"),
    ],
)
def test_text_of_another_type_is_refused(source: str, wrong: str) -> None:
    with pytest.raises(
        ParameterError, match=r"Parameter 'n' is .*, not an? \w+.\nHint: such as n="
    ):
        one(source).read(wrong)


@pytest.mark.parametrize(
    ("source", "given_", "value"),
    [
        ("n: int = 1", np.int64(4), 4),
        ("n: float = 1", 3, 3.0),
        ("n = []", (1, "a"), [1, "a"]),
        ("n: date", "2013-11-01", dt.date(2013, 11, 1)),
        ("n: int | None", None, None),
    ],
)
def test_values_are_taken_as_their_type(source: str, given_: object, value: Value) -> None:
    got = one(source).check(given_)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("n: int = 1", True),
        ("n: int = 1", 1.0),
        ("n: int = 1", None),
        ("n: float = 1", "1"),
        ("n: str = ''", 1),
        ("n = True", 1),
        ("n = []", {"a": 1}),
        ("n = []", [object()]),
        ("n: date", dt.datetime(2013, 1, 1, tzinfo=dt.UTC)),
        ("n: str = ''", b"x" * 90),
    ],
)
def test_values_of_another_type_are_refused(source: str, wrong: object) -> None:
    with pytest.raises(ParameterError, match=r"Parameter 'n' is "):
        one(source).check(wrong)


@pytest.mark.parametrize(
    ("source", "wrong", "said"),
    [
        ("n: Annotated[int, Ge(1), Le(9)] = 3", "0", r"'0'; it must be 1 to 9.\nHint: such as n=3"),
        ("n: Annotated[int, Gt(900)]", "0", r"'0'; it must be more than 900.\nHint: such as n=901"),
        ("n: Annotated[int, Lt(0)]", "0", r"'0'; it must be less than 0.\nHint: such as n=-1\."),
        (
            "n: Annotated[float, Le(0)]",
            "nan",
            r"'nan'; it cannot be kept as JSON: .* needed.\nHint: such as n=0",
        ),
        ("n: list", "[.inf]", r"not a list.\nHint: such as"),
        ("n: str", "a\ud800", "it cannot be kept as JSON"),
        ("n: Annotated[date, Gt(date(2014, 1, 1))]", "2014-01-01", "such as n=2014-01-02"),
        ("n: Annotated[str, MinLen(5)]", "abc", r"of length at least 5.\nHint: such as n=ttttt"),
        ("n: Annotated[list[int], Len(3, 3)]", "1", r"it must be of length 3.\nHint: such as n=\["),
        ("n: Literal['fast', 'well']", "fats", r"one of fast, well.\nHint: did you mean 'fast'"),
        ("n: list[int]", "1, b", r"'1, b': entry 2 is 'b', not an int"),
        ("n: list[Annotated[int, Ge(0)]]", "1, -2", r"entry 2 is '-2'; it must be at least 0"),
        ("n: tuple[int, str]", "1", r"'1'; it must have 2 entries"),
    ],
)
def test_what_breaks_a_limit_is_told_with_the_limit(source: str, wrong: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        one(source).read(wrong)


@pytest.mark.parametrize(
    ("source", "example"),
    [
        ("n: int", "300"),
        ("n: int | None = None", "300"),
        ("n: bool", "true"),
        ("n: Annotated[int, Le(-5)]", "-5"),
        ("n: list[str]", "['text', 'text']"),
        ("n: Annotated[int, Ge(5), Le(4)]", "…"),
    ],
)
def test_an_example_is_a_value_that_would_do(source: str, example: str) -> None:
    assert one(source).example == example
