"""What the form asks, for every kind of parameter."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from proml_lab.errors import NotebookError
from proml_lab.server.form import form

CELL = """
import datetime as dt
from datetime import date
n: int = 300  # rounds
rate: float = 1e-3
who: str = "LGA"
note: str = ""
deep: bool = True
days: list = [1, 7]
start: date = date(2013, 11, 1)
last: dt.date | None = None
cap: int | None = None
how: Literal["fast", "well"] = "well"  # what matters
key: str
"""


def _notebook(path: Path, cell: str, *sources: str) -> Path:
    cells = [new_code_cell(cell, metadata={"tags": ["parameters"]})]
    nbformat.write(new_notebook(cells=cells + [new_code_cell(s) for s in sources]), path)
    return path


def test_a_field_for_each_kind(tmp_path: Path) -> None:
    fields = form(_notebook(tmp_path / "a.ipynb", CELL))["parameters"]
    assert isinstance(fields, list)
    rows = [tuple(f.values()) for f in fields if isinstance(f, dict)]
    assert rows == [
        ("n", "int", "300", "", "rounds", True, []),
        ("rate", "float", "0.001", "", "", True, []),
        ("who", "str", "LGA", "", "", False, []),
        ("note", "str", "", "", "", False, []),
        ("deep", "bool", "true", "", "", True, []),
        ("days", "list", "[1, 7]", "", "", True, []),
        ("start", "date", "2013-11-01", "", "", True, []),
        ("last", "date", "", "None", "", False, []),
        ("cap", "int", "", "None", "", False, []),
        ("how", "str", "well", "", "what matters – one of fast, well", False, ["fast", "well"]),
        ("key", "str", "", "", "", True, []),
    ]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("01_flight_delay.ipynb", "flight-delay"),
        ("Late Flights (v2).ipynb", "late-flights-v2"),
        ("2026 03.ipynb", "model"),
        ("3rd try.ipynb", "model"),
        ("Zürich – été.ipynb", "zurich-ete"),
    ],
)
def test_the_name_comes_from_the_file(tmp_path: Path, file: str, name: str) -> None:
    assert form(_notebook(tmp_path / file, ""))["name"] == name


def test_the_name_of_a_spec_in_the_notebook_wins(tmp_path: Path) -> None:
    plain = "name: not-this"
    spec = "%%proml fit -o gbm\nproml: 1\nname: flight-delay\nlabel: late"
    later = "%%proml fit -o other\nname: other"
    notebook = _notebook(tmp_path / "a.ipynb", "", plain, spec, later)
    assert form(notebook)["name"] == "flight-delay"


def test_a_notebook_that_cannot_be_promoted(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    nbformat.write(new_notebook(), path)
    with pytest.raises(NotebookError, match="no cell tagged 'parameters'"):
        form(path)
