"""Several promotions of one name at once, each a process with a kernel of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from proml_lab import artifacts, load_artifact, verify
from tests.promote.conftest import LIGHT, write_notebook


def test_three_at_once_give_three_whole_versions(workspace: Path) -> None:
    path = write_notebook(workspace / "a.ipynb", LIGHT, parameters="depth: int = 0")
    command = [sys.executable, "-m", "proml_lab", "promote", path, "--name", "same", "-p"]
    running = [
        subprocess.Popen(
            [*command, f"depth={depth}"],
            cwd=workspace,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for depth in (1, 2, 3)
    ]
    for process in running:
        told, said = process.communicate(timeout=200)
        assert process.returncode == 0, said
        assert told.splitlines()[:2] == ["metric    value", "accuracy    0.5"]
    found = artifacts(workspace=workspace).frame()
    assert found["version"].to_list() == [3, 2, 1]
    assert set(found["state"]) == {"whole"}
    made = [load_artifact(f"same@{version}", workspace) for version in (1, 2, 3)]
    assert {artifact.parameters["depth"] for artifact in made} == {1, 2, 3}
    assert all(verify(artifact.path, workspace=workspace) for artifact in made)
    assert list((workspace / ".proml" / "runs").iterdir()) == []
