"""Every code: notebooks that have it, and near ones that have not."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.promote.lint import CHECKS
from tests.promote.lint.cases import HAVE, HAVE_NOT, Case
from tests.promote.lint.conftest import Check, codes, parameters

ROOT = Path(__file__).parents[3]
TAKES_TAGS = ("PN001", "PN002", "PN003", "PN004")


def cells_of(case: Case, wanted: str) -> tuple:
    cells = case if isinstance(case, tuple) else (case,)
    tagged = any("parameters" in str(c) for c in cells if isinstance(c, dict))
    return cells if wanted == "PN001" or tagged else (parameters(), *cells)


def pairs(cases: dict[str, tuple[Case, ...]]) -> list:
    return [
        pytest.param(name, case, id=f"{name}-{number}")
        for name, group in cases.items()
        for number, case in enumerate(group)
    ]


def test_every_code_has_cases_of_both_kinds() -> None:
    made_by_hand = {"PN081"}  # needs a module elsewhere: test_imports.py
    assert set(HAVE) | made_by_hand == set(CHECKS)
    assert set(HAVE_NOT) | made_by_hand == set(CHECKS)


@pytest.mark.parametrize(("wanted", "case"), pairs(HAVE))
def test_what_has_it_is_told(check: Check, wanted: str, case: Case) -> None:
    found = check(*cells_of(case, wanted), bare=True)
    assert wanted in codes(found)
    errors = {f.code for f in found.errors}
    assert errors <= {wanted} | {"PN001"} | ({"PN021"} if wanted == "PN005" else set())


@pytest.mark.parametrize(("wanted", "case"), pairs(HAVE_NOT))
def test_what_is_near_it_is_not_told(check: Check, wanted: str, case: Case) -> None:
    assert wanted not in codes(check(*cells_of(case, wanted), bare=True))
