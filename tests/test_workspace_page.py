"""docs/workspace.md, word for word: its files are made and its commands run in an empty folder."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from proml_lab.marketplace.settings import WorkspaceConfig

PAGE = (Path(__file__).parents[1] / "docs" / "workspace.md").read_text(encoding="utf-8")


def test_every_setting_is_on_the_page_with_its_default() -> None:
    said = dict(re.findall(r"^\| `(\w+)` \|.*\| `([^`]+)` \|$", PAGE, re.MULTILINE))
    assert {name: json.loads(value) for name, value in said.items()} == json.loads(
        WorkspaceConfig().model_dump_json()
    )


def test_the_page_makes_a_workspace_that_works(tmp_path: Path) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    view, spec = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    commands = PAGE.split("Then:")[1].split("```")[1].strip().splitlines()
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    (tmp_path / "features" / "rain.yaml").write_text(view, encoding="utf-8")
    (tmp_path / "sold-out.proml.yaml").write_text(spec, encoding="utf-8")
    assert len(commands) == 4
    for command in commands:
        words = [sys.executable, "-m", "proml_lab", *command.split()[1:]]
        run = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 0, (command, run.stderr)
        assert run.stdout.strip(), command
    assert (tmp_path / "models" / "sold-out" / "model.json").is_file()
