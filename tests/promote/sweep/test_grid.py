"""Values with commas between, lists in files, and their product."""

from __future__ import annotations

import datetime as dt

import pytest

from proml_lab.errors import ParameterError, UsageError
from proml_lab.promote import inspect, read_grid
from proml_lab.promote.notebook import NotebookInfo
from proml_lab.promote.parameters import Given
from proml_lab.promote.sweep.grid import members, split
from tests.promote.conftest import Write

CELL = """
depth: Annotated[int, Ge(1)] = 3
who: str = "x"
days: list[int] = [1]
pairs: list[list[int]] = []
start: date = date(2013, 1, 1)
limit: int | None = None
"""


@pytest.fixture
def info(write: Write) -> NotebookInfo:
    return inspect(write("1", parameters=CELL))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("4", ["4"]),
        ("4, 6 ,8", ["4", "6", "8"]),
        ("[1,2],[3]", ["[1,2]", "[3]"]),
        ("[[1,2],[3]],[]", ["[[1,2],[3]]", "[]"]),
        ('"a, b",c', ['"a, b"', "c"]),
        ("'[',]", ["'['", "]"]),
        ("{a: [1, 2]},(1, 2)", ["{a: [1, 2]}", "(1, 2)"]),
        ("a,", ["a", ""]),
        ("", [""]),
    ],
)
def test_commas_part_values_but_not_inside_quotes_or_brackets(text: str, parts: list[str]) -> None:
    assert split(text) == parts


def test_texts_and_files_make_a_grid(info: NotebookInfo) -> None:
    texts = {"depth": "4,6", "who": '"a, b",c', "days": "1,2", "limit": "none,5"}
    given = Given(
        {"depth": [9], "start": [dt.date(2013, 1, 1), dt.date(2014, 1, 1)], "pairs": [[1], [2]]},
        {"start": "p.yaml:2"},
    )
    assert read_grid(info, texts, given) == {
        "depth": [4, 6],
        "who": ["a, b", "c"],
        "days": [[1, 2]],
        "limit": [None, 5],
        "start": [dt.date(2013, 1, 1), dt.date(2014, 1, 1)],
        "pairs": [[[1], [2]]],
    }
    assert read_grid(info, {"days": "[1,2],[3]"})["days"] == [[1, 2], [3]]
    assert read_grid(info, {}, Given({"days": [[1, 2], [3]]}))["days"] == [[1, 2], [3]]
    assert read_grid(info, {}, Given({"days": [1, 2]}))["days"] == [[1, 2]]
    assert read_grid(info, {}, Given({"days": []}))["days"] == [[]]
    pairs = [[[1], [2]], [[3]]]
    assert read_grid(info, {}, Given({"pairs": pairs}))["pairs"] == pairs
    assert read_grid(info.path, {"depth": "4"}) == {"depth": [4]}


def test_every_wrong_value_is_told_once_and_all_at_once(info: NotebookInfo) -> None:
    with pytest.raises(ParameterError) as caught:
        read_grid(info, {"depth": "4,0,x", "dept": "1,2"}, Given({"who": [1]}, {"who": "p.yaml:7"}))
    assert caught.value.message.splitlines() == [
        "p.yaml:7: Parameter 'who' is 1, not a str.",
        "some.ipynb has no parameter 'dept'.",
        "Parameter 'depth' is '0'; it must be at least 1.",
        "Parameter 'depth' is 'x', not an int.",
    ]
    assert "did you mean 'depth'?" in caught.value.hint


def test_members_are_the_product_the_last_changing_fastest(info: NotebookInfo) -> None:
    got = members(info, {"depth": [4, 6], "who": ["a"], "days": [(1,), [2, 3]]})
    assert got == (
        {"depth": 4, "who": "a", "days": [1]},
        {"depth": 4, "who": "a", "days": [2, 3]},
        {"depth": 6, "who": "a", "days": [1]},
        {"depth": 6, "who": "a", "days": [2, 3]},
    )


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"depth": 4}, "values of 'depth' are 4, not a list of values"),
        ({"who": "abc"}, "values of 'who' are 'abc', not a list"),
        ({"depth": []}, r"values of 'depth' are \[\], not a list"),
        ({"depth": [4], "who": ["a"]}, "nothing to sweep over"),
        ({}, "nothing to sweep over"),
        ({"depth": [4, 4]}, "A value of 'depth' stands twice"),
    ],
)
def test_a_grid_that_is_none_is_refused(
    grid: dict[str, object], said: str, info: NotebookInfo
) -> None:
    with pytest.raises(UsageError, match=said):
        members(info, grid)  # type: ignore[arg-type]


def test_values_from_python_are_checked_too(info: NotebookInfo) -> None:
    with pytest.raises(ParameterError, match=r"(?s)no parameter 'no'.*'depth' is 0"):
        members(info, {"depth": [1, 0], "no": [1]})
    with pytest.raises(ParameterError, match="'depth' is True, not an int"):
        members(info, {"depth": [1, True]})
