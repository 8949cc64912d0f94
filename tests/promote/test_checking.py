"""What is wrong with a notebook and with the values for it comes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import NotebookError, ParameterError
from proml_lab.promote import promote, read_grid, read_values, sweep
from tests.promote.conftest import make_workspace
from tests.promote.lint.conftest import parameters, write_cells

BROKEN = "modle.fit()"
FOUND = "PN021 cell {}, line 1: never defined: modle: nothing defines it"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return make_workspace(tmp_path / "workspace")


def test_parameters_cells_are_told_with_all_other_findings(workspace: Path) -> None:
    path = write_cells(workspace / "a.ipynb", parameters("n: int = 3"), parameters("m = 2"), BROKEN)
    with pytest.raises(NotebookError) as caught:
        promote(path, "tiny", workspace=workspace)
    assert caught.value.message.splitlines() == [
        "a.ipynb has 2 findings that stop its promotion:",
        "PN002 cell 2: several parameters cells: cell 1 has the tag 'parameters' too",
        FOUND.format(3),
    ]
    path = write_cells(workspace / "b.ipynb", parameters("n = max(1, 2)\nm = min(1, 2)"), "x = 1")
    with pytest.raises(NotebookError, match=r"b.ipynb, line 1 .*\nb.ipynb, line 2 of the par"):
        promote(path, "tiny", workspace=workspace)
    path = write_cells(workspace / "d.ipynb", parameters("n = max(1, 2)\nm = min(1, 2)"), BROKEN)
    with pytest.raises(NotebookError, match=r"PN003 cell 1, line 1.*\nPN003 .*line 2.*\nPN021"):
        promote(path, "tiny", workspace=workspace)
    path = write_cells(workspace / "c.ipynb", BROKEN)
    with pytest.raises(NotebookError, match=r"PN001 notebook: no parameters cell.*\nPN021 cell 1"):
        promote(path, "tiny", workspace=workspace)


def test_what_is_wrong_alone_is_told_in_its_own_words(workspace: Path) -> None:
    path = write_cells(workspace / "a.ipynb", "x = 1")
    with pytest.raises(NotebookError, match=r"no cell tagged 'parameters'.*\nHint: put what"):
        promote(path, "tiny", workspace=workspace)
    path = write_cells(workspace / "b.ipynb", parameters("n: int = 3"))
    with pytest.raises(ParameterError, match=r"^Parameter 'n' is 'x', not an int"):
        read_values(path, {"n": "x"}, workspace=workspace)
    assert read_values(path, {"n": "7"}, workspace=workspace) == {"n": 7}


def test_wrong_values_are_told_with_the_findings(workspace: Path) -> None:
    path = write_cells(workspace / "a.ipynb", parameters("n: int = 3"), BROKEN)
    lines = ["a.ipynb has 1 finding that stops its promotion:", FOUND.format(2)]
    wrong = {
        "Parameter 'n' is 'x', not an int (such as n=3).",
        "a.ipynb has no parameter 'm' (choose one of n).",
    }
    calls = (
        lambda: read_values(path, {"n": "x", "m": "1"}, workspace=workspace),
        lambda: promote(path, "tiny", {"n": "x", "m": 1}, workspace=workspace),
        lambda: read_grid(path, {"n": "x", "m": "1"}, workspace=workspace),
        lambda: sweep(path, "tiny", {"n": [1, "x"], "m": [1]}, workspace=workspace),
    )
    for call in calls:
        with pytest.raises(NotebookError) as caught:
            call()
        said = caught.value.message.splitlines()
        assert (said[:2], set(said[2:])) == (lines, wrong)
        assert caught.value.hint.startswith("%proml lint a.ipynb says why")


def test_a_sweep_is_checked_before_anything_runs(workspace: Path) -> None:
    draw = "import random\nx = random.random()"
    path = write_cells(workspace / "a.ipynb", parameters("n: int = 3"), draw)
    with pytest.raises(NotebookError, match="PN050 cell 2, line 2"):
        sweep(path, "tiny", {"n": [1, 2]}, workspace=workspace, strict=True)
    assert not (workspace / ".proml").exists()
    with pytest.raises(NotebookError, match="PN050 cell 2, line 2"):
        read_values(path, {}, workspace=workspace, strict=True)
