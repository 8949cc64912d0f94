"""The table of checks, and the page that documents it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proml_lab.promote.lint import CHECKS

PAGE = (Path(__file__).parents[3] / "docs" / "lint.md").read_text(encoding="utf-8")
SECTIONS = dict(
    zip(*[iter(re.split(r"^### (.+)\n", PAGE, flags=re.MULTILINE)[1:])] * 2, strict=True)
)


def test_every_code_is_documented_and_no_other() -> None:
    assert sorted(SECTIONS) == sorted(CHECKS)
    rows = re.findall(r"^\| \[(PN\d+)\]\(#(pn\d+)\) \| (\w+) \| (.+) \|$", PAGE, re.MULTILINE)
    want = [(c.code, c.code.lower(), c.severity, c.title) for c in CHECKS.values()]
    assert rows == want


@pytest.mark.parametrize("code", CHECKS)
def test_a_section_says_what_why_how_to_mend_how_to_mute_and_an_example(code: str) -> None:
    check, section = CHECKS[code], SECTIONS[code]
    assert section.lower().startswith(f"**{check.title.lower()}** ({check.severity}). ")
    assert check.why in section
    assert f"*Mend*: {check.mend}" in section
    assert f"*Mute*: `{code}`" in section
    assert section.count("```") == 2


@pytest.mark.parametrize("code", CHECKS)
def test_words_are_sentences(code: str) -> None:
    check = CHECKS[code]
    assert re.fullmatch(r"PN\d{3}", check.code)
    assert not check.title.endswith(".")
    for said in (check.why, check.mend):
        assert said[0].isupper()
        assert said.endswith(".")
