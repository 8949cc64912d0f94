"""The page of learners names every option with its default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proml_lab.document import Document
from proml_lab.errors import SpecError
from proml_lab.learners import get
from proml_lab.learners.baseline import BaselineOptions
from proml_lab.learners.boosting import TreesOptions
from proml_lab.learners.linear import LinearOptions

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


def test_a_wrong_option_is_named_as_in_the_spec_with_those_there_are() -> None:
    message = "learner.linear.l3: unknown field; allowed are bounds, l1, l2, min_count, monotone."
    with pytest.raises(SpecError) as caught:
        get("linear").check({"l3": 1, "l2": "much"})
    assert message in str(caught.value)
    assert "learner.linear.l2: found 'much'" in str(caught.value)
    assert str(caught.value).endswith(
        "Hint: options of linear are l2, l1, bounds, monotone, min_count."
    )
    with pytest.raises(SpecError, match="Hint: baseline has no options"):
        get("baseline").check({"l2": 1})
