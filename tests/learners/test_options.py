"""The page of learners names every option with its default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proml_lab.document import Document
from proml_lab.learners import get
from proml_lab.learners.baseline import BaselineOptions
from proml_lab.learners.linear import LinearOptions
from proml_lab.learners.trees import TreesOptions

PAGE = (Path(__file__).parents[2] / "docs" / "learners.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("baseline", BaselineOptions), ("linear", LinearOptions), ("trees", TreesOptions)],
)
def test_every_option_is_on_the_page_with_its_default(name: str, kind: type[Document]) -> None:
    section = PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \| (\S+) \|", section, re.MULTILINE)
    named = {n: value for names, value in rows for n in re.findall(r"`(\w+)`", names)}
    defaults = {n: str(field.default) for n, field in kind.model_fields.items()}
    assert named == defaults
    assert get(name).check({}) == {n: field.default for n, field in kind.model_fields.items()}
