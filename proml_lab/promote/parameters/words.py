"""Values for parameters as words of a command line: ``name=value``."""

from __future__ import annotations

from collections.abc import Iterable

from proml_lab.errors import ParameterError
from proml_lab.promote.parameters.binding import Text, Unread, together


def read_words(words: Iterable[str]) -> dict[str, str]:
    """Name to text of words such as ``n_trees=300``.

    Raises
    ------
    ParameterError
        Every word without a name or a value, and every name that stands twice: a line each.
    """
    found = gather_words(words)
    wrong = [
        ParameterError(t.message, hint=t.hint) for t in found.values() if isinstance(t, Unread)
    ]
    if wrong:
        raise together(wrong)
    return {name: text for name, text in found.items() if isinstance(text, str)}


def gather_words(words: Iterable[str]) -> dict[str, Text]:
    """As `read_words`, with `Unread` for what cannot be read, so that all is told at once."""
    found: dict[str, Text] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.strip()
        before = found.get(name)
        if not name:
            found[""] = Unread(f"-p {word} names no parameter.", "write -p name=value.")
        elif not equals:
            found[name] = Unread(f"-p {name} has no value.", f"write -p {name}=VALUE.")
        elif isinstance(before, str):
            found[name] = Unread(
                f"-p {name} stands twice: {before} and {text}.",
                f"give it once; for a sweep write -p {name}={before},{text} --sweep.",
            )
        elif before is None:
            found[name] = text
    return found
