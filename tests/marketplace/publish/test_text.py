from __future__ import annotations

import pytest
import yaml

from proml_lab.errors import SpecError
from proml_lab.marketplace.publish import text as texts

TEXT = (
    "# of rain\nview: a.b  # its name\nsql: |\n  select\n    1\nversion: 1\nfeatures:\n  x: float\n"
)


def test_a_field_is_replaced_and_all_else_stays() -> None:
    assert texts.put(TEXT, "version", 2) == TEXT.replace("version: 1", "version: 2")


def test_a_field_is_put_below_the_name() -> None:
    put = texts.put(TEXT, "source", "s.parquet")
    assert put == TEXT.replace("its name\n", "its name\nsource: s.parquet\n")


def test_features_are_put_at_the_end() -> None:
    put = texts.put("view: a.b", "features", {"x": "float", "y": {"type": "float", "unit": "mm"}})
    assert put == "view: a.b\nfeatures:\n  x: float\n  y: {type: float, unit: mm}\n"


def test_a_field_is_taken_out() -> None:
    assert texts.take(TEXT, "sql") == TEXT.replace("sql: |\n  select\n    1\n", "")


def test_lines_stay_where_they_are() -> None:
    blank = texts.blank(TEXT, "sql")
    assert blank == TEXT.replace("sql: |\n  select\n    1\n", "\n\n\n")
    assert texts.add("view: a.b\n", "source", "s") == "view: a.b\nsource: s\n"
    assert texts.add("features:\nview: a.b\n", "features", {"x": "float"}) == (
        "\nview: a.b\nfeatures:\n  x: float\n"
    )


def test_comments_stand_above() -> None:
    assert texts.comment("view: a.b\n", "one\n\ntwo") == "# one\n#\n# two\nview: a.b\n"


def test_what_is_written_is_read_back() -> None:
    data = {
        "view": "a.b",
        "tags": ["x: y", "#"],
        "entities": {"k": "k"},
        "features": {"x": {"type": "float", "description": "It's: " + "long " * 60}},
    }
    written = texts.write(data)
    assert yaml.safe_load(written) == data
    assert len(written.splitlines()) == 5


def test_a_document_in_braces() -> None:
    with pytest.raises(SpecError, match=r"stands in braces, so nothing can be put into it.\nHint"):
        texts.put("{view: a.b}", "version", 2)
