"""The file that grows: a whole notebook at its end, and one at every moment before."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from proml_lab.promote.run.growing import GrowingNotebook, read

ODD = 'a "quoted" \\ line\nwith \u2028 and \x85, {"outputs":[\n"],"text":[\n]}\nno end \ud800'


def outputs() -> list[nbformat.NotebookNode]:
    return [
        new_output("stream", name="stdout", text=ODD),
        new_output("stream", name="stderr", text="late\n"),
        new_output("display_data", data={"text/plain": ODD, "application/json": {"a": [1]}}),
        new_output("error", ename="E", evalue="v", traceback=["one", "two"]),
    ]


def sample() -> nbformat.NotebookNode:
    cells = [
        new_markdown_cell(ODD.replace("\ud800", "")),
        new_code_cell("print(1)\n2", execution_count=1, outputs=outputs()),
        new_code_cell("", metadata={"tags": ["x"]}),
        new_code_cell("3", execution_count=2, outputs=outputs()[2:]),
        new_markdown_cell("the end"),
    ]
    return new_notebook(cells=cells, metadata={"papermill": {"end_time": "now"}})


def write(node: nbformat.NotebookNode, path: Path) -> None:
    file = GrowingNotebook(path)
    for cell in node.cells:
        if cell.cell_type == "markdown" or not cell.source:
            file.add(cell)
            continue
        file.begin(cell)
        for output in cell.outputs:
            if output.output_type == "stream":
                for piece in (output.text[:7], output.text[7:]):
                    file.stream(output.name, piece)
            else:
                file.output(output)
        file.end(cell)
    file.finish(node)


def bare(node: Any) -> Any:
    """The notebook before it ran, as JSON."""
    prepared = json.loads(nbformat.writes(node))
    for cell in prepared["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    prepared["metadata"] = {}
    return prepared


def same(one: nbformat.NotebookNode, other: nbformat.NotebookNode) -> bool:
    """Equal, lone surrogates as JSON escapes them."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def test_at_its_end_it_is_the_notebook(tmp_path: Path) -> None:
    node = sample()
    write(node, tmp_path / "a.ipynb")
    again = nbformat.read(tmp_path / "a.ipynb", as_version=4)
    nbformat.validate(again)
    assert same(again, node)
    found, index = read(tmp_path / "a.ipynb", bare(node))
    assert index == -1
    assert same(nbformat.from_dict(found).metadata, node.metadata)


def test_cut_at_any_byte_it_is_a_notebook_with_what_was_done(tmp_path: Path) -> None:
    node, path = sample(), tmp_path / "a.ipynb"
    write(node, path)
    whole, prepared = path.read_bytes(), bare(node)
    ends = [i + 1 for i, byte in enumerate(whole) if byte == 10]
    cuts = [*ends, *(end - 1 for end in ends), *random.Random(1).sample(range(len(whole)), 60), 0]
    for cut in cuts:
        path.write_bytes(whole[:cut])
        found, index = read(path, json.loads(json.dumps(prepared)))
        again = nbformat.reads(json.dumps(found), as_version=4)
        nbformat.validate(again)
        assert [c.source for c in again.cells] == [c.source for c in node.cells]
        assert [c.id for c in again.cells] == [c.id for c in node.cells]
        for number, (cell, done) in enumerate(zip(again.cells, node.cells, strict=True)):
            if cell.cell_type == "markdown" or (index >= 0 and number > index):
                assert not cell.get("outputs")
            for mine, theirs in zip(cell.get("outputs", ()), done.get("outputs", ()), strict=False):
                if mine.output_type == "stream":
                    assert json.dumps(theirs.text).startswith(json.dumps(mine.text)[:-1])
                else:
                    assert mine == theirs


def test_clearing_takes_back_the_outputs_of_the_cell_only(tmp_path: Path) -> None:
    node = new_notebook(cells=[new_code_cell("1"), new_code_cell("2")])
    file = GrowingNotebook(tmp_path / "a.ipynb")
    for cell in node.cells:
        file.begin(cell)
        file.stream("stdout", "kept\n" * 3)
        file.stream("stderr", "gone\n")
        file.replace([new_output("stream", name="stdout", text=f"new {cell.source}\n")])
        file.stream("stdout", "more\n")
        file.end(cell)
    file.finish(node)
    again = nbformat.read(tmp_path / "a.ipynb", as_version=4)
    texts = [[output.text for output in cell.outputs] for cell in again.cells]
    assert texts == [["new 1\n", "more\n"], ["new 2\n", "more\n"]]


def test_a_file_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("nothing\nof ours\n")
    with pytest.raises(ValueError, match="Expecting value"):
        read(tmp_path / "a", bare(sample()))


def test_the_steps_of_the_page_make_the_same_notebook(tmp_path: Path) -> None:
    """docs/formats.md#a-run, read without knowing how the lines are told apart."""
    whole, cut = tmp_path / "whole.ipynb", tmp_path / "cut.ipynb"
    node = sample()
    write(node, whole)
    before, data = bare(node), whole.read_bytes()
    rest = {"metadata": before["metadata"], "nbformat": 4, "nbformat_minor": 5}
    tail = "]," + json.dumps(rest)[1:]
    for size in [0, 5, *(i + 1 for i, byte in enumerate(data[:-1]) if byte == 10)]:
        cut.write_bytes(data[:size])
        text = data[:size].decode() if size > 5 else '{"cells":['
        found = []
        for stream, cell in (("", 0), ("", 1), ("]}", 1)):
            end = stream + '],"execution_count":null,"metadata":{}}' * cell
            try:
                found.append((json.loads(text + end + tail), cell))
            except ValueError:
                continue
        ((mine, is_open),) = found
        there = len(mine["cells"])
        if is_open:
            mine["cells"][-1]["metadata"] = before["cells"][there - 1]["metadata"]
        mine["cells"] += before["cells"][there:]
        assert (mine, there - 1 if is_open else -1) == read(cut, before)
