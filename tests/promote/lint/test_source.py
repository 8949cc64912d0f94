"""Cells as syntax trees: magics in their places, lines as the author counts them."""

from __future__ import annotations

import ast

import pytest

from proml_lab.promote.lint.source import MARK, Magic, parse


def lines_of(source: str) -> list[tuple[int, str]]:
    """(line, code) of each statement at the top."""
    return [(node.lineno, ast.unparse(node)) for node in parse(source).tree.body]


@pytest.mark.parametrize(
    ("source", "magics", "lines"),
    [
        ("%matplotlib inline\nx = 1", [(1, "matplotlib", "inline")], [f"{MARK}(0)", "x = 1"]),
        ("x = 1\n\n!ls -l | wc", [(3, "!", "ls -l | wc")], ["x = 1", f"{MARK}(0)"]),
        ("!!ls", [(1, "!", "ls")], [f"{MARK}(0)"]),
        ("a, b = !ls", [(1, "!", "ls")], [f"a, b = {MARK}(0)"]),
        ("x = %sql select 1", [(1, "sql", "select 1")], [f"x = {MARK}(0)"]),
        (
            "%proml fit gbm \\\n  --spec spec \\\n  --on rows\nx = 1",
            [(1, "proml", "fit gbm  --spec spec  --on rows")],
            [f"{MARK}(0)", "x = 1"],
        ),
        (
            "for i in 'ab':\n    !echo {i}",
            [(2, "!", "echo {i}")],
            [f"for i in 'ab':\n    {MARK}(0)"],
        ),
        ("%time x = 1", [], ["x = 1"]),
        ("%timeit -n 3 f(1)", [], ["f(1)"]),
        ("%time", [(1, "time", "")], [f"{MARK}(0)"]),
        ("x?", [], ["pass"]),
        ("?x.y", [], ["pass"]),
        ("%%time\nx = 1", [(1, "time", "")], [f"{MARK}(0)", "x = 1"]),
        ("%%time\n%cd a\nx", [(2, "cd", "a"), (1, "time", "")], [f"{MARK}(1)", f"{MARK}(0)", "x"]),
        ("\n%%bash\nls", [(2, "bash", "")], [f"{MARK}(0)"]),
        ("x = (7\n  % 3)\ny = '''\n%cd\n'''\n%cd a", [(6, "cd", "a")], None),
        ("# a comment \\\n%cd a", [(2, "cd", "a")], [f"{MARK}(0)"]),
        ("x = 'a # b'  # it's\n%cd a", [(2, "cd", "a")], ["x = 'a # b'", f"{MARK}(0)"]),
        ("cd a", [(1, "cd", "a")], [f"{MARK}(0)"]),
        ("pip install x", [(1, "pip", "install x")], [f"{MARK}(0)"]),
    ],
)
def test_magics_are_found_with_their_lines(
    source: str, magics: list[tuple[int, str, str]], lines: list[str] | None
) -> None:
    parsed = parse(source)
    assert parsed.error is None
    assert [(m.line, m.name, m.text) for m in parsed.magics] == magics
    if lines is not None:
        assert [code for _, code in lines_of(source)] == lines


def test_lines_stay_where_they_are() -> None:
    source = "\n# first\n%cd \\\n  a\nx = 1\n!ls\ny = 2"
    assert lines_of(source) == [(3, f"{MARK}(0)"), (5, "x = 1"), (6, f"{MARK}(1)"), (7, "y = 2")]
    assert lines_of("%%time\n\nx = 1") == [(1, f"{MARK}(0)"), (3, "x = 1")]


def test_a_cell_magic_keeps_its_body() -> None:
    (magic,) = parse("%%proml spec -o s\nname: x\nseed: 3").magics
    assert magic == Magic(1, "proml", "spec -o s", "name: x\nseed: 3")


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("x = 1\ny = = 2", 2, "invalid syntax"),
        ("%cd a\nx = (", 2, "'(' was never closed"),
        ("x = 1\nreturn x", 2, "'return' outside function"),
        ("def f():\n    x = await y", 2, "'await' outside async function"),
        ("x = 'a", 1, "unterminated string literal"),
        ("x = 1\n  y = 2", 2, "unexpected indent"),
        ("%%time\n\nx = = 1", 3, "invalid syntax"),
        ("x\0y", 1, "null bytes"),
    ],
)
def test_what_is_not_python_is_told_with_its_line(source: str, line: int, said: str) -> None:
    parsed = parse(source)
    assert parsed.error is not None
    assert parsed.error[0] == line
    assert said in parsed.error[1]


def test_what_only_ipython_can_read_is_left_to_it() -> None:
    assert parse(">>> x = 1\n>>> y = 2").translated
    assert not parse("x = 1").translated


@pytest.mark.parametrize("source", ["", "\n\n", "   ", "# a comment"])
def test_an_empty_cell(source: str) -> None:
    parsed = parse(source)
    assert (parsed.tree.body, parsed.magics, parsed.error) == ([], (), None)
