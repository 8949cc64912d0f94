"""Real sweeps of a tiny notebook: versions, failures, an interrupt."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import psutil
import pytest

from proml_lab.errors import NameNotAllowedError, UsageError
from proml_lab.promote import SweepReport, artifacts, load_artifact, sweep
from tests.promote.conftest import LIGHT, Write

PARAMETERS = """
from datetime import date
depth: int = 3
day: date | None = None
words: list[str] = []
"""
FIRST = "if depth == 6: raise ValueError('too deep')"
SCORED = LIGHT.replace('"accuracy": 0.5', '"accuracy": depth / 10')
GATED = SCORED.replace(
    'baseline}"', """baseline" + (", gates: {auc: '>= 0.9'}}" if depth == 5 else "}")"""
)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[SweepReport, Path, list[str]]:
    """Four values of `depth`: 5 is rejected by a gate, 6 fails."""
    from tests.promote.conftest import make_workspace, write_notebook

    folder = make_workspace(tmp_path_factory.mktemp("swept") / "workspace")
    path = write_notebook(folder / "some.ipynb", FIRST, GATED, parameters=PARAMETERS)
    said: list[str] = []
    report = sweep(
        path,
        "tiny",
        {"depth": [4, 5, 6, 8], "words": [["a", "b"]], "day": [date(2013, 1, 2)]},
        jobs=2,
        workspace=folder,
        progress=lambda part, words: said.append(f"{part:.2f} {words}"),
    )
    return report, folder, said


def test_every_member_is_a_version_and_one_that_fails_stops_none(
    swept: tuple[SweepReport, Path, list[str]],
) -> None:
    report, folder, _ = swept
    assert report.failed == 2
    rows = report.frame().rows(named=True)
    assert [row["state"] for row in rows] == ["registered", "registered", "rejected", "failed"]
    assert "ValueError: too deep" in rows[3]["problem"]
    assert rows[3]["depth"] == "6"
    assert rows[3]["artifact"] is None
    assert "is rejected by 1 of its 1 gates" in rows[2]["problem"]
    for row in rows[:3]:
        artifact = load_artifact(row["artifact"], workspace=folder)
        assert artifact.parameters == {"depth": int(row["depth"]), "day": "2013-01-02"} | {
            "words": ["a", "b"]
        }
        assert row["value"] == int(row["depth"]) / 10
        assert row["seconds"] > 0
    assert {row["depth"] for row in rows[:2]} == {"4", "8"}
    assert sorted(artifacts("tiny", workspace=folder).frame()["version"]) == [1, 2, 3]


def test_it_reads_as_one_table_and_one_line(
    swept: tuple[SweepReport, Path, list[str]],
) -> None:
    report, _, said = swept
    assert str(report).startswith("2 of 4 versions of 'tiny' registered in ")
    assert str(report).endswith("Which is the best cannot be told: a number without its rows.")
    bundle = report._repr_mimebundle_()
    assert "too deep" in bundle["text/plain"]
    assert "<table>" in bundle["text/html"]
    assert "<svg" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    parts = [float(line.split()[0]) for line in said]
    assert parts[-1] == 1.0
    assert any("of 4 done · depth=" in line for line in said)
    assert said[-1].endswith("4 of 4 done")


SWEEP = """
import sys
from proml_lab.promote import sweep
try:
    sweep(sys.argv[1], "tiny", {"depth": [1, 99]}, jobs=2, workspace=sys.argv[2])
except KeyboardInterrupt as stop:
    print(stop)
"""


def test_an_interrupt_ends_all_kernels_and_keeps_what_is_registered(
    write: Write, workspace: Path
) -> None:
    wait = f"import time\nif depth == 99:\n    open({str(workspace / 'began')!r}, 'w').close()\n"
    path = write(wait + "    time.sleep(600)", SCORED, parameters="depth: int = 3")
    command = [sys.executable, "-c", SWEEP, str(path), str(workspace)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        registered = workspace / ".proml" / "artifacts" / "tiny" / "1" / "manifest.json"
        family = _wait(process.pid, lambda: registered.exists() and (workspace / "began").exists())
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert said in (
        "1 of 2 promotions had ended; registered by then: tiny@1.\n",
        "0 of 2 promotions had ended; nothing was registered.\n",
    )
    assert [one for one in family if one.is_running() and one.status() != "zombie"] == []
    assert artifacts("tiny", workspace=workspace).frame()["version"].to_list() == [1]


def test_when_the_sweep_is_killed_its_members_end(write: Write, workspace: Path) -> None:
    wait = f"import time\nopen({str(workspace)!r} + f'/began{{depth}}', 'w').close()\n"
    path = write(wait + "time.sleep(600)", SCORED, parameters="depth: int = 3")
    command = [sys.executable, "-c", SWEEP, str(path), str(workspace)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        both = [workspace / "began1", workspace / "began99"]
        family = _wait(process.pid, lambda: all(began.exists() for began in both))
        process.kill()
        process.communicate(timeout=60)
    gone, alive = psutil.wait_procs(family, timeout=60)
    assert len(gone) >= 4
    assert alive == []


def _wait(pid: int, reached) -> list[psutil.Process]:
    """Everything that `pid` started by the time that `reached` says yes."""
    deadline = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return psutil.Process(pid).children(recursive=True)


@pytest.mark.parametrize(
    ("name", "options", "error", "said"),
    [
        ("tiny", {"jobs": 0}, UsageError, "0 promotions at a time are too few"),
        ("No Name", {}, NameNotAllowedError, "artifact name"),
    ],
)
def test_what_is_wrong_is_told_before_anything_runs(
    name: str,
    options: dict[str, int],
    error: type[Exception],
    said: str,
    write: Write,
    workspace: Path,
) -> None:
    path = write(LIGHT, parameters="depth: int = 3")
    with pytest.raises(error, match=said):
        sweep(path, name, {"depth": [1, 2]}, workspace=workspace, **options)
    assert not (workspace / ".proml" / "runs").exists()
