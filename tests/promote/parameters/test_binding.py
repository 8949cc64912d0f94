"""Values for all parameters at once, and the cell that sets them."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proml_lab.errors import ParameterError
from proml_lab.promote.parameters import (
    Given,
    Parameter,
    Type,
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
    first, second, third, hint = str(caught.value).splitlines()
    assert "'rate' is 'fast', not a float" in first
    assert "some.ipynb has no parameter 'rat'." in second
    assert "Parameter 'n' of some.ipynb is missing." in third
    assert hint == "Hint: such as rate=0.1; did you mean 'rate'?; give n=300."
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
    *lines, hint = str(caught.value).splitlines()
    assert lines == [
        "p.yaml:1: Parameter 'n' is True, not an int.",
        "p.yaml:2: Parameter 'rate' is '2'; it must be at most 1.",
        "p.yaml:3: Parameter 'name' is 2013-11-01, not a str.",
        "p.yaml:4: some.ipynb has no parameter 'no'.",
        "some.ipynb has no parameter 'typo'.",
        "Parameter 'seed' of some.ipynb is missing.",
    ]
    assert 'put it in quotes: name: "…"' in hint
    assert hint.endswith("give seed=300.")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine
@given(values)
def test_the_cell_makes_the_value_again(value: Value) -> None:
    parameter = Parameter("n", Type("list"), constructor="dt.date")
    namespace: dict[str, object] = {"dt": dt}
    exec(cell([parameter], {"n": value}), namespace)
    assert same(namespace["n"], value)


def same(left: object, right: object) -> bool:
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(right):
        return math.isnan(left)
    return type(left) is type(right) and left == right
