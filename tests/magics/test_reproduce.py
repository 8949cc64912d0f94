"""The verb `reproduce`, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from proml_lab import cli, promote
from proml_lab.magics import reproduce
from proml_lab.promote import Reproduction
from proml_lab.promote.reproduction.result import SCHEMA
from tests.promote.conftest import LIGHT, make_workspace, write_notebook


def test_a_signer_may_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["reproduce", "x@1", "--identity", "ann", "https://example.org", "--code"])
    assert "identity=('ann', 'https://example.org')" in capsys.readouterr().out


def test_an_artifact_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_workspace(tmp_path / "workspace")
    made = promote(write_notebook(folder / "a.ipynb", LIGHT), "tiny", workspace=folder)
    monkeypatch.chdir(folder)
    assert cli.main(["reproduce", "tiny@1"]) == 0
    assert "tiny@1 made again in this environment: all" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    assert cli.main(["reproduce", str(made.path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["verdict"] for row in rows} == {"identical"}


@pytest.mark.parametrize(("verdict", "status"), [("identical", 0), ("different", 1)])
def test_what_is_different_ends_with_one(verdict: str, status: int) -> None:
    table = pl.DataFrame([], schema=SCHEMA)
    found = Reproduction("x@1", verdict, "same", (), "2013-01-01T00:00:00+00:00", 1.0, table)  # type: ignore[arg-type]
    assert reproduce.status(found) == status


def test_the_python_that_does_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["reproduce", "x@1", "--fresh-env", "--key", "a.pub", "--code"])
    want = "from proml_lab import reproduce\n\nreproduce('x@1', fresh_env=True, key='a.pub')\n"
    assert capsys.readouterr().out == want


def test_an_artifact_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(make_workspace(tmp_path / "workspace"))
    assert cli.main(["reproduce", "nothing@1"]) == 1
    assert "no artifact 'nothing'" in capsys.readouterr().err
