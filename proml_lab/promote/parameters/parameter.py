"""One parameter of a notebook: its type, its default, and the values that it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from os import PathLike, fspath
from typing import Literal

import yaml

from proml_lab.errors import ParameterError

Kind = Literal["int", "float", "str", "bool", "list", "date"]
Value = None | bool | int | float | str | list["Value"] | date
KINDS: tuple[Kind, ...] = ("int", "float", "str", "bool", "list", "date")
EXAMPLES = {
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
                if all(is_plain(item) for item in value):
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
            hint=f"such as {self.name}={EXAMPLES[self.kind]}.",
        )


def is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(is_plain(item) for item in value)
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
