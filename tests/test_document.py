from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Self

import pytest
import yaml
from pydantic import Field, model_validator

from proml_lab import document
from proml_lab.document import Document, FieldError
from proml_lab.errors import SpecError


class Inner(Document):
    size: int
    kind: str = "a"


class Outer(Document):
    name: str
    inner: Inner
    many: tuple[Inner, ...] = ()
    named: dict[str, Inner] = {}


GOOD = "name: x\ninner: {size: 1}\nmany:\n  - size: 2\n  - {size: 3, kind: b}\n"


def test_parse_fills_the_model() -> None:
    got = document.parse(GOOD, Outer, name="f.yaml")
    assert got == Outer(
        name="x", inner=Inner(size=1), many=(Inner(size=2), Inner(size=3, kind="b"))
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\ninner: {siz: 1}", "f.yaml:2: inner.siz: unknown field; did you mean 'size'?"),
        ("name: x\ninner:\n  kind: b", "f.yaml:2: inner.size: this field is missing."),
        (
            "name: x\ninner: {size: many}",
            "f.yaml:2: inner.size: found 'many'; a whole number is needed.",
        ),
        ("name: x\ninner: {size: 1}\nmany:\n- size: 1\n- sise: 2", "f.yaml:5: many[1].sise: unkn"),
        ("name: x\ninner: {size: 1}\nnamed:\n  k: {q: 1}", "f.yaml:4: named.k.q: unknown field"),
        ("inner: {size: 1}", "f.yaml:1: name: this field is missing."),
        ("name: x\nname: y\ninner: {size: 1}", "f.yaml:2: name: this field stands twice."),
        ("name: [x\n", "f.yaml:2: this is not valid YAML"),
        ("name: 'x", "f.yaml:1: this is not valid YAML"),
        (
            "name: x\n<<<<<<< HEAD\ninner: {size: 1}\n=======\ninner: {size: 2}\n>>>>>>> b\n",
            "f.yaml:3: a merge of git was left unfinished here",
        ),
        ("- a", "f.yaml:1: the document is a list, not a mapping"),
        ("7", "f.yaml:1: the document is a single value, not"),
        ("", "f.yaml:1: the document is empty, not a mapping"),
        ("name: !!python/object:os.system x\ninner: {size: 1}", "f.yaml:1: this is not valid YAML"),
        (
            "name: 2013-99-99\ninner: {size: 1}",
            "f.yaml:1: name: found '2013-99-99'; month must be in 1..12",
        ),
        ("name: x\n\tinner: 1", "f.yaml:2: this is not valid YAML"),
    ],
)
def test_a_wrong_document_says_line_field_and_cure(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        document.parse(text, Outer, name="f.yaml")
    assert message in str(caught.value)


class Kinds(Document):
    whole: int = Field(1, ge=0, lt=10)
    share: float = Field(0.5, gt=0, le=1)
    flag: bool = False
    text: str = ""
    many: tuple[int, ...] = Field((1,), min_length=1)
    two: list[int] = Field([1, 2], min_length=2)
    named: dict[str, Inner] = {}
    day: datetime | date | None = None
    either: str | Inner | None = None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("whole: x", "whole: found 'x'; a whole number is needed."),
        ("whole: [1]", "whole: found [1]; a whole number is needed."),
        ("whole: 1.5", "whole: found 1.5; a whole number is needed."),
        ("whole: -1", "whole: found -1; it must be at least 0."),
        ("whole: 10", "whole: found 10; it must be less than 10."),
        ("share: x", "share: found 'x'; a number is needed."),
        ("share: {}", "share: found {}; a number is needed."),
        ("share: .nan", "share: found nan; a number is needed."),
        ("share: 0", "share: found 0; it must be more than 0."),
        ("share: 1.5", "share: found 1.5; it must be at most 1."),
        ("flag: perhaps", "flag: found 'perhaps'; true or false is needed."),
        ("flag: [x]", "flag: found ['x']; true or false is needed."),
        ("text: 3", "text: found 3; text is needed."),
        ("many: 3", "many: found 3; a list such as [a, b] is needed."),
        ("many: []", "many: at least 1 entry is needed."),
        ("two: x", "two: found 'x'; a list such as [a, b] is needed."),
        ("two: [1]", "two: at least 2 entries are needed."),
        ("named: 3", "named: found 3; fields such as {name: value} are needed."),
        ("named: {a: 3}", "named.a: found 3; fields such as {name: value} are needed."),
        ("day: tomorrow", "day: found 'tomorrow'; a date such as 2013-11-01 is needed."),
        ("day: '2013-13-01'", "day: found '2013-13-01'; a date such as 2013-11-01 is needed."),
        ("day: [1]", "day: found [1]; a date such as 2013-11-01 is needed."),
        ("either: 3", "either: found 3; text or fields such as {name: value} are needed."),
        ("either: {size: x}", "either.size: found 'x'; a whole number is needed."),
        ("either: {}", "either.size: this field is missing."),
    ],
)
def test_a_wrong_value_is_told_once_in_plain_words(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        document.parse(text, Kinds, name="f")
    assert caught.value.message == f"f:1: {message}"
    assert caught.value.hint == "%proml help language lists every field and what it may be."
    with pytest.raises(SpecError) as again:
        document.validate(yaml.safe_load(text), Kinds, name="f", hint="see there.")
    assert (again.value.message, again.value.hint) == (f"f: {message}", "see there.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: - b", "a list entry ('- ') cannot stand here"),
        ("a: b: c", "a field (': ') cannot stand here"),
        ("a: [1, 2", "a ']' or a ',' is missing"),
        ("a: {b: 1", "a '}' or a ',' is missing"),
        ("a: {type: list[string]}", "a '}' or a ',' is missing"),
        ("a: 'x", "a quotation mark is missing"),
        ("\ta: 1", "a tab stands where spaces are needed"),
        ("a: @x", "a value that begins with '@' must be quoted"),
        ("a: *x", "a value that begins with '*' must be quoted"),
        ("a: &", "a value that begins with '*', '&' or '%' must be quoted"),
        ("a: [", "the end of a list or mapping is missing"),
        ("a:\n  - 1\n b: 2", "this line does not stand in line with those above it"),
        ("a: 1\nb", "a ': ' is missing after a field's name"),
        ("a: [- b]", "a value is missing before '-'"),
        ("a: ]", "a value is missing before ']'"),
        ("a: 1\n---\nb: 2", "a second document begins here, and only one is allowed"),
        ('a: "\\q"', "'\\q' in double quotes; use single quotes"),
        ("a: !x y", "a value marked with '!' is not allowed"),
        ("a: \x01", "unacceptable character #x0001: special characters are not allowed"),
    ],
)
def test_broken_yaml_is_told_in_plain_words_with_a_hint(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        document.parse(text, Kinds, name="f")
    assert caught.value.message.split(": this is not valid YAML: ")[1] == f"{message}."
    assert caught.value.hint


def test_the_hint_of_broken_yaml_speaks_of_brackets_inside_braces() -> None:
    with pytest.raises(SpecError) as caught:
        document.parse("a: {type: list[string]}", Kinds, name="f")
    assert "inside braces also brackets: {type: 'list[string]'}." in caught.value.hint


def test_all_errors_come_at_once_in_the_order_of_lines() -> None:
    with pytest.raises(SpecError) as caught:
        document.parse("nam: x\ninner: {size: a, kid: 1}\nmany: 3", Outer, name="f")
    lines = [line.split(":")[1] for line in str(caught.value).splitlines() if line.startswith("f:")]
    assert lines == sorted(lines)
    assert len(lines) == 5


def test_validate_names_fields_without_lines() -> None:
    with pytest.raises(SpecError, match=r"spec: inner\.size: found 'a'"):
        document.validate({"name": "x", "inner": {"size": "a"}}, Outer, name="spec")


def test_read_says_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no such file"):
        document.read(tmp_path / "none.yaml", Outer)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="cannot be read as text"):
        document.read(tmp_path / "binary.yaml", Outer)
    with pytest.raises(SpecError, match=r"cannot be read: Is a directory\.\nHint: check that it"):
        document.read(tmp_path, Outer)


def test_a_field_error_is_told_at_the_field() -> None:
    class Sum(Document):
        proml: int
        a: int

        @model_validator(mode="after")
        def _checked(self) -> Self:
            raise FieldError("no", "a")

    with pytest.raises(SpecError, match=r"^f:2: a: no\n"):
        document.parse("proml: 1\na: 1\n", Sum, name="f")
