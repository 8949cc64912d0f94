"""Values for all parameters at once, and the cell that sets them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proml_lab.errors import ParameterError, SpecError
from proml_lab.promote.parameters import (
    Given,
    Parameter,
    Type,
    Unread,
    Value,
    bind,
    cell,
    declared,
    read,
)


def test_every_mistake_is_named_at_once() -> None:
    parameters = declared("n: int\nrate = 0.1", where="some.ipynb")
    with pytest.raises(ParameterError) as caught:
        bind(parameters, {"rate": "fast", "rat": 1}, where="some.ipynb")
    assert str(caught.value).splitlines() == [
        "Parameter 'rate' is 'fast', not a float (such as rate=0.1).",
        "some.ipynb has no parameter 'rat' (did you mean 'rate'?).",
        "Parameter 'n' of some.ipynb is missing (give n=300).",
    ]
    with pytest.raises(ParameterError, match="its parameters cell declares none"):
        bind((), {"n": 1}, where="some.ipynb")


def test_texts_win_over_a_file_and_mistakes_of_both_are_named_at_once() -> None:
    source = "n: int\nrate: Annotated[float, Le(1)] = 0.1\nname: str = 'x'\nseed: int"
    parameters = declared(source, where="some.ipynb")
    places = {name: f"p.yaml:{line}" for line, name in enumerate(("n", "rate", "name", "no"), 1)}
    file = Given({"n": "wrong", "rate": "1e-3", "name": "a", "no": 1}, places)
    assert read(parameters, {"n": "2", "seed": "3"}, file.without(["no"]), where="some.ipynb") == {
        "n": 2, "rate": 1e-3, "name": "a", "seed": 3,
    }  # fmt: skip

    file = Given({"n": True, "rate": "2", "name": dt.date(2013, 11, 1), "no": 1}, places)
    with pytest.raises(ParameterError) as caught:
        read(parameters, {"typo": "2"}, file, where="some.ipynb")
    assert str(caught.value).splitlines() == [
        "p.yaml:1: Parameter 'n' is True, not an int (such as n=300).",
        "p.yaml:2: Parameter 'rate' is '2'; it must be at most 1 (such as rate=0.1).",
        "p.yaml:3: Parameter 'name' is 2013-11-01, not a str (put it in quotes: name: \"…\").",
        "p.yaml:4: some.ipynb has no parameter 'no' (did you mean 'n'?).",
        "some.ipynb has no parameter 'typo' (choose one of n, name, rate, seed).",
        "Parameter 'seed' of some.ipynb is missing (give seed=300).",
    ]


def test_what_could_not_be_read_is_told_with_the_rest() -> None:
    parameters = declared("n: int\nday: date\nseed: int", where="some.ipynb")
    file = Given({"day": Unread("no date.")}, {"day": "p.yaml:3"})
    texts = {"n": Unread("-p n has no value.", "write -p n=VALUE."), "no": Unread("never said.")}
    with pytest.raises(ParameterError) as caught:
        read(parameters, texts, file, where="some.ipynb")
    assert str(caught.value).splitlines() == [
        "p.yaml:3: no date (such as day=2013-11-01).",
        "-p n has no value (write -p n=VALUE).",
        "some.ipynb has no parameter 'no' (did you mean 'n'?).",
        "Parameter 'seed' of some.ipynb is missing (give seed=300).",
    ]
    whole = SpecError("q.yaml: there is no such file.", hint="check the path.")
    broken = Given({"n": 1}).updated(Given(broken=(whole,)))
    with pytest.raises(ParameterError) as caught:
        read(parameters, {}, broken.without(["x"]), where="some.ipynb")
    assert str(caught.value) == "q.yaml: there is no such file.\nHint: check the path."


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(values)
def test_the_cell_makes_the_value_again(value: Value) -> None:
    parameter = Parameter("n", Type("list"), constructor="dt.date")
    namespace: dict[str, object] = {"dt": dt}
    exec(cell([parameter], {"n": value}), namespace)
    assert same(namespace["n"], value)


def same(left: object, right: object) -> bool:
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right
