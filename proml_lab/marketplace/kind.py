"""What kinds of values features have: ``float``, ``list[string]``, ``vector[64]``."""

from __future__ import annotations

import re
from typing import Annotated

import polars as pl
from pydantic import AfterValidator, WithJsonSchema

from proml_lab.errors import near

_PLAIN: dict[str, pl.DataType] = {
    "float": pl.Float64(),
    "integer": pl.Int64(),
    "string": pl.String(),
    "boolean": pl.Boolean(),
    "time": pl.Datetime("us", "UTC"),
    "date": pl.Date(),
}
_NESTED = re.compile(r"list\[(\w+)\]|vector\[([1-9]\d{0,5})\]")
NUMBERS = ("float", "integer")
_ELSEWHERE = {
    **dict.fromkeys(("number", "double", "decimal", "numeric", "real"), "float"),
    **dict.fromkeys(("int", "bigint", "long"), "integer"),
    **dict.fromkeys(("str", "text", "varchar", "category"), "string"),
    **dict.fromkeys(("datetime", "timestamp"), "time"),
    "bool": "boolean",
}
"""What other languages call our kinds."""


def polars_type(kind: str) -> pl.DataType:
    """The type that a column of this kind has in a training set; raises ValueError for no kind."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    match = _NESTED.fullmatch(kind)
    if match and match[2]:
        return pl.Array(pl.Float64(), int(match[2]))
    if match and match[1] in _PLAIN:
        return pl.List(_PLAIN[match[1]])
    allowed = [*_PLAIN, "list[float]", "vector[64]"]
    meant = [_ELSEWHERE[kind.lower()]] if kind.lower() in _ELSEWHERE else near(kind, allowed)
    help_ = f"did you mean {meant[0]!r}?" if meant else f"allowed are {', '.join(allowed)}"
    raise ValueError(f"found {kind!r}, {help_}")


def kind_of(found: pl.DataType) -> str | None:
    """The kind that values of this type are, as a view would say it; None for those of no kind."""
    if isinstance(found, pl.Array):
        numbers = found.inner.is_numeric()
        return f"vector[{found.size}]" if numbers and len(found.shape) == 1 else None
    if isinstance(found, pl.List):
        inner = kind_of(found.inner)  # type: ignore[arg-type]
        return f"list[{inner}]" if inner in _PLAIN else None
    if found.is_integer():
        return "integer"
    if found.is_numeric():
        return "float"
    for kind in ("string", "boolean", "time", "date"):
        if _same_kind(found, _PLAIN[kind]) and found != pl.Null:
            return kind
    return None


def _checked(kind: str) -> str:
    polars_type(kind)
    return kind


FeatureType = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [
                {"enum": [*_PLAIN]},
                {"pattern": rf"^list\[({'|'.join(_PLAIN)})\]$"},
                {"pattern": r"^vector\[[1-9][0-9]*\]$"},
            ],
        }
    ),
]


def cast(values: pl.Series, kind: str) -> pl.Series | None:
    """`values` as a column of this kind; None if something would be lost by it.

    Numbers may become numbers of the other kind where they are whole, categories text, lists of
    one length vectors; nothing else changes its kind.
    """
    wanted = polars_type(kind)
    if not _same_kind(values.dtype, wanted) or _loses(values, wanted):
        return None
    try:
        return values.cast(wanted)
    except pl.exceptions.PolarsError:
        return None


def _same_kind(found: pl.DataType, wanted: pl.DataType) -> bool:
    if found == pl.Null:
        return True
    if isinstance(wanted, pl.List | pl.Array):
        nested = isinstance(found, pl.List | pl.Array)
        return nested and _same_kind(found.inner, wanted.inner)  # type: ignore[attr-defined, arg-type]
    if wanted.is_numeric():
        return found.is_numeric() or (found == pl.Boolean and wanted.is_integer())
    if wanted == pl.String:
        return found in (pl.String, pl.Categorical, pl.Enum)
    if isinstance(wanted, pl.Datetime):
        return isinstance(found, pl.Datetime) and found.time_zone is not None
    return found == wanted


def _loses(values: pl.Series, wanted: pl.DataType) -> bool:
    """Whether numbers with a fraction would be made whole."""
    if isinstance(wanted, pl.List):
        return _loses(values.explode(), wanted.inner)  # type: ignore[arg-type]
    whole = wanted.is_integer() and values.dtype.is_float()
    return whole and bool((values % 1 != 0).any())


def fits(value: object, kind: str) -> bool:
    """Whether a value from a document, a tuple for a list, is one of this kind.

    Times and dates have no fitting value: nothing is a sensible default for them.
    """
    match kind:
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "integer":
            return type(value) is int and -(2**63) <= value < 2**63
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
    if not isinstance(value, tuple):
        return False
    wanted = polars_type(kind)
    if isinstance(wanted, pl.Array):
        return len(value) == wanted.size and all(fits(one, "float") for one in value)
    inner = kind.removeprefix("list[").removesuffix("]")
    return isinstance(wanted, pl.List) and all(fits(one, inner) for one in value)
