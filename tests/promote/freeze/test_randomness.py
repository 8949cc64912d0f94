"""One seed for a run."""

from __future__ import annotations

import random

import pytest

from proml_lab.promote.freeze.randomness import seed_of, source, variables


@pytest.mark.parametrize(
    ("parameters", "seed"),
    [({}, 0), ({"seed": 7}, 7), ({"seed": True}, 0), ({"seed": "x"}, 0), ({"seed": None}, 0)],
)
def test_the_seed_is_the_notebooks_parameter(parameters: dict[str, object], seed: int) -> None:
    assert seed_of(parameters) == seed


def test_any_seed_is_one_that_python_takes() -> None:
    assert variables(2**32 + 5)["PYTHONHASHSEED"] == "5"
    assert variables(-1)["PYTHONHASHSEED"] == str(2**32 - 1)


def test_the_source_leaves_no_name_behind() -> None:
    state, space = random.getstate(), {"__name__": "__main__"}
    import sys

    finders = list(sys.meta_path)
    try:
        exec(source(11), space)
        assert random.random() == random.Random(11).random()
    finally:
        random.setstate(state)
        sys.meta_path[:] = finders
    assert set(space) == {"__name__", "__builtins__"}
