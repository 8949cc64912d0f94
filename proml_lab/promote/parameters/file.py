"""Values for parameters in a file of YAML or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from proml_lab import document
from proml_lab.errors import SpecError
from proml_lab.promote.parameters.binding import Given


def read_files(paths: Iterable[str | Path]) -> Given:
    """The values in files, each one mapping of names to values; a later file wins.

    A file whose name ends in ``.json`` is JSON, any other YAML.

    Raises
    ------
    SpecError
        There is no such file, it is broken, no mapping, or a name stands twice.
    """
    given = Given()
    for path in paths:
        given = given.updated(_read(Path(path).expanduser()))
    return given


def _read(where: Path) -> Given:
    text = document.read_text(where)
    is_json = where.suffix.lower() == ".json"
    # A tab is white space in JSON and forbidden in YAML, which is read for the lines.
    data, places = document.mapping(
        text.replace("\t", " ") if is_json else text, name=str(where), example="n_trees: 300"
    )
    if is_json:
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise SpecError(
                f"{where}:{error.lineno}: this is not valid JSON: {error.msg}.",
                hint="put names and texts in double quotes, and no ',' after the last entry.",
            ) from None
    return Given(
        {str(name): value for name, value in data.items()},
        {str(name): f"{places.name}:{places.line((str(name),))}" for name in data},
    )
