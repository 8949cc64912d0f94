"""Values for a notebook's parameters: checked together, and set in a cell of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from proml_lab.errors import ParameterError, choose
from proml_lab.promote.parameters.parameter import EXAMPLES, Parameter, Value


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
            example = f"give {name}={EXAMPLES[parameter.kind]}."
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
