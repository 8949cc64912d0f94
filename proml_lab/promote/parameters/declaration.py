"""What a notebook's `parameters` cell declares, read without running it."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from proml_lab.errors import NotebookError
from proml_lab.promote.parameters import annotation
from proml_lab.promote.parameters.annotation import Annotation, AnnotationError
from proml_lab.promote.parameters.binding import together
from proml_lab.promote.parameters.parameter import Parameter
from proml_lab.promote.parameters.value import KINDS, Type, UnfitError, Value, short

_LIMITS = (
    "limits are literals: Annotated[int, Ge(1), Le(100)], Annotated[list[int], MinLen(1)], "
    'Literal["a", "b"]'
)


def declared(source: str, *, where: str) -> tuple[Parameter, ...]:
    """The parameters that a cell with this `source` declares, in order.

    Raises
    ------
    NotebookError
        The cell is not plain Python; or, a line each: a name has neither a type nor a literal
        default, its type cannot be read, or its default is not of its type or limits.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise NotebookError(
            f"The parameters cell of {where} is not plain Python: line {error.lineno}, {line!r}.",
            hint="keep only 'name: type = value' in it; magics go into a cell of their own.",
        ) from None
    found: dict[str, Parameter] = {}
    problems: list[NotebookError] = []
    for stated in _statements(tree, _comments(source)):
        try:
            found[stated.name] = _parameter(stated, where)
        except NotebookError as error:
            problems.append(error)
    if problems:
        raise together(problems)
    return tuple(found.values())


@dataclass(frozen=True)
class _Stated:
    """A name as the cell states it: ``name: annotation = value  # note``."""

    name: str
    annotation: ast.expr | None
    value: ast.expr | None
    note: str
    line: int


def _statements(tree: ast.Module, comments: dict[int, str]) -> Iterator[_Stated]:
    """The last statement of each name; an annotation holds for what is assigned later, too."""
    stated: dict[str, _Stated] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, said = node.targets[0], None
        elif isinstance(node, ast.AnnAssign):
            target, said = node.target, node.annotation
        else:
            continue
        if isinstance(target, ast.Name):
            note = comments.get(node.end_lineno or node.lineno, "")
            before = stated.get(target.id)
            if before is not None:
                said, note = said or before.annotation, note or before.note
            stated[target.id] = _Stated(target.id, said, node.value, note, node.lineno)
    yield from stated.values()


def _parameter(stated: _Stated, where: str) -> Parameter:
    default, literal = _default(stated.value)
    said = _said(stated, where)
    if said is None:
        kind = annotation.kind_of(default) if literal else None
        if kind is None:
            raise _untyped(stated, where)
        said = Annotation(Type(kind, as_tuple=isinstance(stated.value, ast.Tuple)))
    if literal:
        try:
            default = said.type.take(default)
        except UnfitError as error:
            raise NotebookError(
                f"The default of parameter {stated.name!r} of {where} is {short(default)}{error}: "
                f"line {stated.line} of its parameters cell.",
                hint="correct the default or the type; None needs a type such as 'int | None'.",
            ) from None
    text = ast.unparse(stated.value) if stated.value is not None else ""
    note = stated.note or said.help
    constructor = _constructor(stated)
    return Parameter(stated.name, said.type, default, text, note, constructor, stated.line)


def _said(stated: _Stated, where: str) -> Annotation | None:
    """What the annotation says; None if there is none."""
    if stated.annotation is None:
        return None
    try:
        return annotation.read(stated.annotation)
    except AnnotationError as error:
        if isinstance(stated.annotation, ast.Name | ast.Attribute):
            raise _untyped(stated, where) from None
        raise NotebookError(
            f"The type of parameter {stated.name!r} of {where} cannot be read: {error}, in line "
            f"{stated.line} of its parameters cell.",
            hint=f"a type is one of {', '.join(KINDS)}, or None; {_LIMITS}.",
        ) from None


def _untyped(stated: _Stated, where: str) -> NotebookError:
    node = stated.annotation or stated.value
    return NotebookError(
        f"Parameter {stated.name!r} of {where} has no type that can be given from outside: "
        f"found {ast.unparse(node) if node else ''!r} in line {stated.line} of its "
        "parameters cell.",
        hint=f"write {stated.name}: int = …, with one of {', '.join(KINDS)}; "
        "what is computed goes into another cell.",
    )


def _default(value: ast.expr | None) -> tuple[Value, bool]:
    """(value, whether it is a literal at all)."""
    if value is None:
        return None, False
    try:
        return annotation.literal(value), True
    except AnnotationError:
        return None, False


def _constructor(stated: _Stated) -> str:
    """How the cell spells a date: in the default, else in the annotation, else ``date``."""
    for node in (stated.value, stated.annotation):
        for part in ast.walk(node) if node is not None else ():
            if annotation.last_name(part) == "date":
                return ast.unparse(part)
    return "date"


def _comments(source: str) -> dict[int, str]:
    """Line number to the comment that ends it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }
