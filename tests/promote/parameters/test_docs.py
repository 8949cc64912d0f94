"""Every example of docs/parameters.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proml_lab import cli
from proml_lab.errors import NotebookError, ParameterError
from proml_lab.promote import inspect, read_grid
from proml_lab.promote.notebook import NotebookInfo, prepared
from proml_lab.promote.parameters import declared, gather_files, gather_words, read_files
from proml_lab.promote.sweep.grid import members
from tests.promote.conftest import write_notebook

PAGE = (Path(__file__).parents[3] / "docs" / "parameters.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
CELL, REFUSED = (text for kind, text in BLOCKS if kind == "python")
(FILE,) = (text for kind, text in BLOCKS if kind == "yaml")
SAID, TOLD, SWEPT = (text for kind, text in BLOCKS if not kind)


@pytest.fixture
def info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NotebookInfo:
    monkeypatch.chdir(tmp_path)
    return inspect(write_notebook(tmp_path / "visits.ipynb", "1", parameters=CELL))


def test_the_cell_is_python_and_declares_what_the_page_uses(info: NotebookInfo) -> None:
    space: dict[str, object] = {}
    exec(CELL, space)
    names = [parameter.name for parameter in info.parameters]
    assert names == ["n_trees", "rate", "learner", "test_from", "days", "limit", "seed"]
    assert all(space[p.name] == p.default for p in info.parameters if not p.required)


def test_the_table_of_parameters(info: NotebookInfo, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["promote", "--help", "visits.ipynb"]) == 0
    shown = capsys.readouterr().out
    assert all(parameter.name in shown for parameter in info.parameters)
    assert "at most this many trees" in shown


def test_what_is_refused_is_refused_in_these_words() -> None:
    with pytest.raises(NotebookError) as caught:
        declared(REFUSED, where="visits.ipynb")
    assert str(caught.value) == SAID.rstrip("\n")


def test_what_is_said_to_go_into_the_next_cell_is_allowed_there(tmp_path: Path) -> None:
    found = re.search(r"`(last_day = [^`]+)`, with `([^`]+)`", PAGE)
    assert found is not None
    last, until = found.groups()
    imports = "from datetime import date\n"
    path = write_notebook(tmp_path / "a.ipynb", last, parameters=imports + until)
    assert inspect(path).values({}) == {"until": None}
    exec(f"{imports}{until}\n{last}", {})


def test_the_plain_values_that_are_named_are_taken() -> None:
    listed = PAGE[PAGE.index("A value is plain") : PAGE.index("- imports from")]
    values = re.findall(r"`([^`]+)`", listed)
    assert len(values) == 5
    for value in values:
        typed = (
            f"n: date | None = {value}" if value == "None" or "date" in value else f"n = {value}"
        )
        (parameter,) = declared(f"from datetime import date\n{typed}", where="x")
        assert parameter.text == value.replace('"', "'")
    modules = re.findall(r"`([^`]+)`", PAGE[PAGE.index("- imports from") :].partition("\n")[0])
    assert len(modules) == 5
    declared("\n".join(f"import {module}" for module in modules), where="x")


def test_a_default_that_its_type_makes_another_object_of(tmp_path: Path) -> None:
    info = inspect(write_notebook(tmp_path / "a.ipynb", parameters="rate: float = 1"))
    assert prepared(info, {}).cells[2].source.endswith("\nrate = 1.0")
    assert "`rate: float = 1` the notebook sees 1.0" in PAGE


ROWS = re.findall(r"^\| (`.*?) \| ", PAGE, re.MULTILINE)


@pytest.mark.parametrize("row", ROWS)
def test_every_type_of_the_table_is_understood(row: str) -> None:
    for said in re.findall(r"`([^`]+)`", row.replace("\\|", "|")):
        for mark in ("ge=1", "min_length=1"):
            base = "int" if mark == "ge=1" else "str"
            typed = said.replace("Annotated[int, …]", f"Annotated[{base}, Field({mark})]")
            (found,) = declared(f"n: {typed}", where="x")
            assert found.required


def test_limits_of_the_table_are_understood() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `Annotated[int, …]`"))
    marks, field = row.split(" of annotated_types, or Pydantic's ")
    for name in re.findall(r"`(\w+)`", marks):
        inside = "ge=1" if name == "Interval" else "1"
        base = "str" if "Len" in name else "int"
        (found,) = declared(f"n: Annotated[{base}, {name}({inside})]", where="x")
        assert found.type.limits != found.type.limits.__class__()
    for name in re.findall(r"(\w+)=…", field):
        base = "str" if "length" in name else "int"
        (found,) = declared(f"n: Annotated[{base}, Field({name}=1)]", where="x")
        assert getattr(found.type.limits, name) == 1


def test_the_file_gives_values(info: NotebookInfo) -> None:
    Path("params.yaml").write_text(FILE, encoding="utf-8")
    got = info.read({"seed": "1", "rate": "0.5"}, read_files(["params.yaml"]))
    assert got["days"] == [1, 7, 28]
    assert (got["n_trees"], got["learner"], str(got["test_from"])) == (500, "linear", "2013-10-01")


def test_every_mistake_is_told_in_these_words(info: NotebookInfo) -> None:
    said = " ".join(PAGE[PAGE.index("With `n_trees: 9000`") : PAGE.index(TOLD)].split())
    lines = re.findall(r"`(\w+: [^`]+)`", said)
    words = re.findall(r"-p (\S+?)(?=[ `])", said)
    Path("params.yaml").write_text("\n".join(lines), encoding="utf-8")
    assert (len(lines), words) == (4, ["seed=", "limit"])
    with pytest.raises(ParameterError) as caught:
        info.read(gather_words(words), gather_files(["params.yaml"]))
    assert str(caught.value) == TOLD.rstrip("\n")


def test_the_sweeps_are_those_that_are_said(info: NotebookInfo) -> None:
    words = re.findall(r"-p (\S+)", SWEPT)
    grid = read_grid(info, gather_words([*words, "seed=1"]))
    assert [m["n_trees"] for m in members(info, grid)] == [100, 100, 300, 300]
    lists = re.search(r"`-p 'days=([^']+)'`; without brackets `-p days=([^`]+)`", PAGE)
    assert lists is not None
    several, one = ({"days": text, "seed": "1"} for text in lists.groups())
    assert read_grid(info, several)["days"] == [[1, 7], [1, 28]]
    assert read_grid(info, one)["days"] == [[1, 7]]
    quoted = re.search(r"`-p 'who=([^']+)'`", PAGE)
    assert quoted is not None
    who = inspect(write_notebook(Path("who.ipynb"), parameters="who: str = 'x'"))
    assert read_grid(who, {"who": quoted[1]}) == {"who": ["Smith, J", "Jones"]}
    filed = re.search(r"a list holds the values \(`([^`]+)`\)", PAGE)
    assert filed is not None
    Path("p.yaml").write_text(filed[1], encoding="utf-8")
    assert read_grid(info, {"seed": "1"}, read_files(["p.yaml"]))["n_trees"] == [100, 300]
    called = re.search(r"sweep\(\"visits.ipynb\", \"visits\", (\{.*?\}), jobs=2\)", PAGE)
    assert called is not None
    assert len(members(info, eval(called[1]))) == 2
