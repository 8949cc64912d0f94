"""``features draft`` on the command line and in a notebook."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from proml_lab import cli
from proml_lab.magics import verbs
from proml_lab.magics.context import Context
from proml_lab.marketplace.draft import Drafted


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    pl.DataFrame({"city": ["Bonn"], "people": [3]}).write_parquet(tmp_path / "data" / "c.parquet")
    return tmp_path / "data"


def test_the_command_drafts_and_says_what_it_guessed(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["features", "draft", "data"]) == 0
    out, _ = capsys.readouterr()
    assert out.startswith(f"1 view drafted in {data}; 1 guess to check.\n")
    assert "guess: data.c: entities: city: city tells the rows apart" in out
    assert cli.main(["features", "draft", "data", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr()[0])
    assert row["why"] == "it has a view already"


def test_in_a_notebook(data: Path) -> None:
    args = verbs.parser("features draft", prog=verbs.NOTEBOOK).parse(["data"])
    found = verbs.load("features draft").run(args, Context({}))
    assert isinstance(found, Drafted)
    assert found.views == ("data.c",)


def test_its_code_does_the_same(data: Path) -> None:
    args = verbs.parser("features draft", prog=verbs.COMMAND).parse(["data"])
    exec(verbs.code("features draft", args), {})
    assert (data / "features" / "data.c.yaml").is_file()


def test_a_folder_that_is_not_there(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["features", "draft", "nowhere"]) == 1
    assert "There is no folder" in capsys.readouterr()[1]
