"""Outputs of cells, compared."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from proml_lab.promote.reproduction.cells import compare_cells


def executed(path: Path, *outputs: object, injected: bool = False) -> Path:
    cells = [new_markdown_cell("# Title"), new_code_cell("x = 1")]
    if injected:
        cells.append(new_code_cell("x = 2", metadata={"tags": ["injected-parameters"]}))
    cells.append(new_code_cell("# show\nprint(x)", outputs=list(outputs)))
    nbformat.write(new_notebook(cells=cells), path)
    return path


def verdict(tmp_path: Path, old: object, new: object) -> str:
    one, two = executed(tmp_path / "1.ipynb", old), executed(tmp_path / "2.ipynb", new)
    return [found.verdict for _, _, found in compare_cells(one, two)][-1]


def stream(text: str) -> object:
    return new_output("stream", text=text)


def test_cells_are_numbered_as_their_author_sees_them(tmp_path: Path) -> None:
    one = executed(tmp_path / "1.ipynb", stream("2\n"))
    two = executed(tmp_path / "2.ipynb", stream("2\n"), injected=True)
    found = list(compare_cells(one, two))
    assert [(number, title) for number, title, _ in found] == [(2, "x = 1"), (3, "# show")]
    assert {closeness.verdict for _, _, closeness in found} == {"identical"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fitted in 1.2 s", "fitted in 350 ms"),
        ("in /tmp/a/b/file.csv", "in /home/x/file.csv"),
        ("<object at 0x7f3a2b4c5d6e>", "<object at 0x7f0000000000>"),
        ("\x1b[31mred\x1b[0m", "red"),
    ],
)
def test_what_any_two_runs_show_differently_is_left_out(tmp_path: Path, old: str, new: str) -> None:
    assert verdict(tmp_path, stream(old), stream(new)) == "identical"


@pytest.mark.parametrize(
    ("old", "new", "want"),
    [
        (stream("auc 0.71"), stream("auc 0.72"), "different"),
        (stream("auc 0.71"), stream("auc 0.7100000001"), "within tolerance"),
        (stream("12 rows"), new_output("display_data", {"text/plain": "12 rows"}), "different"),
        (
            new_output("display_data", {"image/png": "aaaa"}),
            new_output("display_data", {"image/png": "aaab"}),
            "different",
        ),
        (
            new_output("error", ename="ValueError", evalue="one", traceback=["line 1"]),
            new_output("error", ename="ValueError", evalue="one", traceback=["line 2"]),
            "identical",
        ),
        (
            new_output("display_data", {"application/json": {"b": 1, "a": 2}}),
            new_output("display_data", {"application/json": {"a": 2, "b": 1}}),
            "identical",
        ),
        (
            new_output(
                "display_data",
                {
                    "application/vnd.jupyter.widget-view+json": {"model_id": "1"},
                    "text/plain": "W 1",
                },
            ),
            new_output(
                "display_data",
                {
                    "application/vnd.jupyter.widget-view+json": {"model_id": "2"},
                    "text/plain": "W 2",
                },
            ),
            "identical",
        ),
    ],
)
def test_outputs_are_compared_by_what_they_show(
    tmp_path: Path, old: object, new: object, want: str
) -> None:
    assert verdict(tmp_path, old, new) == want


def test_a_cell_that_is_not_there_shows_nothing(tmp_path: Path) -> None:
    one = executed(tmp_path / "1.ipynb", stream("2\n"))
    two = tmp_path / "2.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("x = 1")]), two)
    assert [c.verdict for *_, c in compare_cells(one, two)][-1] == "different"
