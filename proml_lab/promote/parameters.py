"""What a notebook's `parameters` cell asks for, and the values that may be given to it."""

from __future__ import annotations

import ast
import io
import math
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from os import PathLike, fspath
from typing import Literal

import yaml

from proml_lab.errors import NotebookError, ParameterError, choose

Kind = Literal["int", "float", "str", "bool", "list", "date"]
Value = None | bool | int | float | str | list["Value"] | date
KINDS: tuple[Kind, ...] = ("int", "float", "str", "bool", "list", "date")
_EXAMPLES = {
    "int": "300", "float": "0.1", "str": "text", "bool": "true",
    "list": "[1, 2]", "date": "2013-11-01",
}  # fmt: skip
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Parameter:
    """One name that the notebook lets others set.

    Attributes
    ----------
    kind
        int, float, str, bool, list or date; from the annotation, else from the default.
    default
        The value that stands in the cell; None where it is absent or a computed expression.
    text
        The default as it is written, empty where there is none: then a value must be given.
    help
        The comment that ends the line.
    nullable
        Whether None may be given: ``int | None``.
    constructor
        How the cell itself spells a date, such as ``dt.date``.
    """

    name: str
    kind: Kind
    default: Value = None
    text: str = ""
    help: str = ""
    nullable: bool = False
    constructor: str = "date"

    @property
    def required(self) -> bool:
        return not self.text

    def read(self, text: str) -> Value:
        """The value that `text` stands for, as typed on a command line or into a form."""
        word = text.strip()
        if self.nullable and word.lower() in ("", "none", "null"):
            return None
        try:
            match self.kind:
                case "int":
                    return int(word)
                case "float":
                    return float(word)
                case "bool":
                    return _WORDS[word.lower()]
                case "list":
                    found = yaml.safe_load(word if word.startswith("[") else f"[{word}]")
                    return self.check(found)
                case "date":
                    return date.fromisoformat(word)
        except (ValueError, KeyError, yaml.YAMLError):
            raise self._wrong(text) from None
        return text

    def check(self, value: object) -> Value:
        """`value` as the notebook is to see it; raises ParameterError for another type."""
        if value is None and self.nullable:
            return None
        if hasattr(value, "dtype") and hasattr(value, "item"):
            value = value.item()
        match self.kind, value:
            case ("int", bool()) | ("float", bool()):
                pass
            case "int", int():
                return value
            case "float", int() | float():
                return float(value)
            case "bool", bool():
                return value
            case "str", str() | PathLike():
                return str(fspath(value))
            case "list", list() | tuple():
                if all(_plain(item) for item in value):
                    return list(value)
            case "date", datetime():
                pass
            case "date", date():
                return value
            case "date", str():
                return self.read(value)
        raise self._wrong(value)

    def source(self, value: Value) -> str:
        """The Python expression that makes `value` in the notebook."""
        return _source(value, self.constructor)

    def _wrong(self, value: object) -> ParameterError:
        shown = repr(value)
        shown = shown if len(shown) <= 60 else shown[:57] + "…"
        article = "an" if self.kind == "int" else "a"
        return ParameterError(
            f"Parameter {self.name!r} is {shown}, not {article} {self.kind}.",
            hint=f"such as {self.name}={_EXAMPLES[self.kind]}.",
        )


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


def bind(
    parameters: Iterable[Parameter], values: Mapping[str, object], *, where: str
) -> dict[str, Value]:
    """`values` checked against `parameters`: every mistake in one ParameterError."""
    known = {parameter.name: parameter for parameter in parameters}
    bound: dict[str, Value] = {}
    problems: list[ParameterError] = []
    for name, value in values.items():
        if name not in known:
            hint = choose(name, known) if known else "its parameters cell declares none."
            problems.append(ParameterError(f"{where} has no parameter {name!r}.", hint=hint))
            continue
        try:
            bound[name] = known[name].check(value)
        except ParameterError as error:
            problems.append(error)
    for name, parameter in known.items():
        if parameter.required and name not in values:
            example = f"give {name}={_EXAMPLES[parameter.kind]}."
            problems.append(
                ParameterError(f"Parameter {name!r} of {where} is missing.", hint=example)
            )
    if problems:
        raise together(problems)
    return bound


def together(problems: Sequence[ParameterError]) -> ParameterError:
    """One error of several: a line each, then their hints as one."""
    if len(problems) == 1:
        return problems[0]
    hints = "; ".join(dict.fromkeys(p.hint.rstrip(".") for p in problems))
    end = "" if hints.endswith("?") else "."
    return ParameterError("\n".join(p.message for p in problems), hint=hints + end)


def cell(parameters: Iterable[Parameter], bound: Mapping[str, Value]) -> str:
    """Source of the cell that sets the given values after the `parameters` cell."""
    lines = ["# Parameters of this run"]
    lines += [f"{p.name} = {p.source(bound[p.name])}" for p in parameters if p.name in bound]
    return "\n".join(lines)


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
    return (found, "", True) if _plain(found) else (None, "", False)


def _kind_of(value: Value) -> Kind | None:
    for kind, types in (("bool", bool), ("int", int), ("float", float), ("str", str)):
        if isinstance(value, types):
            return kind  # type: ignore[return-value]
    return "list" if isinstance(value, list) else "date" if isinstance(value, date) else None


def _plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str | date)


def _source(value: Value, constructor: str) -> str:
    match value:
        case list():
            return f"[{', '.join(_source(item, constructor) for item in value)}]"
        case date():
            return f"{constructor}({value.year}, {value.month}, {value.day})"
        case float() if not math.isfinite(value):
            return f'float("{value}")'
    return repr(value)


def _comments(source: str) -> dict[int, str]:
    """Line number to the comment that ends it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }
