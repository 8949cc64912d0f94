"""The combinations of a sweep: several values for some parameters, and their product."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from proml_lab.errors import ParameterError, UsageError
from proml_lab.promote.checking import check
from proml_lab.promote.notebook import NotebookInfo
from proml_lab.promote.parameters import Given, Parameter, Value
from proml_lab.promote.parameters.value import short

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

T = TypeVar("T")
_PAIRS = {"[": "]", "(": ")", "{": "}"}


def read_grid(
    notebook: str | Path | NotebookInfo,
    texts: Mapping[str, str],
    given: Given | None = None,
    *,
    workspace: Workspace | str | Path | None = None,
    strict: bool = False,
) -> dict[str, list[Value]]:
    """Values to sweep over, from texts such as ``4,6,8`` and from a file; a text wins.

    In a text, commas part the values, but not inside quotes or brackets; lists are written
    ``[1,2],[3]``. In a file a list holds the values; of a parameter that is a list, a list of
    lists.

    A notebook that is given by its path is checked as `promote` does it.

    Raises
    ------
    NotebookError
        As for `read_values`.
    ParameterError
        Every value that is unknown, missing, of another type or out of bounds: a line each.
    """
    if isinstance(notebook, NotebookInfo):
        return _read(notebook, texts, given)
    return check(
        notebook, lambda info: _read(info, texts, given), workspace=workspace, strict=strict
    )[1]


def _read(
    info: NotebookInfo, texts: Mapping[str, str], given: Given | None
) -> dict[str, list[Value]]:
    file = (given or Given()).without(texts)
    known = {parameter.name: parameter for parameter in info.parameters}
    typed = {name: _pieces(text, known.get(name)) for name, text in texts.items()}
    filed = {name: _listed(value, known.get(name)) for name, value in file.values.items()}
    sizes = {name: len(each) for name, each in typed.items()}
    sizes |= {name: len(each) for name, each in filed.items()}
    rounds = max(sizes.values(), default=1)
    bound = _bound(rounds, lambda n: info.read(_nth(typed, n), Given(_nth(filed, n), file.places)))
    return {name: [bound[n][name] for n in range(size)] for name, size in sizes.items()}


def members(
    info: NotebookInfo, grid: Mapping[str, Sequence[object]]
) -> tuple[dict[str, Value], ...]:
    """The values of each promotion: the product of `grid`, the last parameter changing fastest.

    Raises
    ------
    UsageError
        Values that are no list, an empty list, a value that stands twice, or nothing to vary.
    ParameterError
        Every value that the notebook does not take: a line each.
    """
    for name, values in grid.items():
        if isinstance(values, str) or not isinstance(values, Sequence) or not len(values):
            raise UsageError(
                f"The values of {name!r} are {short(values)}, not a list of values.",
                hint=f"such as {name}=[4, 6, 8], or {name}=[4] for a single one.",
            )
    lists = {name: list(values) for name, values in grid.items()}
    if all(len(values) == 1 for values in lists.values()):
        raise UsageError(
            "There is nothing to sweep over: no parameter has several values.",
            hint="give several, with commas between: -p depth=4,6,8 --sweep.",
        )
    alone = _bound(max(map(len, lists.values())), lambda n: info.bind(_nth(lists, n)))
    taken = {name: [alone[n][name] for n in range(len(each))] for name, each in lists.items()}
    for name, each in taken.items():
        if any(value in each[:n] for n, value in enumerate(each)):
            raise UsageError(
                f"A value of {name!r} stands twice: it would be promoted twice.",
                hint="give each value once.",
            )
    return tuple(dict(zip(taken, each, strict=True)) for each in product(*taken.values()))


def _nth(lists: Mapping[str, Sequence[T]], n: int) -> dict[str, T]:
    """The value number `n` of each list, the last one of those that are shorter."""
    return {name: each[min(n, len(each) - 1)] for name, each in lists.items()}


def _bound(rounds: int, bind: Callable[[int], dict[str, Value]]) -> list[dict[str, Value]]:
    """What `bind` gives for each round; what it finds wrong in all of them is told once."""
    found: list[dict[str, Value]] = []
    problems: dict[str, str] = {}
    for n in range(rounds):
        try:
            found.append(bind(n))
        except ParameterError as error:
            problems |= dict.fromkeys(error.message.splitlines(), error.hint)
    if problems:
        hints = "; ".join(dict.fromkeys(hint.rstrip(".") for hint in problems.values()))
        raise ParameterError("\n".join(problems), hint=hints)
    return found


def _pieces(text: str, parameter: Parameter | None) -> list[str]:
    """The values in a text; a list without brackets is one value."""
    parts = split(text)
    if parameter is not None and parameter.kind == "list":
        return parts if parts[0].startswith("[") else [text]
    return [_unquoted(part) for part in parts]


def split(text: str) -> list[str]:
    """`text` at its commas, save those inside quotes or brackets; spaces around are dropped."""
    parts, closing, quote = [""], [""], ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in _PAIRS:
            closing.append(_PAIRS[sign])
        elif sign == closing[-1]:
            closing.pop()
        elif sign == "," and len(closing) == 1:
            parts.append("")
            continue
        parts[-1] += sign
    return [part.strip() for part in parts]


def _unquoted(part: str) -> str:
    quoted = len(part) > 1 and part[0] == part[-1] and part[0] in "'\""
    return part[1:-1] if quoted else part


def _listed(value: object, parameter: Parameter | None) -> list[object]:
    """The values in what a file says of a parameter: of one that is a list, in a list of lists."""
    if not isinstance(value, list) or not value:
        return [value]
    if parameter is not None and parameter.kind == "list":
        deeper = any(item.kind == "list" for item in parameter.type.items)
        inner = [entry for one in value if isinstance(one, list) for entry in one or [[]]]
        several = len(inner) >= len(value) and all(isinstance(one, list) for one in value)
        if not several or (deeper and not all(isinstance(entry, list) for entry in inner)):
            return [value]
    return list(value)
