"""What a promotion's folder says, from files written by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from proml_lab.server import state


def test_an_empty_or_torn_folder_is_no_promotion(tmp_path: Path) -> None:
    assert state.read(tmp_path) is None
    (tmp_path / "request.json").write_text('{"notebook": "/a', encoding="utf-8")
    assert state.read(tmp_path) is None


def test_running_estimates_what_is_left(tmp_path: Path) -> None:
    _request(tmp_path, ago_s=30)
    state.save_process(tmp_path, os.getpid())
    found = state.read(tmp_path)
    assert found is not None
    assert (found.status, found.fraction, found.text, found.left_s) == ("running", 0.0, "", None)
    _progress(tmp_path, (0.1, "cell 1 of 4"), (0.25, "cell 2 of 4"))
    found = state.read(tmp_path)
    assert found is not None
    assert (found.fraction, found.text) == (0.25, "cell 2 of 4")
    assert found.left_s == pytest.approx(90, abs=2)


def test_a_line_that_is_being_written_is_passed_over(tmp_path: Path) -> None:
    _request(tmp_path)
    state.save_process(tmp_path, os.getpid())
    _progress(tmp_path, *((n / 1000, "x" * 50) for n in range(1000)))
    with (tmp_path / "progress.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"fraction": 1.0, "te')
    found = state.read(tmp_path)
    assert found is not None
    assert found.fraction == 0.999


def test_it_is_not_lost_while_it_starts(tmp_path: Path) -> None:
    _request(tmp_path, ago_s=1)
    found = state.read(tmp_path)
    assert found is not None
    assert found.status == "running"
    _request(tmp_path, ago_s=60)
    found = state.read(tmp_path)
    assert found is not None
    assert found.status == "lost"


def test_another_process_of_the_same_number_is_not_ours(tmp_path: Path) -> None:
    _request(tmp_path)
    state.save(tmp_path / "process.json", {"pid": os.getpid(), "created": 1.0})
    (tmp_path / "log.txt").write_text("Killed\n", encoding="utf-8")
    assert state.process(tmp_path) is None
    found = state.read(tmp_path)
    assert found is not None
    assert found.status == "lost"
    assert found.failure is not None
    assert found.failure.excerpt == "Killed"


def test_a_zombie_is_dead(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    state.save_process(tmp_path, child.pid)
    assert state.process(tmp_path) is not None
    child.kill()
    deadline = time.monotonic() + 10
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert state.process(tmp_path) is None
    child.communicate()
    assert state.process(tmp_path) is None


def test_killed_after_a_cancel_is_cancelled(tmp_path: Path) -> None:
    _request(tmp_path, ago_s=60)
    (tmp_path / "cancelled").touch()
    found = state.read(tmp_path)
    assert found is not None
    assert (found.status, found.failure) == ("cancelled", None)


def test_how_it_ended_wins_over_the_process(tmp_path: Path) -> None:
    _request(tmp_path, ago_s=10)
    state.save_process(tmp_path, os.getpid())
    _progress(tmp_path, (0.5, "cell 2 of 4"))
    reason = {"error": "RunError", "message": "m", "hint": "h", "excerpt": "e", "notebook": "/n"}
    state.save(tmp_path / "result.json", {"status": "failed", "ended": time.time(), **reason})
    found = state.read(tmp_path)
    assert found is not None
    assert (found.status, found.fraction, found.left_s) == ("failed", 0.5, None)
    assert found.elapsed_s == pytest.approx(10, abs=1)
    assert found.failure == state.Failure("RunError", "m", "h", "e", Path("/n"))


def test_saving_leaves_no_parts(tmp_path: Path) -> None:
    state.save(tmp_path / "a.json", {"x": 1})
    state.save(tmp_path / "a.json", {"x": "é"})
    assert [f.name for f in tmp_path.iterdir()] == ["a.json"]
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"x": "é"}


def _request(folder: Path, ago_s: float = 0.0) -> None:
    asked = {"notebook": "/w/a.ipynb", "name": "a", "parameters": {}, "workspace": "/w"}
    state.save(folder / "request.json", {**asked, "started": time.time() - ago_s})


def _progress(folder: Path, *steps: tuple[float, str]) -> None:
    with (folder / "progress.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({"fraction": f, "text": t}) + "\n" for f, t in steps)
