"""Messages of a kernel become outputs: together, in place, cut, and as they are in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from proml_lab.promote.run.growing import GrowingNotebook
from proml_lab.promote.run.outputs import Outputs, collapsed
from proml_lab.promote.run.widgets import MIME


def message(kind: str, request: str = "r", **content: Any) -> dict[str, Any]:
    return {
        "header": {"msg_type": kind},
        "parent_header": {"msg_id": request},
        "content": content,
        "buffers": [],
    }


def text(text: str, name: str = "stdout") -> dict[str, Any]:
    return message("stream", name=name, text=text)


def shown(value: str, key: str = "", kind: str = "display_data") -> dict[str, Any]:
    transient = {"display_id": key} if key else {}
    return message(kind, data={"text/plain": value}, metadata={}, transient=transient)


class Page:
    """Feeds cells with messages; gives what is in memory and what is in the file."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.node = new_notebook()
        self.file = GrowingNotebook(folder / "a.ipynb")
        self.outputs = Outputs(self.file, folder / "whole", limit=limit)

    def cell(self, *messages: dict[str, Any]) -> nbformat.NotebookNode:
        cell = new_code_cell(str(len(self.node.cells)))
        self.node.cells.append(cell)
        self.outputs.begin(cell, len(self.node.cells))
        for one in messages:
            self.outputs.take(one)
        self.outputs.end()
        self.file.end(cell)
        return cell

    def same_in_file(self) -> bool:
        self.file.finish(self.node)
        again = nbformat.read(self.folder / "a.ipynb", as_version=4)
        nbformat.validate(again)
        return [c.outputs for c in again.cells] == [c.outputs for c in self.node.cells]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[int], Page]]:
    """``make(limit)``: a page whose cells keep so many characters."""
    made: list[Page] = []

    def making(limit: int) -> Page:
        made.append(Page(tmp_path, limit))
        return made[-1]

    yield making
    for page in made:
        page.file.close()


@pytest.fixture
def page(make: Callable[[int], Page]) -> Page:
    return make(10_000)


def test_a_stream_is_one_output_until_something_comes_between(page: Page) -> None:
    cell = page.cell(text("a"), text("b\n"), shown("x"), text("c"), text("e", "stderr"), text("d"))
    assert [o.get("text") or o.data["text/plain"] for o in cell.outputs] == [
        *("ab\n", "x", "c", "e", "d")
    ]
    assert page.same_in_file()


def test_results_and_errors_keep_their_fields(page: Page) -> None:
    cell = page.cell(
        message("execute_input", code="0", execution_count=4),
        message("execute_result", data={"text/plain": "1"}, metadata={"a": 1}, execution_count=4),
        message("error", ename="E", evalue="v", traceback=["t"]),
    )
    assert cell.execution_count == 4
    assert cell.outputs == [
        {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {"a": 1}}
        | {"execution_count": 4},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]},
    ]
    assert page.same_in_file()


@pytest.mark.parametrize(
    ("pieces", "kept"),
    [
        (["10%\r20%\r", "30%\n"], "30%\n"),
        (["done\n10%", "\r20%", "\r", "30%\n"], "done\n30%\n"),
        (["a\r\nb\r\n"], "a\r\nb\r\n"),
        (["abc\x08\x08d"], "ad"),
        (["ab", "\x08c"], "ac"),
    ],
)
def test_what_a_line_takes_back_is_gone(page: Page, pieces: list[str], kept: str) -> None:
    cell = page.cell(*map(text, pieces))
    assert [o.text for o in cell.outputs] == [kept]
    assert page.same_in_file()


def test_backspaces_with_nothing_to_take_back_stay() -> None:
    assert collapsed("\x08a\n\x08b") == "\x08a\n\x08b"


def test_a_cleared_cell_keeps_what_comes_after(page: Page) -> None:
    at_once = message("clear_output", wait=False)
    with_next = message("clear_output", wait=True)
    assert [o.text for o in page.cell(text("a"), at_once, text("b")).outputs] == ["b"]
    assert [o.text for o in page.cell(text("a"), with_next).outputs] == ["a"]
    assert [o.text for o in page.cell(text("a"), with_next, text("b"), text("c")).outputs] == ["bc"]
    assert page.same_in_file()


