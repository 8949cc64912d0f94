"""Modules and scripts that a notebook takes from folders outside of the workspace."""

from __future__ import annotations

import ast
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from proml_lab.promote.lint.calls import Call, Calls
from proml_lab.promote.lint.subject import Cell, Seen, Subject

_FILES = {"runpy.run_path": 0, "importlib.util.spec_from_file_location": 1}
_ADDS = {"append": 0, "insert": 1, "extend": 0}


@dataclass(frozen=True)
class Added:
    """A folder that the notebook puts on the path of modules; `first`: in front of all others."""

    cell: int
    line: int
    folder: Path
    first: bool

    def module(self, top: str) -> Path | None:
        """Where the folder has that module, if it has."""
        found = (self.folder / f"{top}.py", self.folder / top)
        return next((place for place in found if place.exists()), None)


def check(calls: Calls) -> Iterator[Seen]:
    """PN081: scripts that are run, and modules that are loaded, by a path that leads outside."""
    subject = calls.subject
    for cell, magic in subject.magics():
        words = [word for word in magic.text.split() if not word.startswith("-")]
        if magic.name == "run" and words:
            place = _place(words[0].strip("'\""), subject)
            if is_outside(place, subject):
                yield Seen("PN081", cell.number, magic.line, f"%run {words[0]}: {place}")
    for call in calls.all:
        if call.name in _FILES:
            text = calls.text(call.argument(_FILES[call.name], "path_name", "location"))
            if text and is_outside(_place(text, subject), subject):
                said = f"{call.shown} of {text!r}"
                yield Seen("PN081", call.cell.number, call.line, said)


def added(calls: Calls) -> tuple[Added, ...]:
    """Every folder that the notebook adds to the path of modules."""
    found = [one for call in calls.all for one in _by_call(call, calls)]
    for cell, node in calls.nodes:
        match node:
            case (
                ast.Assign(targets=[target], value=value)
                | ast.AugAssign(target=target, value=value)
            ) if _is_path(target, calls):
                found += _folders(value, calls, cell, isinstance(node, ast.Assign))
    return tuple(found)


def is_outside(place: Path, subject: Subject) -> bool:
    """Whether `place` is neither in the workspace nor of the environment."""
    inside = [subject.root or subject.folder, *_environment()]
    real = Path(os.path.realpath(place))
    return not any(
        one.is_relative_to(folder)
        for one in (place, real)
        for folder in (*inside, *(Path(os.path.realpath(i)) for i in inside))
    )


def _environment() -> list[Path]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return [Path(sys.prefix), *(Path(sysconfig.get_path(name)) for name in names)]


def _by_call(call: Call, calls: Calls) -> Iterator[Added]:
    func = call.node.func
    if call.name == "site.addsitedir":
        yield from _folders(call.argument(0, "sitedir"), calls, call.cell, False)
    elif isinstance(func, ast.Attribute) and func.attr in _ADDS and _is_path(func.value, calls):
        given = call.argument(_ADDS[func.attr])
        first = func.attr == "insert"
        yield from _folders(given, calls, call.cell, first)


def _folders(node: ast.expr | None, calls: Calls, cell: Cell, first: bool) -> Iterator[Added]:
    """The folders that `node` stands for: a text, or several in a list or a sum of lists."""
    match node:
        case None:
            return
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _folders(part, calls, cell, first)
        case ast.BinOp(left=left, op=ast.Add(), right=right) if any(
            isinstance(side, ast.List | ast.Tuple) for side in (left, right)
        ):
            yield from _folders(left, calls, cell, first)
            yield from _folders(right, calls, cell, False)
        case ast.Name(id=name) if isinstance(calls.constants.get(name), ast.List | ast.Tuple):
            yield from _folders(calls.constants[name], calls, cell, first)
        case _:
            text = calls.text(node)
            if text is not None:
                yield Added(cell.number, node.lineno, _place(text, calls.subject), first)


def _is_path(node: ast.expr, calls: Calls) -> bool:
    """Whether `node` is ``sys.path``."""
    return calls.name(node) == "sys.path"


def _place(text: str, subject: Subject) -> Path:
    return Path(os.path.normpath(subject.folder / Path(text).expanduser()))
