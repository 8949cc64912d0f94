"""docs/health.md says every check as the code does, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proml_lab.marketplace.know.codes import CHECKS, Check

TEXT = (Path(__file__).parents[3] / "docs" / "health.md").read_text(encoding="utf-8")


def test_the_table_has_every_code() -> None:
    rows = re.findall(r"^\| \[(FH\d+)\]\(#\w+\) \| (\w+) \| (.+) \|$", TEXT, re.MULTILINE)
    assert rows == [(check.code, check.mark, check.title) for check in CHECKS.values()]


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_each_has_its_section(check: Check) -> None:
    section = TEXT.partition(f"\n## {check.code}\n")[2].partition("\n## ")[0]
    said = f"**{check.title[0].upper()}{check.title[1:]}** ({check.mark}). {check.why} {check.mend}"
    assert said in section
    assert check.why.endswith(".")
    assert check.mend.endswith((".", "?"))
