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
class Given:
    """Values as a file gives them; `places` is where each stands, such as ``params.yaml:3``."""

    values: Mapping[str, object] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def updated(self, other: Given) -> Given:
        """With the values of `other`, which win."""
        return Given({**self.values, **other.values}, {**self.places, **other.places})

    def without(self, names: Iterable[str]) -> Given:
        """All but `names`."""
        dropped = set(names)
        return Given({k: v for k, v in self.values.items() if k not in dropped}, self.places)


def bind(
    parameters: Iterable[Parameter], values: Mapping[str, object], *, where: str
) -> dict[str, Value]:
    """`values` checked against `parameters`: every mistake in one ParameterError."""
    return read(parameters, {}, Given(values), where=where)


def read(
    parameters: Iterable[Parameter],
    texts: Mapping[str, str],
    given: Given = Given(),
    *,
    where: str,
) -> dict[str, Value]:
    """Values from `texts`, as typed by a person, and from a file; a text wins over the file.

    Raises
    ------
    ParameterError
        Every value that is unknown, missing, of another type or out of bounds: a line each.
    """
    known = {parameter.name: parameter for parameter in parameters}
    bound: dict[str, Value] = {}
    problems: list[ParameterError] = []
    for name, value in (*given.without(texts).values.items(), *texts.items()):
        try:
            if name not in known:
                hint = choose(name, known) if known else "its parameters cell declares none."
                raise ParameterError(f"{where} has no parameter {name!r}.", hint=hint)
            if name in texts:
                bound[name] = known[name].read(texts[name])
            else:
                bound[name] = _checked(known[name], value, filed=name in given.places)
        except ParameterError as error:
            place = "" if name in texts else given.places.get(name, "")
            problems.append(error.saying(f"{place}: {error.message}") if place else error)
    for name, parameter in known.items():
        if parameter.required and name not in given.values and name not in texts:
            problems.append(
                ParameterError(
                    f"Parameter {name!r} of {where} is missing.",
                    hint=f"give {name}={parameter.example}.",
                )
            )
    if problems:
        raise together(problems)
    return {name: bound[name] for name in known if name in bound}


def together(problems: Sequence[E]) -> E:
    """One error of several: a line each, then their hints as one."""
    if len(problems) == 1:
        return problems[0]
    hints = "; ".join(dict.fromkeys(p.hint.rstrip(".") for p in problems if p.hint))
    end = "" if hints.endswith("?") else "."
    return type(problems[0])("\n".join(p.message for p in problems), hint=hints + end)


def cell(parameters: Iterable[Parameter], bound: Mapping[str, Value]) -> str:
    """Source of the cell that sets the given values after the `parameters` cell."""
    lines = ["# Parameters of this run"]
    lines += [f"{p.name} = {p.source(bound[p.name])}" for p in parameters if p.name in bound]
    return "\n".join(lines)


def _checked(parameter: Parameter, value: object, *, filed: bool) -> Value:
    """`value` if it is allowed; of a file, ``1e-3`` too, which YAML takes for a text."""
    if filed and parameter.kind == "float" and isinstance(value, str):
        return parameter.read(value)
    try:
        return parameter.check(value)
    except ParameterError as error:
        if filed and parameter.kind == "str" and isinstance(value, bool | int | float | date):
            hint = f'put it in quotes: {parameter.name}: "…".'
            raise ParameterError(error.message, hint=hint) from None
        raise
