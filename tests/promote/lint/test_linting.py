"""Every code: notebooks that have it, and near ones that have not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proml_lab.errors import NotebookError
from proml_lab.promote.lint import CHECKS, lint, require
from tests.promote.lint.cases import HAVE, HAVE_NOT, KEY, NOISE, TOKEN, Case, ran, stream
from tests.promote.lint.conftest import Check, code, codes, parameters, text, write_cells

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
    made_by_hand = {"PN081", "PN007"}  # need a module or a kernel elsewhere: test_imports.py, below
    assert set(HAVE) | made_by_hand == set(CHECKS)
    assert set(HAVE_NOT) | made_by_hand == set(CHECKS)


@pytest.mark.parametrize(("wanted", "case"), pairs(HAVE))
def test_what_has_it_is_told(check: Check, wanted: str, case: Case) -> None:
    found = check(*cells_of(case, wanted), bare=True)
    assert wanted in codes(found)
    errors = {f.code for f in found.errors}
    absent = {"PN080"} if "torch" in str(case) else set()  # which need not be installed here
    if "d: date = date.today()" in str(case):  # no plain value either
        absent |= {"PN003"}
    assert errors <= {wanted} | {"PN001"} | ({"PN021"} if wanted == "PN005" else set()) | absent


@pytest.mark.parametrize(("wanted", "case"), pairs(HAVE_NOT))
def test_what_is_near_it_is_not_told(check: Check, wanted: str, case: Case) -> None:
    assert wanted not in codes(check(*cells_of(case, wanted), bare=True))


def test_findings_are_sorted_by_cell_and_say_what_is_needed(check: Check) -> None:
    found = check("import numpy as np\nx = np.random.rand(3)", "y = missing")
    first, second = found.findings
    assert (first.code, first.severity, first.cell, first.line) == ("PN050", "warning", 2, 2)
    assert str(second) == "PN021 cell 3, line 1: never defined: missing: nothing defines it"
    assert second.mute == """Put {"proml": {"mute": ["PN021"]}} into the cell's metadata."""
    assert (found.errors, found.warnings) == ((second,), (first,))


def test_strict_makes_warnings_errors(check: Check) -> None:
    cell = "import numpy as np\nx = np.random.rand(3)"
    assert not check(cell).errors
    assert [f.code for f in check(cell, strict=True).errors] == ["PN050"]


def test_what_is_muted_is_kept_but_does_not_count(check: Check) -> None:
    draw = "import numpy as np\nx = np.random.rand(3)"
    muted = code(draw, metadata={"proml": {"mute": ["PN050"]}})
    found = check(muted, draw)
    assert [(f.cell, f.muted) for f in found.all] == [(3, ""), (2, "cell")]
    found = check(muted, draw, metadata={"proml": {"mute": ["PN050", "PN031"]}})
    assert [(f.cell, f.muted) for f in found.all] == [(2, "cell"), (3, "notebook")]
    assert not check(muted, strict=True).errors


def test_a_mute_may_give_its_reason(check: Check) -> None:
    draw = "import numpy as np\nx = np.random.rand(3)"
    reasons = {"PN050": f"the draw is \n thrown away, {KEY}", "PN081": None}
    found = check(code(draw, metadata={"proml": {"mute": reasons}}), draw)
    assert [(f.cell, f.muted) for f in found.all] == [(3, ""), (2, "cell")]
    assert found.muted[0].reason.startswith("the draw is thrown away, ")
    assert KEY not in found.muted[0].reason
    assert codes(check("x = 1", metadata={"proml": {"mute": {"PN31": ""}}})) == ["PN110"]


def test_an_unknown_code_leads_to_the_right_one(check: Check) -> None:
    found = check("x = 1", metadata={"proml": {"mute": ["PN31"]}})
    assert codes(found) == ["PN110"]
    assert found.findings[0].place == "notebook"
    assert "'PN31': did you mean 'PN031'" in found.findings[0].seen


def test_declared_reads(check: Check) -> None:
    cells = ("import polars as pl", "pl.read_csv('data/a.csv')", "pl.read_csv('../sources/b.csv')")
    told = {"data/*.csv": [4], "../sources/b.csv": [3], "sources/*": [3], "*.txt": [3, 4]}
    for pattern, left in told.items():
        found = check(*cells, metadata={"proml": {"reads": [pattern]}})
        assert [f.cell for f in found.findings] == left, pattern
    assert [f.cell for f in check(*cells, metadata={"proml": {"reads": 3}}).findings] == [3, 4]


