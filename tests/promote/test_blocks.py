"""Blocks as Markdown and as HTML."""

from __future__ import annotations

import pytest

from proml_lab.promote.blocks import Code, Folded, Table, html, interval, listed, markdown, number

TABLE = Table(("name", "n"), (("a | b", "1"), ("`c` <d>\ne", "22")), right=(1,))


def test_markdown() -> None:
    said = markdown(["One `x`.", ("a", "b"), TABLE, Code("x = 1"), Folded("More", ("two",))])
    assert said.split("\n\n") == [
        "One `x`.",
        "- a\n- b",
        "| name | n |\n| --- | ---: |\n| a \\| b | 1 |\n| `c` <d> e | 22 |",
        "```python\nx = 1\n```",
        "More:",
        "two",
    ]


def test_html_is_escaped_and_real() -> None:
    assert html(["a < `b<c`"]) == "<p>a &lt; <code>b&lt;c</code></p>"
    assert html([("a", "b & c")]) == "<ul><li>a</li><li>b &amp; c</li></ul>"
    assert html([Code("a < b")]) == "<pre><code>a &lt; b</code></pre>"
    folded = html([Folded("More <", ("two",))])
    assert folded == "<details><summary>More &lt;</summary><p>two</p></details>"


def test_a_table_heads_its_columns_and_rows() -> None:
    made = html([TABLE])
    assert '<th scope="col">name</th><th scope="col" align="right">n</th>' in made
    assert '<th scope="row" class="proml-whole">a | b</th>' in made
    assert '<td align="right" class="proml-whole">22</td>' in made
    assert "<code>c</code> &lt;d&gt;" in made
    assert "proml-whole" not in html([Table(("x",), (("word " * 9,),))])


@pytest.mark.parametrize(
    ("value", "said"), [(None, "–"), (0.123456, "0.1235"), (12, "12"), (1234.5678, "1235")]
)
def test_numbers(value: float | None, said: str) -> None:
    assert number(value) == said


def test_intervals_and_lists() -> None:
    assert interval(0.25, 0.5) == "0.25 to 0.5"
    assert interval(None, 0.5) == "–"
    assert listed(["a"]) == "a"
    assert listed(iter("abc")) == "a, b and c"
