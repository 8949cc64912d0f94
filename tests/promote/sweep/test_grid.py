"""Values with commas between, lists in files, and their product."""

from __future__ import annotations

import datetime as dt

import pytest

from proml_lab.errors import ParameterError, UsageError
from proml_lab.promote import inspect, read_grid
from proml_lab.promote.notebook import NotebookInfo
from proml_lab.promote.parameters import Given, gather_words
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
    assert str(caught.value).splitlines() == [
        "p.yaml:7: Parameter 'who' is 1, not a str (put it in quotes: who: \"…\").",
        "some.ipynb has no parameter 'dept' (did you mean 'depth'?).",
        "Parameter 'depth' is '0'; it must be at least 1 (such as depth=3).",
        "Parameter 'depth' is 'x', not an int (such as depth=3).",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["depth="], "Parameter 'depth' has no value to sweep over.\nHint: such as -p depth=3."),
        (["depth=4,"], "Parameter 'depth' has an empty value in '4,' to sweep over"),
        (["depth=4,5,4,4"], "Parameter 'depth' has the value 4 twice: it would be promoted twice"),
        (["days=[1],[1]"], "Parameter 'days' has the value [1] twice"),
        (["start=2013-01-01,2013-01-01"], "Parameter 'start' has the value 2013-01-01 twice"),
        (["depth=4,5", "depth=6"], "-p depth stands twice: 4,5 and 6.\nHint: give it once"),
        (["depth"], "-p depth has no value"),
    ],
)
def test_lists_that_cannot_be_swept_over_are_told(
    words: list[str], said: str, info: NotebookInfo
) -> None:
    with pytest.raises(ParameterError) as caught:
        read_grid(info, gather_words(words))
    assert said in str(caught.value)


def test_an_empty_text_and_none_are_values_where_the_type_takes_them(info: NotebookInfo) -> None:
    texts = gather_words(["who=a,", "limit=,5"])
    assert read_grid(info, texts) == {"who": ["a", ""], "limit": [None, 5]}


def test_an_empty_list_in_a_file_is_told_with_its_line(info: NotebookInfo) -> None:
    given = Given({"depth": [], "dept": []}, {"depth": "p.yaml:3", "dept": "p.yaml:4"})
    with pytest.raises(ParameterError) as caught:
        read_grid(info, gather_words(["who"]), given)
    assert str(caught.value).splitlines() == [
        "p.yaml:3: Parameter 'depth' has no value to sweep over: its list is empty "
        "(such as depth=3).",
        "p.yaml:4: some.ipynb has no parameter 'dept' (did you mean 'depth'?).",
        "-p who has no value (write -p who=VALUE).",
    ]


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
    with pytest.raises(ParameterError, match="'depth' has the value 4 twice"):
        members(info, {"depth": [4, 4]})
    with pytest.raises(ParameterError, match="'depth' is True, not an int"):
        members(info, {"depth": [1, True]})
