from __future__ import annotations

from pathlib import Path

from proml_lab.contracts import Caveat
from proml_lab.learners.codes import CHECKS

PAGE = Path(__file__).parents[2] / "docs" / "learners.md"


def test_the_page_has_every_code_as_it_is() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if line.startswith("| `MW")]
    assert told == [f"| `{c.code}` | {c.title} | {c.why} | {c.mend} |" for c in CHECKS.values()]


def test_a_warning_says_what_may_be_done() -> None:
    check = CHECKS["MW002"]
    assert check.of("x", "x is 1") == Caveat("MW002", "x", "x is 1", check.mend)
