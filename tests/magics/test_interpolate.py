from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from proml_lab.errors import UsageError
from proml_lab.magics.interpolate import text, words

NAMES: dict[str, object] = {
    "n": 3,
    "name": "two words",
    "picked": ["a.b", "c.d"],
    "tags": {"z", "y"},
    "nothing": None,
    "day": date(2013, 11, 1),
    "array": np.array([1.5, 2.0]),
    "table": {"k": {"x": 1}},
    "thing": object(),
}


@pytest.fixture
def evaluate() -> Callable[[str], object]:
    return lambda expression: eval(expression, {}, NAMES)


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("fit gbm", ["fit", "gbm"]),
        ("--row {{n}}", ["--row", "3"]),
        ("--row {{ n + 1 }} x", ["--row", "4", "x"]),
        ("features {{name}}", ["features", "two words"]),
        ("--set a={{n}} b", ["--set", "a=3", "b"]),
        ("--features {{picked}}", ["--features", "a.b,c.d"]),
        ("{{tags}}", ["y,z"]),
        ("x{{nothing}}y", ["xy"]),
        ("{{table['k']['x']}}", ["1"]),
        ("{{ {'a': {'b': 7}}['a']['b'] }}", ["7"]),
        ("{{n}}{{n}}", ["33"]),
        ("'{{name}} more'", ["two words more"]),
    ],
)
def test_words(line: str, want: list[str], evaluate: Callable[[str], object]) -> None:
    assert words(line, evaluate) == want


@pytest.mark.parametrize(
    ("cell", "want"),
    [
        ("a: {{n}}", "a: 3"),
        ("a: {b: {{n}}}", "a: {b: 3}"),
        ("name: {{name}}", "name: two words"),
        ("from: {{day}}", "from: 2013-11-01"),
        ("f: {{picked}}", 'f: ["a.b", "c.d"]'),
        ("f: {{tags}}", 'f: ["y", "z"]'),
        ("f: {{[day]}}", 'f: ["2013-11-01"]'),
        ("f: {{array}}", "f: [1.5, 2.0]"),
        ("f: {{nothing}}", "f: null"),
        ("no braces { here }", "no braces { here }"),
    ],
)
def test_text(cell: str, want: str, evaluate: Callable[[str], object]) -> None:
    assert text(cell, evaluate) == want


@pytest.mark.parametrize("line", ["{{}}", "{{n", "{{1 +}}", "{{a b}} {{n}"])
def test_what_is_no_expression(line: str, evaluate: Callable[[str], object]) -> None:
    with pytest.raises(UsageError, match="does not hold one Python expression"):
        words(line, evaluate)


def test_a_value_that_no_document_can_hold(evaluate: Callable[[str], object]) -> None:
    with pytest.raises(UsageError, match="A object cannot stand in a document"):
        text("a: {{thing}}", evaluate)


def test_an_error_of_the_expression_is_the_users_own(evaluate: Callable[[str], object]) -> None:
    with pytest.raises(NameError):
        words("{{absent}}", evaluate)