def test_a_display_is_updated_in_its_cell_and_in_earlier_ones(page: Page) -> None:
    update = shown("3", "k", "update_display_data")
    first = page.cell(shown("1", "k"), text("t"), shown("2", "other"), update)
    assert first.outputs[0].data["text/plain"] == "3"
    assert not page.outputs.rewritten
    second = page.cell(shown("4", "k"), shown("new", "other", "update_display_data"))
    assert page.outputs.rewritten
    assert first.outputs[0].data["text/plain"] == "4"
    assert first.outputs[2].data["text/plain"] == "new"
    assert second.outputs[0].data["text/plain"] == "4"


def test_an_update_within_a_cell_is_in_the_file(page: Page) -> None:
    page.cell(shown("1", "k"), text("t"), shown("2", "k", "update_display_data"))
    assert page.same_in_file()


def test_text_beyond_the_limit_is_cut_and_kept_whole_beside(
    tmp_path: Path, make: Callable[[int], Page]
) -> None:
    page = make(10)
    page.cell()
    cell = page.cell(text("12345"), text("67", "stderr"), text("890abc"), text("def"))
    assert "".join(o.text for o in cell.outputs) == (
        "1234567890\n… cut here: all of it is in whole/cell-002.txt\n"
    )
    assert (tmp_path / "whole" / "cell-002.txt").read_text() == "1234567890abcdef"
    assert page.outputs.is_cut
    assert page.outputs.size == 16
    page.cell(text("short"))
    assert not page.outputs.is_cut
    assert page.same_in_file()


def test_a_cut_cell_that_is_cleared_starts_anew(
    tmp_path: Path, make: Callable[[int], Page]
) -> None:
    page = make(10)
    cell = page.cell(text("x" * 20), message("clear_output", wait=False), text("short"))
    assert [o.text for o in cell.outputs] == ["short"]
    assert not list((tmp_path / "whole").iterdir())
    assert page.same_in_file()


def test_a_display_beyond_the_limit_becomes_a_note_and_files(
    tmp_path: Path, make: Callable[[int], Page]
) -> None:
    page = make(30)
    data = {"text/plain": "a figure", "text/html": "<p>" * 20, "image/png": "aGVsbG8="}
    cell = page.cell(text("before"), message("display_data", data=data, metadata={}), text("after"))
    assert cell.outputs[1].data == {
        "text/plain": "a figure\n… cut here: 76 characters are in whole/: "
        "cell-001-1.png, cell-001-2.html, cell-001-3.txt"
    }
    assert (tmp_path / "whole" / "cell-001-1.png").read_bytes() == b"hello"
    assert (tmp_path / "whole" / "cell-001-2.html").read_text() == "<p>" * 20
    assert [o.get("text") for o in cell.outputs] == ["before", None, "after"]
    assert page.same_in_file()


def test_updates_do_not_add_up_to_the_limit(tmp_path: Path, make: Callable[[int], Page]) -> None:
    page = make(30)
    updates = [shown(f"{i:>9}", "k", "update_display_data") for i in range(20)]
    cell = page.cell(shown("start", "k"), *updates)
    assert cell.outputs[0].data["text/plain"] == "       19"


def test_what_an_output_widget_catches_is_not_shown_in_the_cell(page: Page) -> None:
    state = {"_model_name": "OutputModel", "_model_module": "@jupyter-widgets/output"}
    opened = message("comm_open", comm_id="w", data={"state": {**state, "outputs": []}})
    catch = message("comm_msg", comm_id="w", data={"state": {"msg_id": "r"}})
    leave = message("comm_msg", comm_id="w", data={"state": {"msg_id": ""}})
    wiped = message("clear_output", wait=False)
    inside = (text("old"), wiped, text("in"), text("side"), shown("x"))
    cell = page.cell(opened, text("before"), catch, *inside, leave, text("after"))
    assert [o.text for o in cell.outputs] == ["beforeafter"]
    (model,) = page.outputs.widgets.metadata()[MIME]["state"].values()  # type: ignore[index]
    caught = model["state"]["outputs"]
    assert [o.get("text") for o in caught] == ["inside", None]
    assert caught[1]["data"] == {"text/plain": "x"}
