"""Lint inside a promotion: errors stop it, the rest goes into the manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import NotebookError
from proml_lab.promote import load_artifact, promote
from tests.promote.conftest import LIGHT, make_workspace
from tests.promote.lint.conftest import code, parameters, write_cells

DRAW = "import random\nx = random.random()"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return make_workspace(tmp_path / "workspace")


def test_errors_stop_it_before_anything_runs(workspace: Path) -> None:
    run = "open('ran', 'w').close()"
    path = write_cells(workspace / "a.ipynb", parameters(), run, "modle", "import not_there", DRAW)
    with pytest.raises(NotebookError) as caught:
        promote(path, "tiny", workspace=workspace)
    assert caught.value.message.splitlines() == [
        "a.ipynb has 2 findings that stop its promotion:",
        "PN021 cell 3, line 1: never defined: modle: nothing defines it",
        "PN080 cell 4, line 1: not installed: import not_there",
    ]
    assert not (workspace / "ran").exists()
    assert not (workspace / ".proml").exists()


def test_strict_stops_it_for_warnings_too(workspace: Path) -> None:
    path = write_cells(workspace / "a.ipynb", parameters(), DRAW)
    with pytest.raises(NotebookError, match=r"PN050 cell 2, line 2: unseeded randomness"):
        promote(path, "tiny", workspace=workspace, strict=True)


def test_warnings_and_what_is_muted_go_into_the_manifest(workspace: Path) -> None:
    muted = code("!true", metadata={"proml": {"mute": {"PN091": "it does  nothing"}}})
    path = write_cells(workspace / "a.ipynb", parameters(), DRAW, muted, LIGHT)
    made = promote(path, "tiny", workspace=workspace)
    entries = [entry.model_dump() for entry in load_artifact(made.path).manifest.lint]
    assert entries == [
        {"code": "PN050", "severity": "warning", "cell": 2, "line": 2,
         "seen": "random.random", "muted": "", "reason": "", "by": "reading"},
        {"code": "PN091", "severity": "warning", "cell": 3, "line": 1,
         "seen": "!true", "muted": "cell", "reason": "it does nothing",
         "by": "reading"},
    ]  # fmt: skip
    shown = made._repr_mimebundle_()["text/plain"]
    assert "1 warning (PN050), 1 muted (PN091)" in shown
    for text in (made.card, made.report.read_text(encoding="utf-8")):
        assert "unseeded randomness: random.random" in text
        assert "it does nothing" in text
