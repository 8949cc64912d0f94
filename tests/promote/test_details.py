"""One artifact in full."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from proml_lab import cli
from proml_lab.errors import ArtifactError, UnknownNameError, WorkspaceError
from proml_lab.promote import Artifact, show
from proml_lab.promote.gates.entry import GateEntry, Override
from proml_lab.promote.gc import size
from tests.promote.conftest import Promoted


def test_everything_is_there(promoted: Promoted) -> None:
    found = show("visits@3", workspace=promoted.workspace)
    rows = {(part, name): (value, note) for part, name, value, note in found.frame().rows()}
    assert rows["version", "status"] == ("accepted", "")
    assert rows["version", "notebook"] == ("work/visits.ipynb", "")
    assert rows["version", "previous"] == ("visits@2", "")
    assert rows["parameter", "depth"] == ("3", "")
    assert rows["metric", "auc"][0].startswith("0.")
    assert rows["metric", "auc"][1].endswith(", higher is better")
    told = "400 rows, no copy: not read in this run"
    assert rows["data", "shop.visits"] == (told, "f" * 32)
    assert rows["data", "held-out rows"][0] == "80 rows"
    assert rows["file", "folder"] == (str(promoted.artifacts[2].path), "")
    assert ("environment", "python") in rows
    assert found.aliases == ()
    text = str(found)
    assert text.startswith("visits@3\n\nThe version\n")
    assert "What it had to reach" not in text
    assert "Artifact visits@3" in found._repr_mimebundle_()["text/html"]


def test_gates_and_an_override(promoted: Promoted, tmp_path: Path) -> None:
    """A folder outside of every workspace, too."""
    first = promoted.artifacts[0]
    gate = GateEntry(gate="auc", limit=">= 0.99", verdict="failed", why="It is less.")
    override = Override(reason="agreed", who="ann", when="2026-01-02T03:04:05+00:00")
    changed = {"gates": (gate,), "override": override, "status": "overridden"}
    copy = Path(shutil.copytree(first.path, tmp_path / "copy"))
    found = show(Artifact(copy, first.manifest.model_copy(update=changed)))
    rows = found.frame().rows()
    assert ("gate", "auc >= 0.99", "failed", "It is less.") in rows
    said = "Overridden by ann, 2026-01-02 03:04 UTC: agreed"
    assert ("version", "overridden", said, "") in rows
    assert "What it had to reach" in str(found)


@pytest.mark.parametrize("name", ["environment/platform.json", "data/index.json"])
def test_a_damaged_file_is_named(promoted: Promoted, tmp_path: Path, name: str) -> None:
    """Of a folder, for which no workspace is needed."""
    copy = Path(shutil.copytree(promoted.artifacts[0].path, tmp_path / "copy"))
    assert show(copy).artifact.key == "visits@1"
    (copy / name).write_text("[")
    with pytest.raises(ArtifactError, match=f"visits@1 is damaged: {name} was changed"):
        show(copy)
    (copy / name).unlink()
    with pytest.raises(ArtifactError, match=f"visits@1 is damaged: {name} is missing"):
        show(copy)


def test_a_folder_outside_of_any_workspace(
    promoted: Promoted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(promoted.artifacts[0].path, tmp_path / "copy")
    monkeypatch.chdir(tmp_path)
    for name in ("copy", "./copy"):
        assert cli.main(["show", name]) == 0
        assert cli.main(["diff", name, "copy"]) == 0
    with pytest.raises(WorkspaceError, match="No workspace in"):
        show("visits@1")


def test_what_is_not_there(promoted: Promoted) -> None:
    with pytest.raises(UnknownNameError, match="no 'visits' version '9'"):
        show("visits@9", workspace=promoted.workspace)


@pytest.mark.parametrize(
    ("n", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (5100, "5.1 kB"), (2.5e6, "2.5 MB"), (7e10, "70.0 GB")],
)
def test_sizes(n: float, said: str) -> None:
    assert size(n) == said
