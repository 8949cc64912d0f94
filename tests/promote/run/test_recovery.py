"""What a crash leaves is put together: real processes, really killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from proml_lab.errors import RunError
from proml_lab.promote.run import log
from proml_lab.promote.run.presence import running
from proml_lab.promote.run.recovery import cut_off, note_place, recover
from tests.promote.conftest import write_notebook

SCRIPT = """
import os, signal, sys
from pathlib import Path
from proml_lab.promote import inspect
from proml_lab.promote.notebook import prepared
from proml_lab.promote.run.execute import execute
from proml_lab.promote.run.presence import running
moment, path, keep = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
keep.mkdir(parents=True)
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
def tell(part, words):
    if moment == "between two cells" and "third" in words:
        die()
if moment == "while folding":
    Path.replace = lambda one, other: die() if other.name == "executed.ipynb" else one.rename(other)
if moment == "before its first cell":
    from proml_lab.promote.run import kernel
    kernel.started = die
with running(keep):
    node = prepared(inspect(path), {})
    execute(node, name="a", folder=path.parent, keep=keep, environment={}, progress=tell)
    if moment == "after its last cell":
        die()
"""
FIRST = "import os; print('pid', os.getpid())"
SECOND = """
import time
print('begun', flush=True)
time.sleep(0.6)
os.kill(os.getppid(), 9)
time.sleep(60)
"""


def killed(folder: Path, moment: str) -> Path:
    """The folder of a run whose process was killed at that moment."""
    second = SECOND if moment == "in cell 4 of 5" else "print('second')"
    path = write_notebook(folder / "a.ipynb", FIRST, second, "print('third')")
    keep = folder / "runs" / "one"
    command = [sys.executable, "-c", SCRIPT, moment, str(path), str(keep)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return keep


def texts(path: Path) -> list[str]:
    node = nbformat.read(path, as_version=4)
    nbformat.validate(node)
    return ["".join(o.text for o in c.get("outputs", ())) for c in node.cells]


@pytest.mark.parametrize(
    ("moment", "done"),
    [
        ("in cell 4 of 5", ["begun\n", ""]),
        ("between two cells", ["second\n", ""]),
        ("while folding", ["second\n", "third\n"]),
        ("after its last cell", ["second\n", "third\n"]),
    ],
)
def test_a_killed_run_is_put_together_and_named_once(
    tmp_path: Path, moment: str, done: list[str]
) -> None:
    keep = killed(tmp_path, moment)
    assert [e["event"] for e in log.events(keep)][:2] == ["begin", "start"]
    (cut,) = cut_off(tmp_path / "runs")
    path = keep / "executed.ipynb"
    place = "after its last cell" if moment == "while folding" else moment
    assert str(cut) == f"The run one was cut off {place}; what it did is in {path}"
    title, parameters, first, *rest = texts(path)
    assert (title, parameters, rest) == ("", "", done)
    assert not (keep / "running.ipynb").exists()
    assert cut_off(tmp_path / "runs") == ()
    deadline = time.monotonic() + 20
    while alive(int(first.split()[1])):
        assert time.monotonic() < deadline, "the kernel outlives the run"
        time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("named", ["", "run.jsonl"])
def test_a_run_that_was_killed_while_its_kernel_started(tmp_path: Path, named: str) -> None:
    keep = killed(tmp_path, "before its first cell")
    if named:  # it had come so far
        (keep / named).touch()
        (keep / "running.ipynb").touch()
    (cut,) = cut_off(tmp_path / "runs")
    said = f"was cut off before its first cell; what it did is in {keep / 'executed.ipynb'}"
    assert str(cut).endswith(said)
    assert texts(keep / "executed.ipynb") == [""] * 5
    assert cut_off(tmp_path / "runs") == ()


def test_a_run_under_way_is_left_alone_and_ends_without_a_trace(tmp_path: Path) -> None:
    keep = tmp_path / "one"
    keep.mkdir()
    (keep / "prepared.ipynb").write_text("{}")
    with running(keep):
        assert cut_off(tmp_path) == ()
    assert cut_off(tmp_path) == ()
    with pytest.raises(KeyError), running(keep):
        raise KeyError
    assert [path.name for path in keep.iterdir()] == ["prepared.ipynb"]


def test_a_run_that_had_not_begun_goes(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "running.lock").touch()
    assert cut_off(tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_named_and_kept(tmp_path: Path) -> None:
    keep = tmp_path / "one"
    keep.mkdir()
    (keep / "running.lock").touch()
    (keep / "prepared.ipynb").write_text('{"metadata": {}, "nbformat_minor": 5, "cells": []}')
    (keep / "running.ipynb").write_text("nothing\nof ours\n")
    with pytest.raises(RunError, match=r"The run in .*one cannot be put together: Expecting value"):
        recover(keep)
    (cut,) = cut_off(tmp_path)
    assert "cut off and cannot be put together (Expecting value" in str(cut)
    assert (keep / "running.ipynb").is_file()


def test_nothing_to_put_together(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be put together: No such file"):
        recover(tmp_path)


def test_an_artifact_in_its_place_is_named_and_its_run_goes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "running.lock").touch()
        (tmp_path / name / "executed.ipynb").write_text('{"cells": [], "metadata": {}}')
        note_place(tmp_path / name, "visits@3")
    (tmp_path / "two" / "bundle").mkdir()  # it was not moved
    one, two = map(str, cut_off(tmp_path))
    assert one == "The run one was cut off after visits@3 was in its place; that version is whole"
    assert two.startswith("The run two was cut off after its last cell; what it did is in ")
    assert [path.name for path in tmp_path.iterdir()] == ["two"]
    assert cut_off(tmp_path) == ()
