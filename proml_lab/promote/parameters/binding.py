"""Values for a notebook's parameters: checked together, and set in a cell of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from proml_lab.errors import ParameterError, ProMLError, choose
from proml_lab.promote.parameters.parameter import Parameter
from proml_lab.promote.parameters.value import Value

E = TypeVar("E", bound=ProMLError)


@dataclass(frozen=True)
class Unread:
    """Stands for a value that could not be read: what was wrong, and the cure if it is known."""

    message: str
    hint: str = ""


Text = str | Unread


@dataclass(frozen=True)
class Given:
    """Values as files give them.

    Attributes
    ----------
    values
        By name; `Unread` where one could not be read.
    places
        Where each stands, such as ``params.yaml:3``.
    broken
        What is wrong with whole files: then nothing is known to be missing.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    broken: tuple[ProMLError, ...] = ()

    def updated(self, other: Given) -> Given:
        """With the values of `other`, which win."""
        values = {**self.values, **other.values}
        return Given(values, {**self.places, **other.places}, (*self.broken, *other.broken))

    def without(self, names: Iterable[str]) -> Given:
        """All but `names`."""
        dropped = set(names)
        values = {k: v for k, v in self.values.items() if k not in dropped}
        return Given(values, self.places, self.broken)


def bind(
    parameters: Iterable[Parameter], values: Mapping[str, object], *, where: str
) -> dict[str, Value]:
    """`values` checked against `parameters`: every mistake in one ParameterError."""
    return read(parameters, {}, Given(values), where=where)


def read(
    parameters: Iterable[Parameter],
    texts: Mapping[str, Text],
    given: Given = Given(),
    *,
    where: str,
) -> dict[str, Value]:
    """Values from `texts`, as typed by a person, and from a file; a text wins over the file.

    Raises
    ------
    ParameterError
        Every value that is unknown, missing, unreadable, of another type or out of bounds: a line
        each.
    """
    bound, problems = checked(parameters, texts, given, where=where)
    if problems:
        raise together(problems)
    return bound


def checked(
    parameters: Iterable[Parameter],
    texts: Mapping[str, Text],
    given: Given = Given(),
    *,
    where: str,
) -> tuple[dict[str, Value], list[ParameterError]]:
    """As `read`: the values that may be used, and what is wrong with the others."""
    known = {parameter.name: parameter for parameter in parameters}
    bound: dict[str, Value] = {}
    problems = [ParameterError(error.message, hint=error.hint) for error in given.broken]
    for name, value in (*given.without(texts).values.items(), *texts.items()):
        typed = name in texts
        try:
            bound[name] = _value(name, value, known, where, typed=typed, given=given)
        except ParameterError as error:
            place = "" if typed else given.places.get(name, "")
            problems.append(error.saying(f"{place}: {error.message}") if place else error)
    for name, parameter in known.items():
        absent = name not in given.values and name not in texts
        if parameter.required and absent and not given.broken:
            problems.append(
                ParameterError(
                    f"Parameter {name!r} of {where} is missing.",
                    hint=f"give {name}={parameter.example}.",
                )
            )
    return {name: bound[name] for name in known if name in bound}, problems


def together(problems: Sequence[E]) -> E:
    """One error of several: a line each, with its cure in brackets."""
    if len(problems) == 1:
        return problems[0]
    return type(problems[0])("\n".join(dict.fromkeys(map(with_cure, problems))))


def with_cure(error: ProMLError) -> str:
    """The message of an error with its hint in brackets: one line among several."""
    return (
        f"{error.message.rstrip('.')} ({error.hint.rstrip('.')})." if error.hint else error.message
    )


def cell(parameters: Iterable[Parameter], bound: Mapping[str, Value]) -> str:
    """Source of the cell that sets the given values after the `parameters` cell."""
    lines = ["# Parameters of this run"]
    lines += [f"{p.name} = {p.source(bound[p.name])}" for p in parameters if p.name in bound]
    return "\n".join(lines)


def _value(
    name: str,
    value: object,
    known: Mapping[str, Parameter],
    where: str,
    *,
    typed: bool,
    given: Given,
) -> Value:
    """One value if it may be used; raises ParameterError."""
    if name and name not in known:
        hint = choose(name, known) if known else "its parameters cell declares none."
        raise ParameterError(f"{where} has no parameter {name!r}.", hint=hint)
    if isinstance(value, Unread):
        hint = value.hint or f"such as {name}={known[name].example}."
        raise ParameterError(value.message, hint=hint)
    if typed and isinstance(value, str):
        return known[name].read(value)
    return _checked(known[name], value, filed=name in given.places)


def _checked(parameter: Parameter, value: object, *, filed: bool) -> Value:
    """`value` if it is allowed; of a file, ``1e-3`` too, which YAML takes for a text."""
    if filed and parameter.kind == "float" and isinstance(value, str):
        return parameter.read(value)
    try:
        return parameter.check(value)
    except ParameterError as error:
        quotable = parameter.kind == "str" and not parameter.type.limits.choices
        if filed and quotable and isinstance(value, bool | int | float | date):
            hint = f'put it in quotes: {parameter.name}: "…".'
            raise ParameterError(error.message, hint=hint) from None
        raise
