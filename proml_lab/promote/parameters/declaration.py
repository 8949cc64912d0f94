"""What a notebook's `parameters` cell declares, read without running it."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from proml_lab.errors import NotebookError
from proml_lab.promote.parameters import annotation
from proml_lab.promote.parameters.annotation import Annotation, AnnotationError
from proml_lab.promote.parameters.binding import together
from proml_lab.promote.parameters.parameter import Parameter
from proml_lab.promote.parameters.statements import Mistake, Stated, statements
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
        A line each: a statement other than ``name: type = value``, a value that is computed, a
        name that stands twice, a type that cannot be read, a default that breaks type or limits.
    """
    found, mistakes = examined(source)
    if mistakes:
        raise together(
            [
                NotebookError(
                    f"{where}, line {one.line} of the parameters cell: {one.text}.",
                    hint=f"{one.cure}.",
                )
                for one in mistakes
            ]
        )
    return found


def examined(source: str) -> tuple[tuple[Parameter, ...], tuple[Mistake, ...]]:
    """The parameters of a cell, and everything in it that cannot stand there, by line."""
    read = statements(source)
    found: list[Parameter] = []
    mistakes = list(read.mistakes)
    for stated in read.stated:
        try:
            found.append(_parameter(stated, read.imported))
        except _WrongError as wrong:
            mistakes.append(Mistake(stated.line, *wrong.args))
    return tuple(found), tuple(sorted(mistakes, key=lambda one: one.line))


class _WrongError(Exception):
    """(the fact, the cure) of a parameter that cannot be declared so; caught above."""


def _parameter(stated: Stated, imported: Mapping[str, str]) -> Parameter:
    said = _said(stated)
    default = _default(stated, said, imported)
    if said is None:
        kind = annotation.kind_of(default)
        if kind is None:
            raise _untyped(stated)
        said = Annotation(Type(kind, as_tuple=isinstance(stated.value, ast.Tuple)))
    if stated.value is not None:
        try:
            if default is not None and said.type.kind == "date" and isinstance(default, str):
                raise UnfitError(f", a text and not a {said.type}")
            default = said.type.take(default)
        except UnfitError as error:
            raise _WrongError(
                f"the default of {stated.name!r} is {short(default)}{error}",
                "correct the default or the type; None needs a type such as 'int | None', and a "
                "date is written date(2013, 11, 1)",
            ) from None
    text = ast.unparse(stated.value) if stated.value is not None else ""
    return Parameter(
        stated.name,
        said.type,
        default,
        text,
        stated.note or said.help,
        _constructor(stated),
        stated.line,
    )


def _said(stated: Stated) -> Annotation | None:
    """What the annotation says; None if there is none."""
    if stated.annotation is None:
        return None
    try:
        return annotation.read(stated.annotation)
    except AnnotationError as error:
        if isinstance(stated.annotation, ast.Name | ast.Attribute):
            raise _untyped(stated) from None
        raise _WrongError(
            f"the type of {stated.name!r} cannot be read: {error}",
            f"a type is one of {', '.join(KINDS)}, or None; {_LIMITS}",
        ) from None


def _untyped(stated: Stated) -> _WrongError:
    node = stated.annotation or stated.value
    return _WrongError(
        f"{stated.name!r} has no type that can be given from outside: found "
        f"{ast.unparse(node) if node else ''!r}",
        f"write {stated.name}: int = …, with one of {', '.join(KINDS)}",
    )


def _default(stated: Stated, said: Annotation | None, imported: Mapping[str, str]) -> Value:
    """The plain value that the line gives; None where it gives none."""
    if stated.value is None:
        return None
    try:
        value = annotation.literal(stated.value)
        for spelled in annotation.dates(stated.value):
            head, _, rest = spelled.partition(".")
            stands_for = imported.get(head, head) + (f".{rest}" if rest else "")
            if head in imported and stands_for != "datetime.date":
                raise AnnotationError(f"{spelled!r} stands for {stands_for}, not for a date")
    except AnnotationError as error:
        name = stated.name if said is None else f"{stated.name}: {ast.unparse(stated.annotation)}"  # type: ignore[arg-type]
        raise _WrongError(
            f"the value of {stated.name!r} cannot be recorded: {error}",
            f"write a plain value, or '{name if said else name + ': int'}' without one, so that it "
            "must be given; what is computed goes into the next cell",
        ) from None
    return value


def _constructor(stated: Stated) -> str:
    """How the cell spells a date: in the default, else in the annotation, else ``date``."""
    said = stated.annotation
    if isinstance(said, ast.Constant) and isinstance(said.value, str):
        said = ast.parse(said.value, mode="eval").body
    for node in (stated.value, said):
        for part in ast.walk(node) if node is not None else ():
            if annotation.last_name(part) == "date":
                return ast.unparse(part)
    return "date"
