"""Types of parameters: which values they take, from Python or as typed by a person."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from os import PathLike, fspath
from typing import Literal, TypeVar

import yaml

from proml_lab.promote.parameters.limits import NO_LIMITS, Limits

T = TypeVar("T")
Kind = Literal["int", "float", "str", "bool", "list", "date"]
Value = None | bool | int | float | str | list["Value"] | date
KINDS: tuple[Kind, ...] = ("int", "float", "str", "bool", "list", "date")
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NONE = ("", "none", "null")


class UnfitError(ValueError):
    """Why a value is not of a type: the end of a sentence that begins with the value.

    Caught by those who know which parameter it is about.
    """


@dataclass(frozen=True)
class Type:
    """What a parameter takes.

    Attributes
    ----------
    nullable
        Whether None may be given.
    items
        Types of a list's entries: none if they may be anything plain, one for all of them, or
        with `fixed` one for each.
    as_tuple
        Whether the notebook sees a list as a tuple.
    """

    kind: Kind
    nullable: bool = False
    limits: Limits = NO_LIMITS
    items: tuple[Type, ...] = ()
    fixed: bool = False
    as_tuple: bool = False

    def take(self, value: object) -> Value:
        """`value` as the notebook is to see it; raises UnfitError for one of another type."""
        if value is None and self.nullable:
            return None
        if hasattr(value, "dtype") and hasattr(value, "item"):
            value = value.item()
        taken = self._taken(value)
        if not is_plain(taken):
            raise UnfitError("; it cannot be kept as JSON: a finite number or plain text is needed")
        if not self.limits.allow(taken):
            raise UnfitError(f"; it must be {self.limits}")
        return taken

    def read(self, text: str) -> Value:
        """The value that `text` stands for, as typed on a command line or into a form.

        Raises
        ------
        UnfitError
            It stands for none of this type.
        """
        word = text.strip()
        if self.nullable and word.lower() in _NONE and text not in self.limits.choices:
            return None
        try:
            match self.kind:
                case "int":
                    return self.take(int(word))
                case "float":
                    return self.take(float(word))
                case "bool":
                    return self.take(_WORDS[word.lower()])
                case "list":
                    return self._read_list(word)
                case "date":
                    return self.take(date.fromisoformat(word))
        except UnfitError:
            raise
        except (ValueError, KeyError, yaml.YAMLError):
            raise self._other() from None
        return self.take(word if self.limits.choices else text)

    def source(self, value: Value, constructor: str) -> str:
        """The Python expression that makes `value`; `constructor` is how it spells a date."""
        match value:
            case list():
                types = self._each(value)
                parts = [t.source(v, constructor) for t, v in zip(types, value, strict=True)]
                inside = ", ".join(parts)
                if self.as_tuple:
                    return f"({inside},)" if len(parts) == 1 else f"({inside})"
                return f"[{inside}]"
            case date():
                return f"{constructor}({value.year}, {value.month}, {value.day})"
        return repr(value)

    def __str__(self) -> str:
        """``int``, ``int or None``, ``list of int``, ``tuple of int, str``."""
        name: str = "tuple" if self.as_tuple else self.kind
        if self.items:
            name += f" of {', '.join(map(str, self.items))}"
        return name + (" or None" if self.nullable else "")

    @property
    def allowed(self) -> str:
        """The limits in words, those of a list's entries too; empty where there are none."""
        said = [str(self.limits)] if self.limits else []
        each = dict.fromkeys(str(item.limits) for item in self.items if item.limits)
        return "; ".join([*said, *(f"each {rule}" for rule in each)])

    def _taken(self, value: object) -> Value:
        """`value` if it is of this kind, whatever its limits."""
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
                return self._entries(value)
            case "date", datetime():
                pass
            case "date", date():
                return value
            case "date", str():
                return self.read(value)
        raise self._other()

    def _entries(self, values: Sequence[object]) -> list[Value]:
        if self.fixed and len(values) != len(self.items):
            raise UnfitError(f"; it must have {len(self.items)} entries")
        if not self.items:
            if not all(is_plain(value) for value in values):
                raise self._other()
            return [list(v) if isinstance(v, tuple) else v for v in values]  # type: ignore[misc]
        pairs = zip(self._each(values), values, strict=True)
        return [_entry(n, value, kind.take) for n, (kind, value) in enumerate(pairs, 1)]

    def _each(self, values: Sequence[object]) -> Sequence[Type]:
        """The type of each entry."""
        if self.fixed and len(values) == len(self.items):
            return self.items
        inner = self.items[0] if self.items else Type("list")
        return [inner] * len(values)

    def _read_list(self, word: str) -> Value:
        """Entries are read by their own types where those are known, else as YAML reads them."""
        whole = word if word.startswith("[") else f"[{word}]"
        if not self.items:
            return self.take(yaml.safe_load(whole))
        texts = yaml.load(whole, Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts only
        return self.take(self._from_texts(texts))

    def _from_texts(self, given: object) -> object:
        """Entries of texts, at any depth, as their types read them."""
        if self.kind == "list" and isinstance(given, list):
            pairs = zip(self._each(given), given, strict=True)
            return [_entry(n, value, kind._from_texts) for n, (kind, value) in enumerate(pairs, 1)]
        if self.kind != "list" and isinstance(given, str):
            return self.read(given)
        return given

    def _other(self) -> UnfitError:
        plain = str(Type(self.kind, items=self.items, as_tuple=self.as_tuple))
        return UnfitError(f", not {'an' if plain.startswith('int') else 'a'} {plain}")


def _entry(number: int, value: object, convert: Callable[[object], T]) -> T:
    """An entry of a list converted; what is wrong with it names its number."""
    try:
        return convert(value)
    except UnfitError as error:
        raise UnfitError(f": entry {number} is {short(value)}{error}") from None


def is_plain(value: object) -> bool:
    """Whether `value` is one of the kinds, or a list of such, and can be written as JSON."""
    if isinstance(value, list | tuple):
        return all(is_plain(item) for item in value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return not any("\ud800" <= sign <= "\udfff" for sign in value)
    return value is None or isinstance(value, bool | int | date)


def short(value: object) -> str:
    """`value` for a message: dates in ISO 8601, cut where it is long."""
    text = value.isoformat() if isinstance(value, date) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
