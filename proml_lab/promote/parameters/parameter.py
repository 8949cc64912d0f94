"""One parameter of a notebook: its type, its default, and the values that it takes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from proml_lab.errors import ParameterError, choose
from proml_lab.promote.parameters.limits import Bound, shown
from proml_lab.promote.parameters.value import Kind, Type, UnfitError, Value, short

_EXAMPLES: dict[Kind, Value] = {
    "int": 300, "float": 0.1, "str": "text", "bool": True,
    "list": [1, 2], "date": date(2013, 11, 1),
}  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One name that the notebook lets others set.

    Attributes
    ----------
    type
        What it takes; from the annotation, else from the default.
    default
        The value that stands in the cell; None where it is absent or a computed expression.
    text
        The default as it is written, empty where there is none: then a value must be given.
    help
        The comment that ends the line, or the text in the annotation.
    constructor
        How the cell itself spells a date, such as ``dt.date``.
    line
        Where it stands in the `parameters` cell, from 1.
    """

    name: str
    type: Type
    default: Value = None
    text: str = ""
    help: str = ""
    constructor: str = "date"
    line: int = 1

    @property
    def kind(self) -> Kind:
        """int, float, str, bool, list or date."""
        return self.type.kind

    @property
    def nullable(self) -> bool:
        """Whether None may be given: ``int | None``."""
        return self.type.nullable

    @property
    def required(self) -> bool:
        return not self.text

    @property
    def example(self) -> str:
        """A value as a person types it, which would do."""
        for value in self._candidates():
            try:
                return shown(self.type.take(value))
            except UnfitError:
                continue
        return "…"

    def read(self, text: str) -> Value:
        """The value that `text` stands for; raises ParameterError where it stands for none."""
        try:
            return self.type.read(text)
        except UnfitError as error:
            raise self._wrong(text, error) from None

    def check(self, value: object) -> Value:
        """`value` as the notebook is to see it; raises ParameterError for one not allowed."""
        try:
            return self.type.take(value)
        except UnfitError as error:
            raise self._wrong(value, error) from None

    def source(self, value: Value) -> str:
        """The Python expression that makes `value` in the notebook."""
        return self.type.source(value, self.constructor)

    @property
    def as_written(self) -> bool:
        """Whether the text of the default makes the very value: ``1`` makes no float."""
        return self.required or _same(self.text, self.source(self.default))

    def _wrong(self, value: object, reason: UnfitError) -> ParameterError:
        choices = self.type.limits.choices
        if isinstance(value, str) and "," in value and self._takes_each(value):
            hint = "add --sweep to promote once for each of the values."
            return ParameterError(f"Parameter {self.name!r} is {short(value)}{reason}.", hint=hint)
        if choices and isinstance(value, str):
            hint = choose(value.strip(), map(shown, choices))
        else:
            hint = f"such as {self.name}={self.example}."
        return ParameterError(f"Parameter {self.name!r} is {short(value)}{reason}.", hint=hint)

    def _takes_each(self, text: str) -> bool:
        """Whether each value between the commas of `text` would do."""
        try:
            return bool([self.type.read(part) for part in text.split(",")])
        except UnfitError:
            return False

    def _candidates(self) -> Iterator[Value]:
        limits = self.type.limits
        yield from () if self.default is None else (self.default,)
        yield from limits.choices
        yield _EXAMPLES[self.kind]
        yield from (limit for limit in (limits.ge, limits.le) if limit is not None)
        yield from (_beside(limit, 1) for limit in [limits.gt] if limit is not None)
        yield from (_beside(limit, -1) for limit in [limits.lt] if limit is not None)
        size = len(self.type.items) if self.type.fixed else limits.min_length or 2
        entries = self.type.items or (Type("int"),)
        yield [_EXAMPLES[entries[i % len(entries)].kind] for i in range(size)]
        yield "t" * (limits.min_length or limits.max_length or 1)


def _same(one: str, other: str) -> bool:
    """Whether two expressions are the same but for white space."""
    left, right = (ast.dump(ast.parse(text, mode="eval")) for text in (one, other))
    return left == right


def _beside(limit: Bound, step: int) -> Bound:
    return limit + timedelta(days=step) if isinstance(limit, date) else limit + step
