"""``alias`` and ``rollback`` on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from proml_lab import cli
from proml_lab.promote import artifacts
from proml_lab.promote.artifact import opened, registry_of
from proml_lab.promote.registry import Record
from proml_lab.promote.trust import signing_key
from tests.promote.conftest import make_workspace
from tests.promote.trust.conftest import make_artifact


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with versions 1 to 3."""
    folder = make_workspace(tmp_path_factory.mktemp("aliases") / "workspace")
    registry = registry_of(opened(folder))
    registry.probe(writing=True)
    key = signing_key(opened(folder))
    for _ in range(3):
        with registry.reserve(Record("some", {}, {}, {})) as version:
            made = registry.place("some", version)
            made.mkdir(parents=True)
            make_artifact(made, key, name="some", version=version)
    return folder


def test_an_alias_moves_and_goes_back(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def proml(line: str) -> tuple[int, str, str]:
        status = cli.main([*line.split(), "--workspace", str(place)])
        return status, *capsys.readouterr()

    assert proml("alias some champion 1")[:2] == (0, "some@1 is now champion.\n")
    status, out, _ = proml("alias some champion 2 --json")
    assert [row["before"] for row in json.loads(out)] == [1]
    assert proml("rollback some")[1] == "some@1 is now champion, in place of some@2.\n"
    status, _, err = proml("rollback some")
    assert status == 1
    assert "No version of 'some' had the alias 'champion' before some@1." in err
    status, _, err = proml("alias some champion two")
    assert status == 2
    assert "'two' is not a version" in err


@pytest.mark.parametrize(
    ("line", "status", "said", "aliases"),
    [
        ("alias some champion 2", 0, "some@2 is now champion.", ["", "champion", ""]),
        ("alias some champion 9", 1, "There is no 'some' version '9'.", ["", "", ""]),
        ("rollback some", 1, "No version of 'some' has the alias 'champion'.", ["", "", ""]),
    ],
)
def test_versions_that_a_lost_registry_knew_are_taken_in(
    line: str,
    status: int,
    said: str,
    aliases: list[str],
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = shutil.copytree(place, tmp_path / "copy")
    (folder / ".proml" / "registry.db").unlink()
    here = ["--workspace", str(folder)]
    assert cli.main(["artifacts", *here]) == 0
    lost = "The registry does not know some@1, some@2, some@3, but the folders are there"
    assert capsys.readouterr().out.startswith(lost)
    assert cli.main([*line.split(), *here]) == status
    assert said in "".join(capsys.readouterr())
    rows = artifacts(workspace=folder).frame().sort("version")
    assert rows["aliases"].to_list() == aliases


def test_no_alias_for_a_version_that_cannot_be_loaded(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = place / ".proml" / "artifacts" / "some" / "3" / "model" / "model.json"
    changed.write_text("{}")
    assert cli.main(["alias", "some", "stage", "3", "--workspace", str(place)]) == 1
    assert "some@3 is damaged: model/model.json was changed." in capsys.readouterr().err
    rows = artifacts(workspace=place).frame().filter(version=3)
    assert rows["aliases"].to_list() == [""]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("alias some champion 2", "alias('some', 'champion', 2)"),
        ("rollback some", "rollback('some', 'champion')"),
        ("rollback some steady", "rollback('some', 'steady')"),
        (
            "promote a.ipynb --name some --override why",
            "promote('a.ipynb', 'some', override='why')",
        ),
    ],
)
def test_the_python_that_does_the_same(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*line.split(), "--code"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == said
    compile(out, "code", "exec")
