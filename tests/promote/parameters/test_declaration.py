"""The `parameters` cell: what it declares, and which values it takes."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proml_lab.errors import NotebookError, ParameterError
from proml_lab.promote.parameters import Parameter, Value, bind, cell, declared

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


def test_every_mistake_is_named_at_once() -> None:
    parameters = declared("n: int\nrate = 0.1", where="some.ipynb")
    with pytest.raises(ParameterError) as caught:
        bind(parameters, {"rate": "fast", "rat": 1}, where="some.ipynb")
    first, second, third, hint = str(caught.value).splitlines()
    assert "'rate' is 'fast', not a float" in first
    assert "some.ipynb has no parameter 'rat'." in second
    assert "Parameter 'n' of some.ipynb is missing." in third
    assert hint == "Hint: such as rate=0.1; did you mean 'rate'?; give n=300."
    with pytest.raises(ParameterError, match="its parameters cell declares none"):
        bind((), {"n": 1}, where="some.ipynb")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(values)
def test_the_cell_makes_the_value_again(value: Value) -> None:
    parameter = Parameter("n", "list", constructor="dt.date")
    namespace: dict[str, object] = {"dt": dt}
    exec(cell([parameter], {"n": value}), namespace)
    assert same(namespace["n"], value)


def same(left: object, right: object) -> bool:
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(right):
        return math.isnan(left)
    return type(left) is type(right) and left == right
