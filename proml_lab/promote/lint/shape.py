"""The cell of parameters, and cells that are not Python."""

from __future__ import annotations

from collections.abc import Iterator

from proml_lab.promote.kernelspec import another
from proml_lab.promote.lint import scopes
from proml_lab.promote.lint.subject import Cell, Seen, Subject
from proml_lab.promote.parameters import examined


def check(subject: Subject) -> Iterator[Seen]:
    """PN001 to PN007."""
    if said := another(subject.metadata):
        yield Seen("PN007", None, None, said)
    tagged = [cell for cell in subject.code if cell.is_parameters]
    if not tagged:
        yield Seen("PN001", None, None, "no code cell has the tag 'parameters'")
    for cell in tagged[1:]:
        said = f"cell {tagged[0].number} has the tag 'parameters' too"
        yield Seen("PN002", cell.number, None, said)
    if tagged:
        yield from _set_again(subject, tagged[0])
    for cell in tagged:
        if cell.parsed.error is None:
            yield from _parameters(cell)
    for cell in subject.code:
        if cell.parsed.error is not None:
            line, words = cell.parsed.error
            said = f"{words}: {cell.line(line)}{_one_sign(cell, line)}"
            yield Seen("PN005", cell.number, line, said)


def _one_sign(cell: Cell, line: int) -> str:
    """What else to say of a `line` below ``%proml``: it may be the body of a cell magic."""
    lines = enumerate(cell.source.split("\n"), start=1)
    first, head = next((n, text.split()) for n, text in lines if text.strip())
    if head[0] != "%proml" or line <= first:
        return ""
    return f"; a cell with a body begins with %%proml, line {first} begins with %proml"


def _parameters(cell: Cell) -> Iterator[Seen]:
    found, mistakes = examined(cell.source)
    for mistake in mistakes:
        yield Seen("PN003", cell.number, mistake.line, mistake.text)
    for parameter in found:
        if parameter.required:
            yield Seen("PN004", cell.number, parameter.line, parameter.name)


def _set_again(subject: Subject, tagged: Cell) -> Iterator[Seen]:
    """Parameters that a cell below theirs sets."""
    names = {parameter.name for parameter in examined(tagged.source)[0]}
    for cell in subject.code:
        if cell.number <= tagged.number or cell.is_parameters:
            continue
        for statement in cell.tree.body:
            for name in sorted(names.intersection(scopes.bindings([statement], bare=True))):
                said = f"{name}: cell {tagged.number} declares it"
                yield Seen("PN006", cell.number, statement.lineno, said)
