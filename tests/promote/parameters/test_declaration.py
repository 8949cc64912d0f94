"""The `parameters` cell: what it declares."""

from __future__ import annotations

import datetime as dt

import pytest

from proml_lab.errors import NotebookError
from proml_lab.promote.parameters import Parameter, declared

CELL = """
import datetime as dt
from datetime import date
\"\"\"Words.\"\"\"
n_trees: int = 300  # how many trees
rate = 0.1          # step
name: str = "x"     #    carrier
loud = False
days: list[int] = [1, -2]
start = date(2013, 1, 1)
end: dt.date = dt.date(2013, 12, 31)
since = dt.date.fromisoformat("2013-02-03")
share: float = 1
limit: int | None = None  # rows, or all
seed: int
pass
"""


def one(source: str) -> Parameter:
    (found,) = declared(source, where="some.ipynb")
    return found


def test_types_defaults_and_help() -> None:
    found = {p.name: p for p in declared(CELL, where="some.ipynb")}
    assert {name: p.kind for name, p in found.items()} == {
        "n_trees": "int",
        "rate": "float",
        "name": "str",
        "loud": "bool",
        "days": "list",
        "start": "date",
        "end": "date",
        "since": "date",
        "share": "float",
        "limit": "int",
        "seed": "int",
    }
    assert found["n_trees"].help == "how many trees"
    assert found["name"].help == "carrier"
    assert found["loud"].help == ""
    assert found["days"].default == [1, -2]
    assert found["start"].default == dt.date(2013, 1, 1)
    assert found["since"].default == dt.date(2013, 2, 3)
    assert isinstance(found["share"].default, float)
    assert found["limit"].nullable
    assert found["seed"].required
    constructors = [found[name].constructor for name in ("start", "end", "since")]
    assert constructors == ["date", "dt.date", "dt.date"]


@pytest.mark.parametrize("source", ["n = None", "n: dict = None", "n: Depth = 3", "n: dict"])
def test_what_has_no_type_is_refused(source: str) -> None:
    said = "some.ipynb, line 1 of the parameters cell: 'n' has no type that can be given"
    with pytest.raises(NotebookError, match=said):
        one(source)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("n: int = len('abc')", "\"len('abc')\" is no plain value"),
        ("n: int = 2 * 3", "'2 * 3' is no plain value"),
        ("n = {}", "'{}' is no plain value"),
        ("n: str = f'{1}'", "is no plain value"),
        ("n: float = 1e999", "'1e309' is no plain value"),
        ("n: str = '\\ud800'", "is no plain value"),
        ("n: list[int] = [1, m]", "'m' is no plain value"),
        ("n: date = date.today()", "'date.today()' is no plain value"),
        ("n: date = dt.date.fromtimestamp(0)", "'dt.date.fromtimestamp(0)' is no plain value"),
        ("n = date(2013, 13, 1)", "'date(2013, 13, 1)' is no date: month must be in 1..12"),
        ("n = date(2013)", "'date(2013)' is no date: year, month and day are needed"),
        ("n = date(2013, m, 1)", "'date(2013, m, 1)' is no plain value"),
        ("n = date.fromisoformat('2013')", "is no date: Invalid isoformat string: '2013'"),
        (
            "from datetime import datetime as date; n = date(2013, 1, 1)",
            "'date' stands for datetime.datetime, not for a date",
        ),
    ],
)
def test_a_computed_value_is_refused(source: str, reason: str) -> None:
    with pytest.raises(NotebookError, match="the value of 'n' cannot be recorded: ") as caught:
        one(source)
    assert reason in caught.value.message
    assert caught.value.hint.endswith("what is computed goes into the next cell.")


def test_a_tuple_stays_one() -> None:
    found = one("days = (1, 7)")
    assert (found.default, found.source([2])) == ([1, 7], "(2,)")
    assert one("days: list[tuple[int, str]]").source([[1, "a"]]) == "[(1, 'a')]"


def test_the_spelling_of_a_date_is_found_inside_other_types() -> None:
    found = one("days: list[dt.date] | None = None")
    assert found.source([dt.date(2013, 1, 2)]) == "[dt.date(2013, 1, 2)]"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("n: int = 1.5", r"1\.5, not an int"),
        ("n: int = None", "None, not an int"),
        ("n: Annotated[int, Ge(1)] = 0", "0; it must be at least 1"),
        ("n: Literal['a', 'b'] = 'c'", "'c'; it must be one of a, b"),
        ("n: list[int] = [1, 'x']", r"\[1, 'x'\]: entry 2 is 'x', not an int"),
        ("n: date = '2013-11-01'", "'2013-11-01', a text and not a date"),
        ("n: tuple[int, int] = (1,)", r"\[1\]; it must have 2 entries"),
    ],
)
def test_a_default_that_is_not_allowed_is_refused(source: str, reason: str) -> None:
    match = f"some.ipynb, line 1 of the parameters cell: the default of 'n' is {reason}"
    with pytest.raises(NotebookError, match=match):
        one(source)


def test_every_mistake_in_the_cell_is_named_at_once() -> None:
    with pytest.raises(NotebookError) as caught:
        declared("a: Depth = 3\nb: int | str = 1\na += 1\nc: int = 'x'\nd: int = 1", where="x")
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        f"x, line {n} of the parameters cell" for n in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("default", "same"),
    [
        ("n: int = 1_000", True),
        ("n: int = -3", True),
        ("n: float = 1", False),
        ("n: list[int] = (1, 2)", False),
        ("n: tuple[int, ...] = (1,)", True),
        ("n: list[float] = [1.0, 2]", False),
        ("n: dt.date = dt.date(2013, 1, 2)", True),
        ("n: list[date] = ['2013-01-02']", False),
        ("n: str = 'a' \"b\"", True),
        ("n: int | None = None", True),
        ("n: int", True),
    ],
)
def test_a_default_that_makes_another_object_than_its_type_is_known(
    default: str, same: bool
) -> None:
    assert one(default).as_written == same


def test_a_date_in_quotes_is_spelled_as_there() -> None:
    assert one("n: 'dt.date | None' = None").constructor == "dt.date"
