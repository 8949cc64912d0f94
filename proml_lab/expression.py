"""SQL scalar expressions, parsed and run by Polars: the only code that a document may hold."""

from __future__ import annotations

import json
import re
from functools import lru_cache

import polars as pl
from polars.exceptions import PolarsError

from proml_lab.errors import ColumnMissingError, DataError, SpecError, choose

_NODES = {"Column", "Literal", "BinaryExpr", "Cast", "Ternary", "Alias", "Function"}
_FUNCTIONS = {
    "Abs", "Atan2", "Ceil", "Clip", "Coalesce", "Exp", "FillNull", "Floor", "Log", "Log1p",
    "MaxHorizontal", "MinHorizontal", "Pow", "Round", "Sign", "Sql", "StringExpr", "TemporalExpr",
    "Trigonometry",
}  # fmt: skip
_OF_LISTS = {"Get", "Length", "Contains", "Join", "Sum", "Mean", "Max", "Min"}
_TESTS = {"IsNull", "IsNotNull", "IsNan", "IsNotNan", "IsFinite", "IsInfinite", "IsIn", "Not"}
_CLOCK = re.compile(r"\b(now|current_(date|time|timestamp)|today)\b", re.IGNORECASE)


_LONGEST = 10_000
"""Characters of an expression: far more than people write, far less than exhausts the stack."""


@lru_cache(maxsize=4096)
def scalar(sql: str) -> pl.Expr:
    """Parse `sql` into an expression that reads one row at a time.

    Raises
    ------
    SpecError
        Not SQL, not a scalar (aggregates and windows see other rows), or it reads the clock; or
        too long or deep to be read.
    """
    if len(sql) > _LONGEST:
        raise _too_much(sql)
    try:
        expr = pl.sql_expr(sql)
        tree = json.loads(expr.meta.serialize(format="json"))
        foreign = _foreign(tree)
    except RecursionError:
        raise _too_much(sql) from None
    except PolarsError as error:
        raise SpecError(
            f"SQL {sql!r}: {_plain(str(error))}.",
            hint="write one SQL expression over columns, such as ln(1 + distance).",
        ) from None
    if _CLOCK.search(re.sub(r"'[^']*'|\"[^\"]*\"", "", sql)):
        raise SpecError(
            f"SQL {sql!r} reads the clock.", hint="use the cutoff column: results must repeat."
        )
    if foreign:
        raise SpecError(
            f"SQL {sql!r} looks at more than one row ({foreign}).",
            hint="transforms see one row; aggregates over time are features with a window.",
        )
    return expr


def columns(sql: str) -> tuple[str, ...]:
    """Names of the columns that `sql` reads, in order, each once."""
    return tuple(dict.fromkeys(scalar(sql).meta.root_names()))


def evaluate(frame: pl.DataFrame, expressions: dict[str, str], *, role: str) -> pl.DataFrame:
    """`frame` with one column more for each ``name: sql``; later ones may read earlier ones.

    Raises
    ------
    ColumnMissingError
        An expression reads a column that is not there.
    DataError
        An expression does not fit the types of its columns.
    """
    for name, sql in expressions.items():
        for column in columns(sql):
            if column not in frame.columns:
                raise ColumnMissingError(
                    f"{role} {name!r} reads column {column!r}, which is not there.",
                    hint=choose(column, frame.columns),
                )
        try:
            frame = frame.with_columns(scalar(sql).alias(name))
        except PolarsError as error:
            raise DataError(
                f"{role} {name!r} ({sql}) cannot be computed: {_reason(str(error))}.",
                hint=_cure(frame, sql, str(error)),
            ) from None
    return frame


def _too_much(sql: str) -> SpecError:
    return SpecError(
        f"SQL {sql[:40]!r}… of {len(sql):,} characters is too long or too deep.",
        hint="make it of several features or transforms.",
    )


def _reason(said: str) -> str:
    """The line of an error of Polars that says what is wrong."""
    first, *others = said.splitlines()
    last = [line for line in others if line.startswith("error: ")]
    return f"{first} {last[-1].removeprefix('error: ')}" if last else first.rstrip(".")


def _cure(frame: pl.DataFrame, sql: str, said: str) -> str:
    """What to do about an expression that does not fit the types of its columns."""
    if "`duration" in said:
        return "a length of time as a number: (a - b) / interval '1 hour'."
    read = columns(sql)
    if not read:
        return "correct the formula."
    types = ", ".join(f"{name} is {frame.schema[name]}" for name in read)
    return f"{types}; cast(x as type) changes a type, try_cast makes null what does not fit."


def _plain(said: str) -> str:
    """What Polars says of SQL that it cannot read, without its own inner names."""
    if said.startswith("unable to parse"):
        return "it is empty or breaks off before its end"
    if re.search(r"\bIdent\b|\w\(\"|\w \{", said):
        return "a part of it is not known here"
    return said.removeprefix("sql parser error: ").replace("unsupported", "there is no")


def _foreign(node: object) -> str:
    """The first node that is not elementwise, or an empty string."""
    if isinstance(node, str):
        return "" if node in _NODES else node.lower()
    if not isinstance(node, dict):
        return ""
    for kind, body in node.items():
        if kind not in _NODES:
            return str(kind).lower()
        for below in _inputs(kind, body):
            found = _foreign(below)
            if found:
                return found
        if kind == "Function":
            name, detail = _function(body["function"])
            if name == "Boolean":
                if _function(detail)[0] not in _TESTS:
                    return str(_function(detail)[0]).lower()
            elif name == "ListExpr":
                if _function(detail)[0] not in _OF_LISTS:
                    return _function(detail)[0].lower()
            elif name not in _FUNCTIONS:
                return name.lower()
    return ""


def _function(function: object) -> tuple[str, object]:
    if isinstance(function, dict):
        name = next(iter(function))
        return str(name), function[name]
    return str(function), None


def _inputs(kind: str, body: object) -> list[object]:
    match kind, body:
        case "BinaryExpr", {"left": left, "right": right}:
            return [left, right]
        case "Cast", {"expr": inner}:
            return [inner]
        case "Ternary", {"predicate": test, "truthy": yes, "falsy": no}:
            return [test, yes, no]
        case "Alias", [inner, _]:
            return [inner]
        case "Function", {"input": list(inputs)}:
            return inputs
    return []
