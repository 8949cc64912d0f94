"""The combinations of a sweep: several values for some parameters, and their product."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from proml_lab.errors import ParameterError, UsageError
from proml_lab.promote.checking import check
from proml_lab.promote.notebook import NotebookInfo
from proml_lab.promote.parameters import Given, Parameter, Text, Unread, Value, checked, together
from proml_lab.promote.parameters.value import short

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

T = TypeVar("T")
_PAIRS = {"[": "]", "(": ")", "{": "}"}


def read_grid(
    notebook: str | Path | NotebookInfo,
    texts: Mapping[str, Text],
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
        Every value that is unknown, missing, of another type, out of bounds or there twice, and
        every list without values: a line each.
    """
    if isinstance(notebook, NotebookInfo):
        return _read(notebook, texts, given)
    return check(
        notebook, lambda info: _read(info, texts, given), workspace=workspace, strict=strict
    )[1]


def _read(
    info: NotebookInfo, texts: Mapping[str, Text], given: Given | None
) -> dict[str, list[Value]]:
    file = (given or Given()).without(texts)
    known = {parameter.name: parameter for parameter in info.parameters}
    typed = {name: _pieces(text, known.get(name)) for name, text in texts.items()}
    filed = {name: _listed(value, known.get(name)) for name, value in file.values.items()}
    sizes = {name: len(each) for name, each in typed.items()}
    sizes |= {name: len(each) for name, each in filed.items()}
    return _bound(
        info,
        sizes,
        lambda n: (_nth(typed, n), Given(_nth(filed, n), file.places, file.broken)),
    )


def members(
    info: NotebookInfo, grid: Mapping[str, Sequence[object]]
) -> tuple[dict[str, Value], ...]:
    """The values of each promotion: the product of `grid`, the last parameter changing fastest.

    Raises
    ------
    UsageError
        Values that are no list, an empty list, or nothing to vary.
    ParameterError
        Every value that the notebook does not take, or that stands twice: a line each.
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
    sizes = {name: len(each) for name, each in lists.items()}
    taken = _bound(info, sizes, lambda n: ({}, Given(_nth(lists, n))))
    return tuple(dict(zip(taken, each, strict=True)) for each in product(*taken.values()))


def _nth(lists: Mapping[str, Sequence[T]], n: int) -> dict[str, T]:
    """The value number `n` of each list, the last one of those that are shorter."""
    return {name: each[min(n, len(each) - 1)] for name, each in lists.items()}


def _bound(
    info: NotebookInfo,
    sizes: Mapping[str, int],
    round_: Callable[[int], tuple[dict[str, Text], Given]],
) -> dict[str, list[Value]]:
    """The values of each name, checked; what is wrong with any of them is told once."""
    found: dict[str, list[Value]] = {name: [] for name in sizes}
    problems: dict[str, ParameterError] = {}
    for n in range(max(sizes.values(), default=1)):
        texts, given = round_(n)
        bound, wrong = checked(info.parameters, texts, given, where=info.path.name)
        problems |= {error.message: error for error in wrong if error.message not in problems}
        for name, size in sizes.items():
            if name in bound and n < size:
                found[name].append(bound[name])
    for error in _repeated(found):
        problems[error.message] = error
    if problems:
        raise together(list(problems.values()))
    return found


def _repeated(lists: Mapping[str, Sequence[Value]]) -> Iterator[ParameterError]:
    """Values that would be promoted twice."""
    for name, each in lists.items():
        for value in [v for n, v in enumerate(each) if v in each[:n] and v not in each[n + 1 :]]:
            yield ParameterError(
                f"Parameter {name!r} has the value {short(value)} twice: it would be promoted "
                "twice.",
                hint="give each value once.",
            )


def _pieces(text: Text, parameter: Parameter | None) -> list[Text]:
    """The values in a text; a list without brackets is one value."""
    if isinstance(text, Unread):
        return [text]
    parts = split(text)
    if parameter is not None and parameter.kind == "list":
        return [*parts] if parts[0].startswith("[") else [text]
    return [_filled(_unquoted(part), text, parameter) for part in parts]


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


def _filled(part: str, text: str, parameter: Parameter | None) -> Text:
    """`part`; where it is empty and the parameter takes no empty text, what is wrong with it."""
    if part or parameter is None:
        return part
    try:
        parameter.read(part)
    except ParameterError:
        said = "has no value" if not text.strip() else f"has an empty value in {text!r}"
        example = f"-p {parameter.name}={parameter.example}"
        return Unread(f"Parameter {parameter.name!r} {said} to sweep over.", f"such as {example}.")
    return part


def _listed(value: object, parameter: Parameter | None) -> list[object]:
    """The values in what a file says of a parameter: of one that is a list, in a list of lists."""
    if not isinstance(value, list):
        return [value]
    if not value:
        none = parameter is not None and parameter.kind != "list"
        name = parameter.name if parameter is not None else ""
        return (
            [Unread(f"Parameter {name!r} has no value to sweep over: its list is empty.")]
            if none
            else [value]
        )
    if parameter is not None and parameter.kind == "list":
        deeper = any(item.kind == "list" for item in parameter.type.items)
        inner = [entry for one in value if isinstance(one, list) for entry in one or [[]]]
        several = len(inner) >= len(value) and all(isinstance(one, list) for one in value)
        if not several or (deeper and not all(isinstance(entry, list) for entry in inner)):
            return [value]
    return list(value)
