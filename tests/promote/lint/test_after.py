"""What only a run shows: it joins what lint found, is told, and stops a strict promotion."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from proml_lab.errors import RunError
from proml_lab.magics import promote as verb
from proml_lab.promote import Artifact, load_artifact, promote
from tests.promote.conftest import LIGHT, make_workspace
from tests.promote.lint.conftest import code, parameters, write_cells

WIDGET = """
data = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/plain": "Slider()"}
display(data, raw=True)
"""
FULL = """
stray = "stray"
import os, sys
sys.path.insert(0, os.environ["HOME"] + "/../modules")
__import__(stray)
import beside
from proml_lab.promote.notebook import inspect
"""
READ = """
from pathlib import Path
for path in sorted(Path(".").glob("e*" + "/*.csv")):
    path.read_text()
(Path("one") / ("file" + ".txt")).read_text()
(Path(folder) / ("by_parameter" + ".txt")).read_text()
(Path("lis" + "ted") / ("a" + ".txt")).read_text()
(Path("sources") / ("a" + ".txt")).read_text()
Path("named.txt").read_text()
with open("made.txt", "w") as file:
    file.write("a")
open("made" + ".txt").close()
"""
DONE = "print('a' * 1_100_000)"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_workspace(tmp_path / "workspace")
    for path in ("extra/a.csv", "extra/b.csv", "one/file.txt", "given/by_parameter.txt"):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text("a")
    for path in ("listed/a.txt", "sources/a.txt", "named.txt", "beside.py"):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text("")
    for path in root.rglob("*.*"):
        os.utime(path, (1e9, 1e9))
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "stray.py").write_text("")
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return root


def found(made: Artifact) -> list[tuple[Any, ...]]:
    entries = load_artifact(made.path).manifest.lint
    return [(e.code, e.cell, e.seen) for e in entries if e.by == "run" and not e.muted]


def test_modules_files_and_outputs_that_no_cell_names(
    workspace: Path,
) -> None:
    steps: list[str] = []
    path = write_cells(
        workspace / "a.ipynb",
        *(parameters("folder = 'given'"), FULL, READ, WIDGET, DONE, LIGHT),
        metadata={"proml": {"reads": ["listed/*"]}},
    )
    made = promote(
        path, "tiny", workspace=workspace, progress=lambda part, words: steps.append(words)
    )
    want = [
        ("PN031", None, "2 files extra/*.csv: the run opened them, and no cell names them"),
        ("PN031", None, "one/file.txt: the run opened it, and no cell names it"),
        ("PN081", 2, "stray: the run imported it from outside of the workspace"),
        ("PN101", 4, "a widget's output without HTML or a picture, in the run"),
        ("PN100", 5, "1.1 MB in the run"),
    ]
    assert found(made) == want
    told = [step for step in steps if step.startswith("warning: ")]
    assert len(told) == len(want)
    assert told[-1] == "warning: PN100 cell 5: large output: 1.1 MB in the run"
    said = str(verb.summary(made))
    assert "The run showed: PN100 cell 5: 1.1 MB in the run" in said
    assert "by what its run did" in made.card


def test_strict_stops_it_before_it_is_registered(workspace: Path) -> None:
    path = write_cells(workspace / "a.ipynb", parameters(), WIDGET, LIGHT)
    with pytest.raises(RunError) as caught:
        promote(path, "tiny", workspace=workspace, strict=True)
    assert caught.value.message.splitlines() == [
        "a.ipynb ran to its end, but showed 1 finding that --strict makes errors:",
        "PN101 cell 2: a widget with no static form: a widget's output without HTML or a picture, "
        "in the run",
    ]
    assert "nothing was registered" in caught.value.hint
    assert not list((workspace / ".proml" / "artifacts").glob("tiny*"))


def test_mutes_count_and_those_of_no_use_are_told(workspace: Path) -> None:
    muted = code(WIDGET, metadata={"proml": {"mute": ["PN101", "PN100"]}})
    path = write_cells(workspace / "a.ipynb", parameters(), muted, "import beside", LIGHT)
    made = promote(path, "tiny", workspace=workspace)
    entries = load_artifact(made.path).manifest.lint
    assert [(e.code, e.muted, e.by) for e in entries] == [
        ("PN110", "", "run"),
        ("PN101", "cell", "run"),
    ]
    assert entries[0].seen == "'PN100': nothing in this cell has it"
