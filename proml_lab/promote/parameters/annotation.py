"""The type that an annotation in the `parameters` cell says, read without running anything.

Understood are the kinds by name, ``list[…]``, ``tuple[…]``, ``Literal[…]``, ``… | None``,
``Optional[…]``, and ``Annotated[…]`` with the limits of annotated_types or Pydantic's ``Field``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from proml_lab.promote.parameters.limits import Bound, Limits
from proml_lab.promote.parameters.value import KINDS, Kind, Type, Value, is_plain

_LISTS = ("list", "List", "Sequence")
_TUPLES = ("tuple", "Tuple")
_BOUNDS = ("ge", "gt", "le", "lt")
_LENGTHS = ("min_length", "max_length")
_MARKS: dict[str, tuple[str, ...]] = {
    "Ge": ("ge",),
    "Gt": ("gt",),
    "Le": ("le",),
    "Lt": ("lt",),
    "Interval": (),
    "Len": _LENGTHS,
    "MinLen": ("min_length",),
    "MaxLen": ("max_length",),
    "Field": (),
    "Doc": ("documentation",),
    "doc": ("documentation",),
}
"""What may stand in ``Annotated`` beside the type, and what its values mean in their order."""
_KEYWORDS = {
    "Interval": _BOUNDS,
    "Field": (*_BOUNDS, *_LENGTHS, "description", "title"),
}


class AnnotationError(ValueError):
    """What in an annotation cannot be read, as a part of a sentence; caught by the declaration."""


@dataclass(frozen=True)
class Annotation:
    """What an annotation says: the type, and words about it that stand in ``Annotated``."""

    type: Type
    help: str = ""


def read(node: ast.expr) -> Annotation:
    """The type that the expression `node` stands for; raises AnnotationError for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return _quoted(text)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([left, right])
        case ast.Subscript(value=ast.Name() | ast.Attribute() as head, slice=inside):
            parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
            return _generic(last_name(head), parts, node)
        case ast.Name(id=word) if word in KINDS:
            return Annotation(Type(_kind(word)))
        case ast.Name() | ast.Attribute():
            word = last_name(node)
            if word == "date" or word in _LISTS:
                return Annotation(Type("date" if word == "date" else "list"))
            if word in _TUPLES:
                return Annotation(Type("list", as_tuple=True))
    raise AnnotationError(f"{ast.unparse(node)!r} is no type of a parameter")


def literal(node: ast.expr) -> Value:
    """The value of a literal, dates by their constructors too, also inside lists.

    Raises
    ------
    AnnotationError
        It is computed, or not plain.
    """
    match node:
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [literal(part) for part in parts]
        case ast.Call(
            func=ast.Name(id="date") | ast.Attribute(attr="date"), args=args, keywords=[]
        ) if all(isinstance(arg, ast.Constant) for arg in args):
            return _date(node, lambda: date(*(ast.literal_eval(arg) for arg in args)))
        case ast.Call(
            func=ast.Attribute(value=owner, attr="fromisoformat"),
            args=[ast.Constant(value=str(text))],
            keywords=[],
        ) if last_name(owner) == "date":
            return _date(node, lambda: date.fromisoformat(text))
    try:
        found = ast.literal_eval(node)
    except (ValueError, TypeError):
        found = ...
    if not is_plain(found):
        raise AnnotationError(f"{ast.unparse(node)!r} is no plain value")
    return _listed(found)


def dates(node: ast.expr) -> list[str]:
    """How each constructor of a date in a literal is spelled, such as ``dt.date``."""
    calls = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
    owners = [f.value if last_name(f) == "fromisoformat" else f for f in calls]  # type: ignore[attr-defined]
    return [ast.unparse(owner) for owner in owners]


def _date(node: ast.expr, make: Callable[[], date]) -> date:
    try:
        return make()
    except (ValueError, TypeError) as error:
        reason = str(error) if isinstance(error, ValueError) else "year, month and day are needed"
        raise AnnotationError(f"{ast.unparse(node)!r} is no date: {reason}") from None


def last_name(node: ast.AST) -> str:
    """``c`` of ``a.b.c``; empty for anything else."""
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return word
    return ""


def _quoted(text: str) -> Annotation:
    """An annotation that stands in quotes."""
    try:
        return read(ast.parse(text, mode="eval").body)
    except SyntaxError:
        raise AnnotationError(f"{text!r} is no type of a parameter") from None


