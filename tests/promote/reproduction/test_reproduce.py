"""Artifacts made again: the same, another, and refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from proml_lab import open_workspace
from proml_lab.errors import ArtifactError, SigningError
from proml_lab.promote import Artifact, artifacts, promote, reproduce
from proml_lab.promote.trust import keys, sign, signature, signing_key
from tests.promote.conftest import LIGHT, make_workspace, write_notebook

GIVEN = """
import random, helper
print(helper.said, depth)
record({"draw": random.random()})
"""
CLOCK = """
import time
now = time.time_ns() % 1_000_003
record({"moment": now})
print(now)
"""


@dataclass(frozen=True)
class Made:
    workspace: Path
    steady: Artifact
    clock: Artifact


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = make_workspace(tmp_path_factory.mktemp("again") / "workspace")
    (folder / "deep").mkdir()
    (folder / "deep" / "helper.py").write_text("said = 'hello'\n")
    parameters = "seed: int = 4\ndepth: int = 2\nname: str = 'x'"
    first = write_notebook(folder / "deep" / "a.ipynb", LIGHT, GIVEN, parameters=parameters)
    second = write_notebook(folder / "b.ipynb", LIGHT, "x = 1", CLOCK)
    return Made(
        folder,
        promote(first, "steady", {"depth": 3}, workspace=folder),
        promote(second, "clock", workspace=folder),
    )


def test_an_artifact_alone_gives_the_same_again(made: Made, tmp_path: Path) -> None:
    """Nothing of the workspace is there: only the folder of the artifact."""
    alone = tmp_path / "copy"
    shutil.copytree(made.steady.path, alone)
    steps: list[tuple[float, str]] = []
    place = make_workspace(tmp_path / "another")
    found = reproduce(alone, workspace=place, progress=lambda *step: steps.append(step))
    assert found.verdict == "identical", found.frame()
    assert found.warnings == ()
    assert set(found.frame()["what"]) == {"data", "cell", "spec", "model", "metrics", "report"}
    assert found.path is not None
    assert found.path.parent.parent == place / ".proml" / "reproductions"
    signed = signature.read(found.path.parent / "signature")
    public = keys.read_public(found.path.parent / "signature.pub")
    assert set(signed.files(public)) == {"reproduction.json", "signature.pub"}
    assert json.loads(found.path.read_text()) == found.to_dict()
    assert len(artifacts(workspace=place)) == 0
    assert list((place / ".proml" / "runs").iterdir()) == []
    assert [part for part, _ in steps] == sorted(part for part, _ in steps)


def test_what_depends_on_the_clock_is_different_and_its_cell_is_named(made: Made) -> None:
    found = reproduce("clock@1", workspace=made.workspace)
    assert found.verdict == "different"
    assert found.departs.startswith("cell 5 (import time")
    apart = found.frame().filter(verdict="different")
    # Whether the report differs too depends on the digits that it shows of the moment.
    assert apart["what"].to_list()[:2] == ["cell", "metrics"]
    assert len(artifacts(workspace=made.workspace)) == 2


def test_a_notebook_that_fails_now_is_told(made: Made, tmp_path: Path) -> None:
    alone = tmp_path / "copy"
    shutil.copytree(made.steady.path, alone)
    shutil.rmtree(alone / "code" / "files")
    _signed_again(alone, made.workspace)
    found = reproduce(alone, workspace=make_workspace(tmp_path / "another"))
    assert found.verdict == "different"
    assert "No module named 'helper'" in found.departs


def test_what_it_imported_from_outside_is_told(made: Made, tmp_path: Path) -> None:
    """The result is the same only as long as that module is where it was."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "faraway.py").write_text("said = 1\n")
    cell = f"import sys\nsys.path.append({str(tmp_path / 'outside')!r})\nimport faraway"
    place = make_workspace(tmp_path / "workspace")
    promote(write_notebook(place / "a.ipynb", LIGHT, cell), "far", workspace=place)
    found = reproduce("far@1", workspace=place)
    assert found.verdict == "identical"
    assert found.warnings == ("it imported faraway from outside: not part of the artifact",)
    assert "faraway" in found._repr_mimebundle_()["text/plain"]


@pytest.mark.parametrize("name", ["notebook/source.ipynb", "code/files/deep/helper.py"])
def test_a_tampered_artifact_is_refused(made: Made, tmp_path: Path, name: str) -> None:
    alone = tmp_path / "copy"
    shutil.copytree(made.steady.path, alone)
    (alone / name).write_text((alone / name).read_text() + " ")
    with pytest.raises(ArtifactError, match=f"{name} was changed"):
        reproduce(alone, workspace=make_workspace(tmp_path / "another"))


def test_the_notebook_of_a_stranger_is_not_run(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another-user"))
    alone = tmp_path / "copy"
    shutil.copytree(made.steady.path, alone)
    with pytest.raises(ArtifactError, match="signed by an unknown key") as caught:
        reproduce(alone, workspace=make_workspace(tmp_path / "another"))
    assert "its notebook would be run" in caught.value.hint
    assert "--key FILE" in caught.value.hint
    with pytest.raises(SigningError, match="cannot be read"):
        reproduce(alone, workspace=tmp_path / "another", key=tmp_path / "no.pub")
    found = reproduce(alone, workspace=tmp_path / "another", key=alone / "signature.pub")
    assert found.verdict == "identical"


def _signed_again(folder: Path, workspace: Path) -> None:
    """Make an artifact whole again after a file was taken away."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = {n: e for n, e in manifest["files"].items() if (folder / n).is_file()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "signature").unlink()
    sign(folder, signing_key(open_workspace(workspace)))
