from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab import document
from proml_lab.document import Document
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
        ("- a", "f.yaml:1: the document is a list, not a mapping"),
        ("7", "f.yaml:1: the document is a single value, not"),
        ("", "f.yaml:1: the document is empty, not a mapping"),
        ("name: !!python/object:os.system x\ninner: {size: 1}", "f.yaml:1: this is not valid YAML"),
        ("name: 2013-99-99\ninner: {size: 1}", "f.yaml: a value cannot be read"),
        ("name: x\n\tinner: 1", "f.yaml:2: this is not valid YAML"),
    ],
)
def test_a_wrong_document_says_line_field_and_cure(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        document.parse(text, Outer, name="f.yaml")
    assert message in str(caught.value)


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