def _generic(name: str, parts: Sequence[ast.expr], node: ast.expr) -> Annotation:
    """``name[parts]``; `node` is the whole of it."""
    if name == "Annotated" and len(parts) > 1:
        said = read(parts[0])
        for mark in parts[1:]:
            said = _marked(said, mark)
        return said
    if name in ("Optional", "Union"):
        return _union([*parts, ast.Constant(value=None)] if name == "Optional" else parts)
    if name == "Final" and len(parts) == 1:
        return read(parts[0])
    if name == "Literal":
        return Annotation(_chosen(parts, node))
    if name in _LISTS and len(parts) == 1:
        return Annotation(Type("list", items=(read(parts[0]).type,)))
    if name in _TUPLES and len(parts) == 2 and ast.unparse(parts[1]) == "...":
        return Annotation(Type("list", items=(read(parts[0]).type,), as_tuple=True))
    if name in _TUPLES:
        items = tuple(read(part).type for part in parts)
        return Annotation(Type("list", items=items, fixed=True, as_tuple=True))
    raise AnnotationError(f"{ast.unparse(node)!r} is no type of a parameter")


def _union(parts: Sequence[ast.expr]) -> Annotation:
    """One type, or None."""
    some = [part for part in parts if not _is_none(part)]
    if len(some) != 1:
        shown = " | ".join(map(ast.unparse, parts))
        raise AnnotationError(f"{shown!r} are several types, and one (or None) is needed")
    said = read(some[0])
    nullable = said.type.nullable or len(some) < len(parts)
    return replace(said, type=replace(said.type, nullable=nullable))


def _chosen(parts: Sequence[ast.expr], node: ast.expr) -> Type:
    """``Literal[…]``: its values are the choices, all of one type."""
    values = [literal(part) for part in parts]
    choices = [value for value in values if value is not None]
    kinds = {kind_of(value) for value in choices}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None or kind == "list":
        raise AnnotationError(f"the values of {ast.unparse(node)!r} are not of one plain type")
    plain = tuple(value for value in choices if not isinstance(value, list))
    return Type(kind, nullable=None in values, limits=Limits(choices=plain))


def _marked(said: Annotation, mark: ast.expr) -> Annotation:
    """What ``Annotated`` says beside the type: a limit, or words."""
    if isinstance(mark, ast.Constant) and isinstance(mark.value, str):
        return replace(said, help=mark.value)
    name = last_name(mark.func) if isinstance(mark, ast.Call) else ""
    if not isinstance(mark, ast.Call) or name not in _MARKS:
        raise AnnotationError(f"{ast.unparse(mark)!r} is no limit")
    given = dict(zip(_MARKS[name], mark.args, strict=False))
    given |= {word.arg or "**": word.value for word in mark.keywords}
    strange = set(given) - {*_MARKS[name], *_KEYWORDS.get(name, ())}
    if strange or len(mark.args) > len(_MARKS[name]) or not given:
        raise AnnotationError(f"{ast.unparse(mark)!r} is not understood")
    for word, node in given.items():
        value = literal(node)
        if word in ("documentation", "description"):
            said = replace(said, help=str(value))
        elif word != "title" and value is not None:
            limits = said.type.limits.narrowed(**{word: _limit(said.type, word, value, mark)})
            said = replace(said, type=replace(said.type, limits=limits))
    return said


def _limit(type_: Type, word: str, value: Value, mark: ast.expr) -> Bound:
    """`value`, if it can limit what is of this type."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "int": number,
        "float": number,
        "date": isinstance(value, date),
        "str": isinstance(value, int) and word in _LENGTHS,
        "list": isinstance(value, int) and word in _LENGTHS,
        "bool": False,
    }
    lengths = word in _LENGTHS and type_.kind not in ("str", "list")
    if lengths or type_.limits.choices or not fits[type_.kind]:
        raise AnnotationError(f"{ast.unparse(mark)!r} does not limit type {type_.kind}")
    assert isinstance(value, int | float | date)
    return value


def kind_of(value: Value) -> Kind | None:
    """The kind that a default says, None for one that says none."""
    for kind, types in (("bool", bool), ("int", int), ("float", float), ("str", str)):
        if isinstance(value, types):
            return kind  # type: ignore[return-value]
    return "list" if isinstance(value, list) else "date" if isinstance(value, date) else None


def _kind(word: str) -> Kind:
    return next(kind for kind in KINDS if kind == word)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _listed(value: object) -> Value:
    """Tuples as lists."""
    if isinstance(value, list | tuple):
        return [_listed(item) for item in value]
    return value  # type: ignore[return-value]
