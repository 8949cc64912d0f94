"""Real promotions in real processes: done, failed, cancelled, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from proml_lab.errors import (
    NameNotAllowedError,
    NotebookError,
    ParameterError,
    ProMLError,
    UnknownNameError,
    WorkspaceError,
)
from proml_lab.server import state
from proml_lab.server.promotions import Promotions
from proml_lab.server.state import Promotion
from tests.browser import notebooks


def test_done_has_a_version_and_a_report(done: Promotion, root: Path) -> None:
    assert (done.status, done.version, done.fraction, done.failure) == ("done", 1, 1.0, None)
    assert done.request.parameters == {"n_rows": "500"}
    assert done.report is not None
    assert "tiny-model@1" in done.report.read_text(encoding="utf-8")
    assert done.report.is_relative_to(root)


def test_failed_tells_the_cell_and_keeps_the_notebook(
    failed: Promotion, promotions: Promotions, root: Path
) -> None:
    assert failed.status == "failed"
    assert failed.failure is not None
    assert "failing.ipynb failed in cell 4 of 5, line 1: AttributeError" in failed.failure.message
    assert "share = frame.share" in failed.failure.excerpt
    copy = promotions.partial(failed.id)
    assert copy.parent == root
    outputs = [o for c in nbformat.read(copy, 4).cells for o in c.get("outputs", [])]
    assert [o.ename for o in outputs if o.output_type == "error"] == ["AttributeError"]
    before = copy.stat().st_mtime_ns
    assert promotions.partial(failed.id) == copy
    assert copy.stat().st_mtime_ns == before


def test_a_done_promotion_has_no_partial_notebook(done: Promotion, promotions: Promotions) -> None:
    with pytest.raises(NotebookError, match="kept no partial notebook"):
        promotions.partial(done.id)


def test_the_list_is_newest_first_and_found_by_another_server(
    done: Promotion, failed: Promotion, promotions: Promotions, root: Path
) -> None:
    other = Promotions(root, promotions.memory)
    ids = [p.id for p in other.recent()]
    assert {done.id, failed.id} <= set(ids)
    assert ids == sorted(ids, reverse=True)
    assert Promotions(root / "features", promotions.memory).recent() == []


def test_cancel_ends_the_whole_family(promotions: Promotions) -> None:
    started = promotions.start("01_tiny_model.ipynb", "slow", {"seconds": "100"})
    job = state.process(started.folder)
    assert job is not None
    family = _with_kernel(job)
    cancelled = promotions.cancel(started.id)
    assert cancelled.status == "cancelled"
    assert not any(_alive(process) for process in family)
    assert promotions.cancel(started.id).status == "cancelled"
    promotions.forget(started.id)
    with pytest.raises(UnknownNameError, match=f"no promotion '{started.id}'"):
        promotions.get(started.id)


def test_one_that_does_not_listen_is_killed(promotions: Promotions) -> None:
    started = promotions.start("01_tiny_model.ipynb", "slow", {"seconds": "100"})
    job = state.process(started.folder)
    assert job is not None
    family = _with_kernel(job)
    job.send_signal(signal.SIGSTOP)
    assert promotions.cancel(started.id, grace_s=0.3).status == "cancelled"
    assert not any(_alive(process) for process in family)


def test_killed_from_outside_is_lost_and_can_be_forgotten(promotions: Promotions) -> None:
    started = promotions.start("01_tiny_model.ipynb", "slow", {"seconds": "100"})
    job = state.process(started.folder)
    assert job is not None
    with pytest.raises(ProMLError, match="still runs"):
        promotions.forget(started.id)
    job.kill()
    job.wait(10)
    lost = promotions.get(started.id)
    assert lost.status == "lost"
    assert lost.failure is not None
    assert "ended without a result" in lost.failure.message
    promotions.forget(started.id)
    assert started.id not in [p.id for p in promotions.recent()]


def test_it_outlives_the_process_that_started_it(root: Path, promotions: Promotions) -> None:
    script = (
        "import sys; from pathlib import Path; from proml_lab.server.promotions import Promotions\n"
        "p = Promotions(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "print(p.start('01_tiny_model.ipynb', 'orphan', {'seconds': '100'}).id)"
    )
    command = [sys.executable, "-c", script, str(root), str(promotions.memory)]
    key = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    assert promotions.get(key).status == "running"
    assert promotions.cancel(key).status == "cancelled"


@pytest.mark.parametrize(
    ("path", "name", "parameters", "error", "text"),
    [
        ("01_tiny_model.ipynb", "Tiny Model", {}, NameNotAllowedError, "'Tiny Model'"),
        ("01_tiny_model.ipynb", "tiny", {"n_rows": "many"}, ParameterError, "'many', not an int"),
        ("01_tiny_model.ipynb", "tiny", {"rows": "4"}, ParameterError, "no parameter 'rows'"),
        ("plain.ipynb", "plain", {}, NotebookError, "no cell tagged 'parameters'"),
        ("gone.ipynb", "gone", {}, NotebookError, "no notebook 'gone.ipynb'"),
        ("proml.toml", "toml", {}, NotebookError, "'proml.toml' is not a notebook"),
        ("../secret.ipynb", "secret", {}, NotebookError, "outside the folder"),
        ("features/../../secret.ipynb", "secret", {}, NotebookError, "outside the folder"),
        ("a\0b.ipynb", "secret", {}, NotebookError, "outside the folder"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_starts(
    promotions: Promotions,
    path: str,
    name: str,
    parameters: dict[str, str],
    error: type[ProMLError],
    text: str,
) -> None:
    before = {p.id for p in promotions.recent()}
    with pytest.raises(error, match=text):
        promotions.start(path, name, parameters)
    assert {p.id for p in promotions.recent()} == before


def test_an_absolute_path_is_read_below_the_root(promotions: Promotions, root: Path) -> None:
    assert promotions.notebook("/01_tiny_model.ipynb") == root / "01_tiny_model.ipynb"
    assert promotions.notebook("/etc/x.ipynb") == root / "etc" / "x.ipynb"


def test_a_notebook_outside_of_a_workspace(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebooks.tiny(tmp_path)
    monkeypatch.delenv("PROML_WORKSPACE", raising=False)
    alone = Promotions(tmp_path, tmp_path / "workspaces.json")
    with pytest.raises(WorkspaceError, match="PROML_WORKSPACE set to its folder"):
        alone.start("01_tiny_model.ipynb", "tiny", {})
    monkeypatch.setenv("PROML_WORKSPACE", str(root))
    started = alone.start("01_tiny_model.ipynb", "tiny", {"seconds": "100"})
    assert started.folder.is_relative_to(root)
    assert [p.id for p in alone.recent()] == [started.id]
    alone.cancel(started.id)


def test_a_broken_memory_is_an_empty_one(tmp_path: Path, root: Path) -> None:
    memory = tmp_path / "workspaces.json"
    for text in ("", "[]", "{", json.dumps({"workspaces": None})):
        memory.write_text(text, encoding="utf-8")
        assert Promotions(root, memory).recent() == []


def _with_kernel(job: psutil.Process) -> list[psutil.Process]:
    """The job and its kernel, once there is one."""
    deadline = time.monotonic() + 30
    while not (children := job.children(recursive=True)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return [job, *children]


def _alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_the_job_is_in_a_session_of_its_own(promotions: Promotions) -> None:
    started = promotions.start("01_tiny_model.ipynb", "slow", {"seconds": "100"})
    job = state.process(started.folder)
    assert job is not None
    assert os.getsid(job.pid) == job.pid
    promotions.cancel(started.id)