def test_a_secret_is_never_shown(check: Check) -> None:
    cells = (
        f"import requests; key = '{KEY}'",
        f"open('/data/{TOKEN}')",
        f"x = undefined + '{NOISE}'",
        f"!curl -H 'api_key: {NOISE}' https://ada:{NOISE}@example.org",
        ran("1", 1, stream(f"token={NOISE} {KEY} {TOKEN}")),
        text(f"{KEY}"),
        f"x = = '{TOKEN}'",
    )
    found = check(*cells)
    assert {"PN005", "PN070", "PN071", "PN091"} <= set(codes(found))
    shown = "\n".join([str(found.frame().to_dicts()), *found._repr_mimebundle_().values()])
    for secret in (KEY, TOKEN, NOISE):
        assert secret not in shown
        assert secret[5:12] not in shown


def test_require_names_every_error_in_a_line_of_its_own(check: Check) -> None:
    require(check("import numpy as np\nx = np.random.rand(3)"))
    with pytest.raises(NotebookError) as caught:
        require(check("x", "x = 1", "import surely_not_installed"))
    assert caught.value.message.splitlines() == [
        "a.ipynb has 2 findings that stop its promotion:",
        "PN020 cell 2, line 1: used before it is defined: x: cell 3 defines it",
        "PN080 cell 4, line 1: not installed: import surely_not_installed",
    ]
    assert caught.value.hint == ("%proml lint a.ipynb says why, how to mend and how to mute each.")
    with pytest.raises(NotebookError, match="has 1 finding that stops its promotion:"):
        require(check("x"))


def test_what_is_no_notebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match=r"There is no notebook 'a\.ipynb'"):
        lint(tmp_path / "a.ipynb")
    path = write_cells(tmp_path / "a.ipynb", metadata={"language_info": {"name": "R"}})
    with pytest.raises(NotebookError, match=r"a\.ipynb is written in R"):
        lint(path)


def test_the_workspace_is_the_one_around_the_notebook_or_none(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROML_WORKSPACE", raising=False)
    monkeypatch.chdir("/")
    check()
    away = "open('/srv/a', 'w')"
    path = write_cells(tmp_path / "workspace" / "work" / "a.ipynb", parameters(), away)
    assert codes(lint(path)) == ["PN030", "PN032"]
    alone = write_cells(tmp_path / "alone" / "a.ipynb", parameters(), away)
    assert codes(lint(alone)) == ["PN030"]
    assert codes(lint(alone, workspace=tmp_path / "workspace")) == ["PN030", "PN032"]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.name)
def test_the_tours_are_clean(path: Path) -> None:
    assert lint(path).all == ()


def test_old_formats_and_injected_cells_are_read(tmp_path: Path) -> None:
    injected = code("missing", metadata={"tags": ["injected-parameters"]})
    path = write_cells(tmp_path / "a.ipynb", parameters("n = 1"), injected, "n")
    assert lint(path).all == ()
    old = {
        "nbformat": 3, "nbformat_minor": 0, "metadata": {},
        "worksheets": [{"cells": [{"cell_type": "code", "language": "python", "input": "x",
                                   "outputs": [], "collapsed": False}]}],
    }  # fmt: skip
    path.write_text(json.dumps(old))
    assert codes(lint(path)) == ["PN001", "PN021"]


def test_all_of_them_at_once_do_not_disturb_each_other(check: Check) -> None:
    """Lint reads whatever a notebook holds: every case in one notebook, in any order."""
    cells = [c for group in HAVE.values() for case in group for c in cells_of(case, "PN001")]
    found = check(*cells, bare=True)
    assert {"PN002", "PN005", "PN070", "PN090"} <= {f.code for f in found.errors}


@pytest.mark.parametrize(("name", "found"), [("gone", ["PN007"]), ("python3", []), ("", [])])
def test_a_kernel_that_is_not_this_python_is_named(
    check: Check, name: str, found: list[str]
) -> None:
    named = {"kernelspec": {"name": name, "display_name": name, "language": "python"}}
    report = check("1", metadata=named)
    assert codes(report) == found
    if found:
        assert "names the kernel 'gone', which is not installed here" in str(report.findings[0])


def test_a_body_below_one_sign_is_told_that_it_needs_two(check: Check) -> None:
    slip = "\n%proml spec -o spec\nname: loan\ndescription: Will it be late\nlabel: late\n"
    (found,) = check(slip).errors
    assert str(found) == (
        "PN005 cell 2, line 4: not Python: invalid syntax: description: Will it be late; "
        "a cell with a body begins with %%proml, line 2 begins with %proml"
    )
    for other in (f"x = 1\n{slip}", "%matplotlib inline\nx = = 1", "x = = 1"):
        assert "%%proml" not in str(check(other).errors[0])
