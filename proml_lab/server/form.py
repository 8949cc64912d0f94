"""What the Promote form asks: a suggested name and one field for each parameter."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.contracts import Json

if TYPE_CHECKING:
    from proml_lab.promote.notebook import NotebookInfo
    from proml_lab.promote.parameters import Parameter

_SPEC = re.compile(r"^%%proml\b.*(?:\n.*)*?\nname:\s*['\"]?([a-z][a-z0-9._-]*)", re.MULTILINE)


def form(notebook: Path) -> dict[str, Json]:
    """``name`` and ``parameters`` for the form of this notebook, which is read, not run.

    Raises
    ------
    NotebookError
        It cannot be promoted as it is.
    """
    from proml_lab.promote import inspect

    info = inspect(notebook)
    return {"name": _name(info), "parameters": [_field(p) for p in info.parameters]}


def _name(info: NotebookInfo) -> str:
    """The name of the first model that is described in the notebook, else one from its file."""
    for cell in info.node.cells:
        found = _SPEC.search(cell.source) if cell.cell_type == "code" else None
        if found:
            return found.group(1)
    plain = unicodedata.normalize("NFKD", info.path.stem).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())
    while words and words[0].isdigit():
        words.pop(0)
    return "-".join(words) if words and words[0][0].isalpha() else "model"


def _field(parameter: Parameter) -> dict[str, Json]:
    from proml_lab.promote.parameters.limits import shown

    empty = parameter.nullable or parameter.kind == "str"
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "value": "" if parameter.default is None else shown(parameter.default),
        "placeholder": parameter.text if parameter.default is None else "",
        "help": " – ".join(filter(None, (parameter.help, parameter.type.allowed))),
        "required": parameter.required or not empty,
        "choices": [shown(choice) for choice in parameter.type.limits.choices],
    }
