"""Values for parameters in a file of YAML or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from proml_lab import document
from proml_lab.errors import SpecError
from proml_lab.promote.parameters.binding import Given, Unread, together


def read_files(paths: Iterable[str | Path]) -> Given:
    """The values in files, each one mapping of names to values; a later file wins.

    A file whose name ends in ``.json`` is JSON, any other YAML.

    Raises
    ------
    SpecError
        There is no such file, it is broken, no mapping, a name stands twice, or a value is no
        date although it looks like one: a line each.
    """
    given = gather_files(paths)
    wrong = [SpecError(error.message, hint=error.hint) for error in given.broken]
    wrong += [
        SpecError(f"{given.places[name]}: {value.message}", hint=value.hint)
        for name, value in given.values.items()
        if isinstance(value, Unread)
    ]
    if wrong:
        raise together(wrong)
    return given


def gather_files(paths: Iterable[str | Path]) -> Given:
    """As `read_files`, with `Unread` for what cannot be read, so that all is told at once."""
    given = Given()
    for path in paths:
        try:
            given = given.updated(_read(Path(path).expanduser()))
        except SpecError as error:
            given = given.updated(Given(broken=(error,)))
    return given


def _read(where: Path) -> Given:
    text = document.read_text(where)
    is_json = where.suffix.lower() == ".json"
    # A tab is white space in JSON and forbidden in YAML, which is read for the lines.
    entries = document.entries(
        text.replace("\t", " ") if is_json else text, name=str(where), example="n_trees: 300"
    )
    values: dict[str, object] = {}
    if is_json:
        try:
            values = {str(name): value for name, value in json.loads(text).items()}
        except json.JSONDecodeError as error:
            raise SpecError(
                f"{where}:{error.lineno}: this is not valid JSON: {error.msg}.",
                hint="put names and texts in double quotes, and no ',' after the last entry.",
            ) from None
    for entry in entries:
        if entry.problem:
            values[entry.name] = Unread(entry.problem, entry.hint)
        elif not is_json:
            values[entry.name] = entry.value
    return Given(values, {entry.name: f"{where}:{entry.line}" for entry in entries})
