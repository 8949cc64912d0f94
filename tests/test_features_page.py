"""docs/features.md: its commands run, in their order, in the workspace that workspace.md makes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "features.md").read_text(encoding="utf-8")
START = (DOCS / "workspace.md").read_text(encoding="utf-8")


def proml(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "proml_lab", *command.split()[1:]]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_the_page_is_a_features_life(tmp_path: Path) -> None:
    (script,) = re.findall(r"## From two tables.*?```python\n(.*?)```", START, re.DOTALL)
    view, spec = re.findall(
        r"```yaml\n(.*?)```", START.partition("## From two tables")[2], re.DOTALL
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    rain = tmp_path / "features" / "rain.yaml"
    rain.write_text(view, encoding="utf-8")
    (tmp_path / "sold-out.proml.yaml").write_text(spec, encoding="utf-8")
    commands = re.findall(r"^proml .*$", PAGE, re.MULTILINE)
    assert len(commands) == 8
    look, publish, join, change, forced, *last = commands
    for command, said in ((look, "would be published"), (publish, "is published"), (join, "rain")):
        run = proml(tmp_path, command)
        assert run.returncode == 0, (command, run.stderr)
        assert said in run.stdout
    changed, successor, retirement = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    text = rain.read_text(encoding="utf-8")
    rain.write_text(_with(text, changed), encoding="utf-8")
    refused = proml(tmp_path, change)
    assert refused.returncode == 1
    assert "breaks what is in use" in refused.stderr
    assert "It is used by sold-out.proml.yaml." in refused.stderr
    assert proml(tmp_path, forced).returncode == 0
    assert proml(tmp_path, join).returncode == 0
    rain.write_text(rain.read_text(encoding="utf-8") + retirement, encoding="utf-8")
    (tmp_path / "features" / "rain_daily.yaml").write_text(successor, encoding="utf-8")
    for command in last:
        run = proml(tmp_path, command)
        assert run.returncode == 0, run.stderr
    warned = [line for line in run.stderr.splitlines() if "deprecated" in line]
    assert warned[0] == "proml: shop.rain.rain is deprecated; use shop.rain_daily."


def _with(text: str, changed: str) -> str:
    """The view's text with the lines of `changed` in place of those of the same field."""
    for line in changed.splitlines():
        field = line.partition(":")[0]
        text, n = re.subn(rf"^{field}:.*$", line, text, flags=re.MULTILINE)
        text = text if n else f"{line}\n{text}"
    return text


def test_the_table_of_changes_says_what_changes_are() -> None:
    from proml_lab.marketplace.publish.changes import changes
    from proml_lab.marketplace.view import FeatureView

    rows = re.findall(r"^\| (?!change|---)(.+?) \| (yes|no) \| (yes|no) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 5
    base = {"view": "a.b", "source": "s", "entities": ["k"], "event_time": "t"}
    plain = FeatureView.model_validate({**base, "features": {"x": "float", "y": "float"}})
    for fields, row in (
        ({"source": "r"}, 0),
        ({"time_to_live": "1d"}, 0),
        ({"features": {"x": "integer", "y": "float"}}, 1),
        ({"features": {"x": "float"}}, 1),
        ({"features": {"x": "float", "y": "float", "z": "float"}}, 2),
        ({"sensitivity": "personal"}, 3),
        ({"status": "deprecated", "tags": ["w"]}, 4),
    ):
        both = {**base, "features": {"x": "float", "y": "float"}, **fields}
        found = changes(plain, FeatureView.model_validate(both))
        said = any(one.breaking for one in found), any(one.renews for one in found)
        assert said == tuple(word == "yes" for word in rows[row][1:]), fields
