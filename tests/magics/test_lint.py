"""The verb: what the command prints and ends with, and the same in a notebook."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from proml_lab import cli
from tests.magics.conftest import Kernel

FINE = "x = 1"
DRAW = "import random\nx = random.random()"


@pytest.fixture
def notebook(small: Path):
    def written(*cells: str) -> str:
        first = new_code_cell("n: int = 3", metadata={"tags": ["parameters"]})
        nbformat.write(new_notebook(cells=[first, *map(new_code_cell, cells)]), small / "a.ipynb")
        return "a.ipynb"

    return written


@pytest.mark.parametrize(
    ("cell", "options", "status", "said"),
    [
        (FINE, [], 0, "a.ipynb: nothing to mend."),
        (DRAW, [], 0, "cell 2, line 2  PN050  warning   unseeded randomness  random.random"),
        (DRAW, ["--strict"], 1, "cell 2, line 2  PN050  error     unseeded randomness"),
        ("modle", [], 1, "cell 2, line 1  PN021  error     never defined  modle: nothing"),
    ],
)
def test_the_command_prints_a_table_and_ends_with_a_verdict(
    notebook, capsys, cell: str, options: list[str], status: int, said: str
) -> None:
    assert cli.main(["lint", notebook(cell), *options]) == status
    out, err = capsys.readouterr()
    assert said in out
    assert err == ""


def test_json_gives_the_findings(notebook, capsys) -> None:
    assert cli.main(["lint", notebook("modle", DRAW), "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [(row["code"], row["cell"], row["line"]) for row in rows] == [
        ("PN021", 2, 1),
        ("PN050", 3, 2),
    ]
    assert {"why", "mend", "mute", "muted", "seen"} <= rows[0].keys()


def test_the_findings_can_be_kept(notebook, capsys, small: Path) -> None:
    assert cli.main(["lint", notebook(DRAW), "-o", "found.csv"]) == 0
    assert (small / "found.csv").read_text().splitlines()[1].startswith("PN050,warning,2,2,")
    assert cli.main(["lint", "a.ipynb", "-o", "found.csv", "--code"]) == 0
    assert "report.frame().write_csv('found.csv')" in capsys.readouterr().out


def test_a_promotion_that_lint_stops(notebook, capsys, small: Path) -> None:
    assert cli.main(["promote", notebook("modle"), "--name", "tiny"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "PN021 cell 2, line 1: never defined: modle: nothing defines it" in err
    assert "Hint: proml lint a.ipynb says why" in err
    assert cli.main(["promote", notebook(DRAW), "--name", "tiny", "--strict"]) == 1
    assert "PN050" in capsys.readouterr().err


def test_in_a_notebook_it_returns_the_report(notebook, small: Path, kernel: Kernel) -> None:
    reply = kernel.run(f"%proml lint {small / notebook('modle')} -o found")
    assert "PN021  error" in reply.bundles[0]["text/plain"]
    assert "<table>" in reply.bundles[0]["text/html"]
    assert kernel.run("print(found.errors[0].code)").stdout == "PN021\n"
