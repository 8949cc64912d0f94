"""``{{expr}}`` in a magic's line or cell: the one syntax for values of the notebook.

The expression is Python of the user's own cell, evaluated in the user's own kernel: the same
right, and the same risk, as typing it into a cell.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date

from proml_lab.errors import UsageError
from proml_lab.magics.parser import split

Evaluate = Callable[[str], object]


def words(line: str, evaluate: Evaluate) -> list[str]:
    """The words of `line`, each ``{{expr}}`` replaced; a value with spaces stays one word.

    Lists and tuples become ``a,b,c``, None becomes nothing.

    Raises
    ------
    UsageError
        ``{{`` without an expression and ``}}``, or a quote that is not closed.
    """
    values: list[str] = []
    plain = ""
    for text, expression in _parts(line):
        plain += text
        if expression is not None:
            plain += f"\0{len(values)}\0"
            values.append(_as_word(evaluate(expression)))
    return [_fill(word, values) for word in split(plain)]


def text(cell: str, evaluate: Evaluate) -> str:
    """`cell` with each ``{{expr}}`` replaced: text as it is, other values as JSON."""
    parts = [
        plain + ("" if expression is None else _as_yaml(evaluate(expression)))
        for plain, expression in _parts(cell)
    ]
    return "".join(parts)


def _parts(source: str) -> Iterator[tuple[str, str | None]]:
    """(plain text, expression after it), the last with None."""
    start = 0
    while (opening := source.find("{{", start)) >= 0:
        end, expression = _expression(source, opening)
        yield source[start:opening], expression
        start = end
    yield source[start:], None


def _expression(source: str, opening: int) -> tuple[int, str]:
    """(index after it, expression) at `opening`: the shortest that is whole Python."""
    closing = source.find("}}", opening)
    while closing >= 0:
        expression = source[opening + 2 : closing].strip()
        try:
            compile(expression, "{{…}}", "eval")
        except (SyntaxError, ValueError):
            closing = source.find("}}", closing + 1)
        else:
            return closing + 2, expression
    shown = source[opening:].splitlines()[0][:40]
    raise UsageError(
        f"{shown!r} does not hold one Python expression.",
        hint="write {{name}} or {{expression}}, closed by }}.",
    )


def _as_word(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(map(str, value)) if isinstance(value, set | frozenset) else map(str, value)
        return ",".join(items)
    return str(value)


def _as_yaml(value: object) -> str:
    if isinstance(value, str | date):
        return str(value)
    try:
        return json.dumps(value, default=_plain)
    except (TypeError, ValueError):
        raise UsageError(
            f"A {type(value).__name__} cannot stand in a document.",
            hint="use text, a number, true or false, a date, or a list or mapping of these.",
        ) from None


def _plain(value: object) -> object:
    """Dates as ISO text, NumPy scalars and arrays as Python values, sets as lists."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    as_list = getattr(value, "tolist", None)
    if as_list is None:
        raise TypeError
    return as_list()


def _fill(word: str, values: list[str]) -> str:
    pieces = word.split("\0")
    pieces[1::2] = [values[int(number)] for number in pieces[1::2]]
    return "".join(pieces)
