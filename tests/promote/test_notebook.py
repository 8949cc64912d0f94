"""Notebooks on disk: what is refused, and what a run starts from."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from proml_lab.errors import NotebookError, ParameterError
from proml_lab.promote import inspect
from proml_lab.promote.notebook import clean, prepared, write
from tests.promote.conftest import write_notebook


def test_what_it_asks_for(tmp_path: Path) -> None:
    path = write_notebook(
        tmp_path / "a.ipynb", "1", parameters="n: int = 3  # rows\nd: str | None = None\nk: float"
    )
    info = inspect(path)
    assert info.frame().rows() == [
        ("n", "int", "", "3", "rows"),
        ("d", "str or None", "", "None", ""),
        ("k", "float", "", "required", ""),
    ]
    assert info.n_cells == 3
    assert info.read({"n": "4", "k": "1"}) == {"n": 4, "k": 1.0}
    assert info.values({"k": 1.0}) == {"n": 3, "d": None, "k": 1.0}
    said = r"'n' is 'x', not an int \(such as n=3\)\.\n.*'k' is 'y'.* \(such as k=0\.1\)\.$"
    with pytest.raises(ParameterError, match=said):
        info.read({"n": "x", "k": "y"})
    with pytest.raises(
        ParameterError, match=r"'n' is 'x', not an int .*\n.*'k' of a\.ipynb is missing"
    ):
        info.read({"n": "x"})
    with pytest.raises(ParameterError, match=r"no parameter 'm'"):
        info.read({"m": "1", "k": "1"})


def test_dates_are_kept_as_text_and_defaults_as_their_types_have_them(tmp_path: Path) -> None:
    source = "from datetime import date\nn: float = 3\nd = date(2013, 1, 1)\nk: int"
    info = inspect(write_notebook(tmp_path / "a.ipynb", parameters=source))
    assert info.values({"k": 1}) == {"n": 3.0, "d": "2013-01-01", "k": 1}
    assert prepared(info, {"k": 1}).cells[2].source == "# Parameters of this run\nn = 3.0\nk = 1"
    assert prepared(info, {"k": 1, "n": 4.0}).cells[2].source.splitlines()[1:] == [
        "n = 4.0",
        "k = 1",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no notebook 'a.ipynb'"),
        ("print(1)", "a.ipynb is not a notebook: line 1 is not JSON"),
        ("{}", "a.ipynb is not a notebook: it is JSON without 'nbformat'"),
        ("[1]", "a.ipynb is not a notebook: it is JSON without 'nbformat'"),
        (b"\xff\xfe\x00", "a.ipynb is not a notebook: it is not text but binary data"),
        ('{"nbformat": 4, "nbformat_minor": 5, "cells": 3}', "a.ipynb is not a valid notebook"),
        ('{"nbformat": 4, "nbformat_minor": 5, "cells": [{}]}', "a.ipynb is not a valid notebook"),
        (
            '{"nbformat": 4, "nbformat_minor": 5, "cells": [], '
            '"metadata": {"language_info": {"name": "R"}}}',
            "a.ipynb is written in R",
        ),
        (
            '{"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {"kernelspec": '
            '{"name": "python3", "display_name": "P"}, "language_info": {"name": "julia"}}}',
            "a.ipynb is written in julia",
        ),
        (
            '{"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {"kernelspec": '
            '{"name": "julia-1.9", "display_name": "Julia 1.9"}}}',
            "a.ipynb is written in Julia",
        ),
        (
            '{"nbformat": 3, "nbformat_minor": 0, "worksheets": [], "metadata": {}}',
            "it is in the old format 3.\nHint: run: jupyter nbconvert --to notebook --nbformat 4",
        ),
        (
            '{"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {}}',
            "a.ipynb has no cell tagged 'parameters'",
        ),
    ],
)
def test_what_is_no_notebook_for_us_is_refused(
    tmp_path: Path, content: str | bytes | None, said: str
) -> None:
    path = tmp_path / "a.ipynb"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(NotebookError, match=said):
        inspect(path)


def test_a_missing_notebook_leads_to_its_neighbour(tmp_path: Path) -> None:
    write_notebook(tmp_path / "flights.ipynb")
    with pytest.raises(NotebookError, match=r"did you mean 'flights.ipynb'\?"):
        inspect(tmp_path / "flight.ipynb")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    with pytest.raises(NotebookError, match=r"^work is a folder, not a notebook.\nHint: give the"):
        inspect(folder)
    write_notebook(folder / "b.ipynb")
    write_notebook(folder / "a.ipynb")
    with pytest.raises(NotebookError, match=r"Hint: in it there are a.ipynb, b.ipynb\."):
        inspect(folder)


def test_a_file_that_cannot_be_opened_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match=r"cannot be read: file name too long.\nHint: check"):
        inspect(tmp_path / f"{'a' * 300}.ipynb")


def test_two_parameters_cells_are_refused(tmp_path: Path) -> None:
    cells = [new_code_cell("n = 1", metadata={"tags": ["parameters"]}) for _ in range(3)]
    nbformat.write(new_notebook(cells=cells), tmp_path / "a.ipynb")
    with pytest.raises(NotebookError, match="has 3 cells tagged 'parameters': 1, 2 and 3"):
        inspect(tmp_path / "a.ipynb")


def test_old_formats_and_cells_without_ids_are_read_the_same_each_time(tmp_path: Path) -> None:
    node = nbformat.read(write_notebook(tmp_path / "a.ipynb", "x = 1"), as_version=4)
    for cell in node.cells:
        del cell["id"]
    node.nbformat_minor = 4
    (tmp_path / "a.ipynb").write_text(json.dumps(node))
    one, two = (inspect(tmp_path / "a.ipynb").node for _ in range(2))
    assert one == two
    assert len({cell.id for cell in one.cells}) == 3


def test_a_run_starts_clean_with_its_values_below_the_parameters(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", "x = 1", parameters="n = 1\nm = 2")
    node = nbformat.read(path, as_version=4)
    node.cells[2].outputs = [new_output("stream", text="old")]
    node.cells[2].execution_count = 9
    node.cells.insert(2, new_code_cell("n = 7", metadata={"tags": ["injected-parameters"]}))
    node.metadata["widgets"] = {"old": {}}
    nbformat.write(node, path)
    info = inspect(path)
    made = prepared(info, {"m": 5})
    assert [cell.source for cell in made.cells][1:] == [
        "n = 1\nm = 2",
        "# Parameters of this run\nm = 5",
        "x = 1",
    ]
    assert (made.cells[3].outputs, made.cells[3].execution_count) == ([], None)
    assert "widgets" not in made.metadata
    assert info.node.cells[3].execution_count == 9
    assert [cell.source for cell in prepared(info, {}).cells][2:] == ["x = 1"]
    assert clean(info.node).cells[2].source == "n = 7"


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb")
    before = path.read_bytes()
    (tmp_path / "a.ipynb.part").mkdir()
    with pytest.raises(OSError, match="directory"):
        write(inspect(path).node, path)
    assert path.read_bytes() == before
