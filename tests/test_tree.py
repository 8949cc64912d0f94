"""Trees of YAML documents; what is wrong in one is tested with `document.parse`."""

from __future__ import annotations

import pytest
import yaml

from proml_lab import tree
from proml_lab.errors import SpecError
from proml_lab.tree import compose, constructed, index


def test_fields_have_lines_and_stand_once() -> None:
    lines: dict[tuple[int | str, ...], int] = {}
    node = compose("a: 1\nb:\n  - c: 2\n    c: 3\na: 4\n", "f", "a: …")
    problems = list(index(node, (), lines))
    assert problems == [(4, "b[0].c: this field stands twice."), (5, "a: this field stands twice.")]
    assert lines["b", 0] == 3


def test_a_document_without_end_is_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 10)}]\n" for i in range(9))
    for text in (bomb, "a: " + "[" * 60 + "]" * 60, "a: " + "[" * 5000):
        with pytest.raises(SpecError, match=r"f:1: this has more than 50 levels, or 1,000,000 fi"):
            compose(text, "f", "a: …")


@pytest.mark.parametrize("text", ["a: " + "[" * 300_000, "a: " + "{a: " * 300_000, "- " * 300_000])
def test_a_very_deep_document_ends_no_process(text: str) -> None:
    with pytest.raises(SpecError, match=r"f:1: this has more than 50 levels|a mapping of fields"):
        compose(text, "f", "a: …")


@pytest.mark.parametrize(
    "text",
    [
        "a: 2013-11-01\nb: [1, 2.5, yes, ~, 'x: y']\nc: {d: 1e3, e: \"\\u00e9\"}\n",
        "base: &b {x: 1}\nmore:\n  <<: *b\n  y: |\n    two\n    lines\n",
        "é: ü\n'quoted key': >\n  folded\n  text\n? z\n: 0x1F\n",
    ],
)
def test_both_readers_see_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def seen() -> tuple[object, object]:
        lines: dict[tuple[int | str, ...], int] = {}
        node = compose(text, "f", "a: …")
        assert list(index(node, (), lines)) == []
        return lines, constructed(node)

    fast = seen()
    monkeypatch.setattr(tree, "_FAST", yaml.SafeLoader)
    assert seen() == fast
    assert fast[1] == yaml.safe_load(text)


def test_a_long_document_of_short_brackets_is_read_by_libyaml(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the reader in Python was asked")

    monkeypatch.setattr(yaml, "SafeLoader", never)
    lines = [f"f{i}: {{type: 'list[x]', tags: [a, b], n: {{m: 1}}}}" for i in range(120)]
    lines += [f"g{i}: {{type: float, unit: kg}}" for i in range(900)]
    assert len(compose("\n".join(lines), "f.yaml", "a: b").value) == 1020
