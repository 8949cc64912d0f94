"""The cell of parameters, and cells that are not Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from proml_lab.errors import NotebookError
from proml_lab.promote.lint.subject import Cell, Seen, Subject
from proml_lab.promote.parameters import declared


def check(subject: Subject) -> Iterator[Seen]:
    """PN001 to PN005."""
    tagged = [cell for cell in subject.code if cell.is_parameters]
    if not tagged:
        yield Seen("PN001", None, None, "no code cell has the tag 'parameters'")
    for cell in tagged[1:]:
        said = f"cell {tagged[0].number} has the tag 'parameters' too"
        yield Seen("PN002", cell.number, None, said)
    for cell in tagged:
        if cell.parsed.error is None:
            yield from _parameters(cell)
    for cell in subject.code:
        if cell.parsed.error is not None:
            line, words = cell.parsed.error
            yield Seen("PN005", cell.number, line, f"{words}: {cell.line(line)}")


def _parameters(cell: Cell) -> Iterator[Seen]:
    try:
        found = declared(cell.source, where="the notebook")
    except NotebookError:
        yield from _refused(cell)
        return
    lines = {
        node.target.id: node.lineno
        for node in cell.tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    for parameter in found:
        if parameter.required:
            line = lines.get(parameter.name)
            yield Seen("PN004", cell.number, line, parameter.name)


def _refused(cell: Cell) -> Iterator[Seen]:
    """The statements that cannot be read as parameters, or the first line of the cell."""
    several = False
    for node in cell.tree.body:
        source = ast.get_source_segment(cell.source, node) or ""
        try:
            declared(source, where="the notebook")
        except NotebookError as error:
            several = True
            yield Seen("PN003", cell.number, node.lineno, error.message)
    if not several:
        yield Seen("PN003", cell.number, 1, cell.line(1))
