"""What may stand in a `parameters` cell, and what each other statement is told."""

from __future__ import annotations

import pytest

from proml_lab.promote.parameters.statements import statements

FORM = "is not of the form 'name: type = value'"


def test_names_imports_and_words() -> None:
    source = """
from __future__ import annotations
import datetime as dt, typing
from typing import Annotated as A
'''Words.'''
a: int = 3; b = 4  # both
c: "int"
pass
...
"""
    found = statements(source)
    assert not found.mistakes
    rows = [(one.name, one.line, one.note) for one in found.stated]
    assert rows == [("a", 6, "both"), ("b", 6, "both"), ("c", 7, "")]
    assert found.imported == {
        "annotations": "__future__.annotations",
        "dt": "datetime",
        "typing": "typing",
        "A": "typing.Annotated",
    }


@pytest.mark.parametrize(
    ("line", "text", "cure"),
    [
        ("a, b = 1, 2", "'a, b = 1, 2' sets several names at once", "such as a: int = 1"),
        ("a = b = 3", "'a = b = 3' sets several names at once", "such as a: int = 1"),
        ("a, *b = c", "sets several names at once", "a line of its own"),
        ("n += 1", "'n += 1' changes 'n' after its value was given", "goes into the next cell"),
        ("n = 4", "'n' is set a second time; line 1 sets it", "keep one of the two lines"),
        ("import datetime as n", "'n' is set a second time; line 1 sets it", "keep one"),
        ("if True: a: int = 1", f"'if True: a: int = 1' {FORM}", "move it into the next cell"),
        ("for i in [1]: a = i", f"'for i in [1]: a = i' {FORM}", "move it into the next cell"),
        ("def f(): ...", f"'def f(): ...' {FORM}", "move it"),
        ("print(n)", f"'print(n)' {FORM}", "move it"),
        ("n", f"'n' {FORM}", "move it"),
        ("del n", f"'del n' {FORM}", "move it"),
        ("a.b = 1", f"'a.b = 1' {FORM}", "move it"),
        ("a[0]: int = 1", f"'a[0]: int = 1' {FORM}", "move it"),
        ("x(" + "1, " * 40 + ")", "…' is not of the form", "move it"),
        ("import os", "'import os' is not needed to say types and values", "imported from typing"),
        ("from typing import *", "'from typing import *' is not needed", "next cell"),
        ("from . import typing", "'from . import typing' is not needed", "next cell"),
        ("_i: int = 3", "'_i: int = 3' takes a name that IPython sets itself", "take another name"),
        (
            "Out: int = 3",
            "'Out: int = 3' takes a name that IPython sets itself",
            "take another name",
        ),
        ("_12 = 3", "'_12 = 3' takes a name that IPython sets itself", "take another name"),
        ("%load_ext x", "'%load_ext x' is not plain Python", "move it"),
        ("  !ls", "'!ls' is not plain Python", "move it"),
        ("a: int = = 3", "'a: int = = 3' is not plain Python", "correct it"),
        ("a = '\\0'\0", "is not plain Python", "correct it"),
    ],
)
def test_what_cannot_stand_there_is_told_with_its_line(line: str, text: str, cure: str) -> None:
    found = statements(f"n: int = 3\n{line}\n")
    (mistake,) = found.mistakes
    assert text in mistake.text
    assert cure in mistake.cure
    if "\0" not in line:
        assert mistake.line == 2


def test_all_that_is_wrong_is_told_and_the_first_of_two_holds() -> None:
    found = statements("%matplotlib inline\nn: int = 3\nn = 4; n = 5\nimport os\n!ls\n")
    assert [mistake.line for mistake in found.mistakes] == [1, 5, 3, 3, 4]
    assert [(one.name, one.line) for one in found.stated] == [("n", 2)]
