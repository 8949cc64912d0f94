"""The process of one promotion, started by hand."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from proml_lab.server import state


def test_without_a_request_it_says_so(tmp_path: Path) -> None:
    done = _job(tmp_path)
    assert (done.returncode, done.stderr) == (1, f"{tmp_path} holds no request.\n")
    assert not (tmp_path / "result.json").exists()


def test_our_errors_become_a_result(tmp_path: Path, root: Path) -> None:
    result = _result(tmp_path, root, "plain.ipynb", {})
    assert (result["status"], result["error"]) == ("failed", "NotebookError")
    assert result["message"] == "plain.ipynb has no cell tagged 'parameters'."
    assert "put what others may set" in str(result["hint"])


def test_every_wrong_parameter_is_told(tmp_path: Path, root: Path) -> None:
    wrong = {"n_rows": "x", "seconds": "y"}
    result = _result(tmp_path, root, "01_tiny_model.ipynb", wrong)
    told = f"{result['message']}\n{result['excerpt']}"
    assert "'n_rows'" in told
    assert "'seconds'" in told


def test_what_nobody_foresaw_becomes_a_result_too(tmp_path: Path, root: Path) -> None:
    (tmp_path / "progress.jsonl").mkdir()
    result = _result(tmp_path, root, "01_tiny_model.ipynb", {})
    assert (result["status"], result["error"]) == ("failed", "IsADirectoryError")
    assert result["hint"] == f"the traceback is in {tmp_path / 'log.txt'}."


def _result(
    folder: Path, root: Path, notebook: str, parameters: dict[str, str]
) -> dict[str, object]:
    asked = {"notebook": str(root / notebook), "name": "a", "parameters": dict(parameters)}
    request = {**asked, "workspace": str(root), "started": time.time()}
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    assert _job(folder).returncode == 1
    assert state.process(folder) is None
    found: dict[str, object] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return found


def _job(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "proml_lab.server.job", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
