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
computed: float = 3 * 2
n_trees += 0
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
        "computed": "float",
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
    assert (found["computed"].default, found["computed"].text) == (None, "3 * 2")
    constructors = [found[name].constructor for name in ("start", "end", "since")]
    assert constructors == ["date", "dt.date", "dt.date"]


@pytest.mark.parametrize("source", ["n = 2 * 3", "n = {}", "n: dict = {}", "n = date(2013, 13, 1)"])
def test_what_cannot_be_given_from_outside_is_refused(source: str) -> None:
    with pytest.raises(NotebookError, match=r"Parameter 'n' of some.ipynb has no type"):
        one(source)


def test_a_cell_that_is_not_python_is_refused() -> None:
    with pytest.raises(NotebookError, match=r"not plain Python: line 2, '%load_ext x'"):
        declared("n = 1\n%load_ext x", where="some.ipynb")


def test_an_annotation_holds_for_what_is_assigned_later() -> None:
    found = one("n: Annotated[int, Ge(1)]  # rows\nn = 4\n")
    assert (str(found.type), found.type.allowed, found.default) == ("int", "at least 1", 4)
    assert (found.help, found.line) == ("rows", 2)


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
        ("n: tuple[int, int] = (1,)", r"\[1\]; it must have 2 entries"),
    ],
)
def test_a_default_that_is_not_allowed_is_refused(source: str, reason: str) -> None:
    match = f"default of parameter 'n' of some.ipynb is {reason}: line 1 of its parameters cell"
    with pytest.raises(NotebookError, match=match):
        one(source)


def test_every_mistake_in_the_cell_is_named_at_once() -> None:
    with pytest.raises(NotebookError) as caught:
        declared("a: Depth = 3\nb: int | str = 1\nc: int = 'x'\nd: int = 1", where="some.ipynb")
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert [f"line {n} of its" in line for n, line in enumerate(lines[:3], 1)] == [True] * 3
