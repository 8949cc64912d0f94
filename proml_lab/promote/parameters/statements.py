"""What may stand in a `parameters` cell, statement by statement; nothing is run.

A value is recorded from the cell's text, so nothing may stand there that could change it: plain
values, each name once, and the imports that types and dates need.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field

_MODULES = ("typing", "typing_extensions", "datetime", "annotated_types", "pydantic")
_QUIET_MODULES = ("__future__", "collections.abc")
_IPYTHON = re.compile(r"_+|_i{1,3}|_i?\d+|_[iod]h|In|Out|get_ipython|exit|quit")
_LONG = 60
_ELSEWHERE = "move it into the next cell"
_NEXT = "what changes it goes into the next cell"


@dataclass(frozen=True)
class Mistake:
    """What is wrong in a line of the cell, counted from 1: the fact, and the cure."""

    line: int
    text: str
    cure: str


@dataclass(frozen=True)
class Stated:
    """A name as the cell states it: ``name: annotation = value  # note``."""

    name: str
    annotation: ast.expr | None
    value: ast.expr | None
    note: str
    line: int


@dataclass
class Statements:
    """What a cell states, what cannot stand in it, and what its imports are called.

    `imported` maps a name to what it stands for, such as ``dt`` to ``datetime``.
    """

    stated: list[Stated] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    imported: dict[str, str] = field(default_factory=dict)


def statements(source: str) -> Statements:
    """Every statement of a cell with this `source`: a parameter, an import, or a mistake."""
    found = Statements()
    tree, text = _parsed(source, found.mistakes)
    comments = _comments(text) if tree is not None else {}
    lines: dict[str, int] = {}
    for node in tree.body if tree is not None else ():
        try:
            names = _taken(node, comments, found)
        except _RefusedError as refused:
            said, cure = refused.args
            found.mistakes.append(Mistake(node.lineno, f"{_excerpt(node, text)!r} {said}", cure))
            continue
        for name in names:
            if name in lines:
                said = f"{name!r} is set a second time; line {lines[name]} sets it"
                found.mistakes.append(
                    Mistake(node.lineno, said, f"keep one of the two lines; {_NEXT}")
                )
            lines.setdefault(name, node.lineno)
    found.stated = list({one.name: one for one in reversed(found.stated)}.values())[::-1]
    return found


class _RefusedError(Exception):
    """(what a statement does that cannot stand in the cell, the cure); caught above."""


def _taken(node: ast.stmt, comments: dict[int, str], found: Statements) -> list[str]:
    """Note a statement in `found`; the names that it sets."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            return []
        case ast.Import(names=names):
            called = {a.asname or a.name.partition(".")[0]: a for a in names}
            wholes = {n: a.name if a.asname else n for n, a in called.items()}
            return _imported([a.name for a in names], wholes, found)
        case ast.ImportFrom(module=module, names=names, level=level):
            parts = {a.asname or a.name: f"{module}.{a.name}" for a in names}
            return _imported([f"{'.' * level}{module or ''}"], parts, found)
        case ast.AnnAssign(target=ast.Name(id=name), annotation=says, value=value):
            said: ast.expr | None = says
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            said = None
        case ast.Assign() as several if _names(several):
            first = _names(several)[0]
            raise _RefusedError(
                "sets several names at once",
                f"give each a line of its own, such as {first}: int = 1",
            )
        case ast.AugAssign(target=ast.Name(id=name)):
            raise _RefusedError(
                f"changes {name!r} after its value was given",
                f"write the value itself; {_NEXT}",
            )
        case _:
            raise _RefusedError("is not of the form 'name: type = value'", _ELSEWHERE)
    if _IPYTHON.fullmatch(name):
        raise _RefusedError("takes a name that IPython sets itself", "take another name")
    note = comments.get(node.end_lineno or node.lineno, "")
    found.stated.append(Stated(name, said, value, note, node.lineno))
    return [name]


def _imported(modules: list[str], names: dict[str, str], found: Statements) -> list[str]:
    """Note what an import calls `names`; only `modules` of types and dates may be imported."""
    allowed = all(name in (*_MODULES, *_QUIET_MODULES) for name in modules)
    if not allowed or "*" in names:
        raise _RefusedError(
            "is not needed to say types and values",
            f"{_ELSEWHERE}; here names are imported from {', '.join(_MODULES)}",
        )
    found.imported |= names
    return list(names)


def _names(node: ast.Assign) -> list[str]:
    """The plain names that an assignment sets, if it sets nothing else."""
    parts = [part for t in node.targets for part in _flat(t)]
    return (
        [p.id for p in parts if isinstance(p, ast.Name)]
        if all(isinstance(p, ast.Name) for p in parts)
        else []
    )


def _flat(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _flat(part)
    else:
        yield target.value if isinstance(target, ast.Starred) else target


def _parsed(source: str, mistakes: list[Mistake]) -> tuple[ast.Module | None, str]:
    """The tree of `source`, without its magics, and the text it was made of."""
    try:
        return ast.parse(source), source
    except (SyntaxError, ValueError):
        lines = source.split("\n")
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith(("%", "!")):
            mistakes.append(Mistake(number, f"{line.strip()!r} is not plain Python", _ELSEWHERE))
            lines[number - 1] = ""
    text = "\n".join(lines)
    try:
        return ast.parse(text), text
    except (SyntaxError, ValueError) as error:
        number = getattr(error, "lineno", None) or 1
        said = lines[number - 1].strip() if number <= len(lines) else ""
        cure = "correct it: a line says 'name: type = value'"
        mistakes.append(Mistake(number, f"{said!r} is not plain Python", cure))
        return None, text


def _comments(source: str) -> dict[int, str]:
    """Line number to the comment that ends it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _excerpt(node: ast.stmt, text: str) -> str:
    """The first line of a statement in `text`, cut where it is long."""
    line = (ast.get_source_segment(text, node) or "").partition("\n")[0]
    return line if len(line) <= _LONG else line[: _LONG - 1] + "…"
