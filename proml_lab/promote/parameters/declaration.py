"""What a notebook's `parameters` cell declares, read without running it."""

from __future__ import annotations

import ast
import io
import tokenize
from datetime import date

from proml_lab.errors import NotebookError
from proml_lab.promote.parameters.parameter import KINDS, Kind, Parameter, Value, is_plain


def declared(source: str, *, where: str) -> tuple[Parameter, ...]:
    """The parameters that a cell with this `source` declares, in order.

    Raises
    ------
    NotebookError
        The cell is not plain Python, or a name has neither a type nor a literal default.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise NotebookError(
            f"The parameters cell of {where} is not plain Python: line {error.lineno}, {line!r}.",
            hint="keep only 'name: type = value' in it; magics go into a cell of their own.",
        ) from None
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, annotation = node.targets[0], None
        elif isinstance(node, ast.AnnAssign):
            target, annotation = node.target, node.annotation
        else:
            continue
        if isinstance(target, ast.Name):
            note = comments.get(node.end_lineno or node.lineno, "")
            found[target.id] = _parameter(target.id, annotation, node.value, note, where)
    return tuple(found.values())


def _parameter(
    name: str, annotation: ast.expr | None, value: ast.expr | None, note: str, where: str
) -> Parameter:
    default, constructor, known = _literal(value)
    kind, nullable = _annotated(annotation)
    if kind is None and known:
        kind = _kind_of(default)
    if kind is None:
        written = ast.unparse(annotation) if annotation else ast.unparse(value) if value else ""
        raise NotebookError(
            f"Parameter {name!r} of {where} has no type that can be given from outside: "
            f"found {written!r}.",
            hint=f"write {name}: int = …, with one of {', '.join(KINDS)}; "
            "what is computed goes into another cell.",
        )
    if kind == "date" and annotation is not None and constructor == "":
        constructor = ast.unparse(annotation).removesuffix(" | None")
    text = ast.unparse(value) if value is not None else ""
    if kind == "float" and isinstance(default, int) and not isinstance(default, bool):
        default = float(default)
    return Parameter(name, kind, default, text, note, nullable, constructor or "date")


def _annotated(annotation: ast.expr | None) -> tuple[Kind | None, bool]:
    """(kind, nullable) of ``int``, ``list[int]``, ``dt.date`` or ``int | None``."""
    match annotation:
        case ast.BinOp(left=inner, op=ast.BitOr(), right=ast.Constant(value=None)):
            return _annotated(inner)[0], True
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return _annotated(inner)[0], True
        case ast.Subscript(value=inner):
            return _annotated(inner)
        case ast.Attribute(attr="date"):
            return "date", False
        case ast.Name(id=word):
            return next((kind for kind in KINDS if kind == word), None), False
    return None, False


def _literal(value: ast.expr | None) -> tuple[Value, str, bool]:
    """(value, how a date is spelled, whether `value` is a literal at all)."""
    match value:
        case None:
            return None, "", False
        case ast.Call(func=ast.Name(id="date") | ast.Attribute(attr="date") as func, args=args):
            try:
                return date(*(ast.literal_eval(arg) for arg in args)), ast.unparse(func), True
            except (ValueError, TypeError):
                return None, "", False
        case ast.Call(
            func=ast.Attribute(value=owner, attr="fromisoformat"), args=[ast.Constant(str(text))]
        ):
            try:
                return date.fromisoformat(text), ast.unparse(owner), True
            except ValueError:
                return None, "", False
    try:
        found = ast.literal_eval(value)
    except ValueError:
        return None, "", False
    found = list(found) if isinstance(found, tuple) else found
    return (found, "", True) if is_plain(found) else (None, "", False)


def _kind_of(value: Value) -> Kind | None:
    for kind, types in (("bool", bool), ("int", int), ("float", float), ("str", str)):
        if isinstance(value, types):
            return kind  # type: ignore[return-value]
    return "list" if isinstance(value, list) else "date" if isinstance(value, date) else None


def _comments(source: str) -> dict[int, str]:
    """Line number to the comment that ends it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }
