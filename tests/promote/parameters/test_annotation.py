"""Types and limits as annotations say them, and what no annotation may say."""

from __future__ import annotations

import ast
import datetime as dt

import pytest
from pydantic import TypeAdapter, ValidationError

from proml_lab.errors import NotebookError, ParameterError
from proml_lab.promote.parameters import Parameter, declared
from proml_lab.promote.parameters.annotation import read


def type_of(text: str) -> str:
    found = read(ast.parse(text, mode="eval").body).type
    return f"{found}" + (f": {found.allowed}" if found.allowed else "")


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        ("int", "int"),
        ("'int | None'", "int or None"),
        ("None | float", "float or None"),
        ("Optional[dt.date]", "date or None"),
        ("Union[str, None]", "str or None"),
        ("typing.Final[bool]", "bool"),
        ("list", "list"),
        ("Sequence[float]", "list of float"),
        ("tuple", "tuple"),
        ("tuple[int, ...]", "tuple of int"),
        ("Tuple[int, str]", "tuple of int, str"),
        ("list[tuple[str, int]]", "list of tuple of str, int"),
        ("Literal['a', 'b', None]", "str or None: one of a, b"),
        ("typing.Literal[4, 6]", "int: one of 4, 6"),
        ("Literal[True]", "bool: one of true"),
        ("Annotated[int, Ge(1), Le(100)]", "int: 1 to 100"),
        ("Annotated[int, Ge(1), Ge(-3), Le(9), Le(100)]", "int: 1 to 9"),
        ("Annotated[float, at.Gt(0), at.Lt(1)]", "float: more than 0 and less than 1"),
        ("Annotated[float, Interval(gt=0, le=1)]", "float: at most 1 and more than 0"),
        ("Annotated[int | None, Field(ge=1, description='rows')]", "int or None: at least 1"),
        ("Annotated[list[int], Len(1, 3)]", "list of int: of length 1 to 3"),
        ("Annotated[str, MinLen(2)]", "str: of length at least 2"),
        ("Annotated[str, MaxLen(2), 'a word']", "str: of length at most 2"),
        ("Annotated[str, Len(3, 3)]", "str: of length 3"),
        ("list[Annotated[int, Ge(0)]]", "list of int: each at least 0"),
        ("Annotated[date, Ge(date(2013, 1, 1))]", "date: at least 2013-01-01"),
        ("Annotated[Annotated[int, Ge(1)], Le(2)]", "int: 1 to 2"),
    ],
)
def test_what_is_understood(annotation: str, said: str) -> None:
    assert type_of(annotation) == said


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        ("dict[str, int]", r"'dict\[str, int\]' is no type of a parameter"),
        ("int | str", r"'int \| str' are several types, and one \(or None\) is needed"),
        ("'not python'", "'not python' is no type of a parameter"),
        ("list[int, str]", r"'list\[int, str\]' is no type of a parameter"),
        ("Literal[1, 'a']", r"the values of \"Literal\[1, 'a'\]\" are not of one plain type"),
        ("Literal[LEVELS]", "'LEVELS' is no plain value"),
        ("Annotated[int, Ge(LOW)]", "'LOW' is no plain value"),
        ("Annotated[int, Ge(2 * 3)]", r"'2 \* 3' is no plain value"),
        ("Annotated[int, Positive]", "'Positive' is no limit"),
        ("Annotated[int, Predicate(odd)]", r"'Predicate\(odd\)' is no limit"),
        ("Annotated[int, Field(multiple_of=2)]", r"'Field\(multiple_of=2\)' is not understood"),
        ("Annotated[int, Field(5, ge=1)]", r"'Field\(5, ge=1\)' is not understood"),
        ("Annotated[int, Ge()]", r"'Ge\(\)' is not understood"),
        ("Annotated[int, Interval(**LIMITS)]", r"'Interval\(\*\*LIMITS\)' is not understood"),
        ("Annotated[int, MinLen(2)]", r"'MinLen\(2\)' does not limit type int"),
        ("Annotated[str, Ge(2)]", r"'Ge\(2\)' does not limit type str"),
        ("Annotated[bool, Ge(0)]", r"'Ge\(0\)' does not limit type bool"),
        ("Annotated[int, Ge(True)]", r"'Ge\(True\)' does not limit type int"),
        ("Annotated[date, Ge(3)]", r"'Ge\(3\)' does not limit type date"),
        ("Annotated[Literal[1, 2], Ge(1)]", r"'Ge\(1\)' does not limit type int"),
    ],
)
def test_what_is_refused_with_its_line(annotation: str, reason: str) -> None:
    match = rf"some.ipynb, line 2 of the parameters cell: the type of 'n' cannot be read: {reason}"
    with pytest.raises(NotebookError, match=match):
        declared(f"# one\nn: {annotation}", where="some.ipynb")


def test_help_is_the_comment_else_the_text_in_the_annotation() -> None:
    source = """
a: Annotated[int, "first"] = 1
b: Annotated[int, Field(description="second", ge=0)] = 1
c: Annotated[int, Doc("third")] = 1
d: Annotated[int, "no"] = 1  # fourth
"""
    assert [p.help for p in declared(source, where="x")] == ["first", "second", "third", "fourth"]


LIMITED = {
    "a": "Annotated[int, at.Ge(1), at.Lt(5)]",
    "b": "Annotated[float, at.Interval(gt=0, le=1)]",
    "c": "Annotated[list[int], at.Len(1, 2)]",
    "d": "Annotated[str, at.MinLen(2)]",
    "e": "Annotated[dt.date, at.Ge(dt.date(2013, 1, 2))]",
    "f": "Literal['x', 'y'] | None",
    "g": "tuple[int, str]",
}
TRIED = [
    *(-1, 0, 1, 4, 5, 0.0, 0.5, 1.0, 1.5, True, None, "x", "xy", "z", [], [1], [1, 2], [1, 2, 3]),
    *([1, "a"], ["a", 1], ["a"], dt.date(2013, 1, 1), dt.date(2013, 1, 2)),
]


@pytest.mark.parametrize("name", LIMITED)
def test_the_same_values_are_allowed_as_pydantic_allows(name: str) -> None:
    (mine,) = declared(f"{name}: {LIMITED[name]}", where="some.ipynb")
    scope: dict[str, object] = {}
    imports = "import annotated_types as at, datetime as dt\nfrom typing import *\n"
    exec(f"{imports}T = {LIMITED[name]}", scope)
    theirs: TypeAdapter[object] = TypeAdapter(scope["T"])
    for value in TRIED:
        given = tuple(value) if isinstance(value, list) and name == "g" else value
        try:
            theirs.validate_python(given, strict=True)
            want = True
        except ValidationError:
            want = False
        assert _allowed(mine, value) == want, (name, value)


def _allowed(parameter: Parameter, value: object) -> bool:
    try:
        parameter.check(value)
    except ParameterError:
        return False
    return True
