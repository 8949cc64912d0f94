"""The Python that a verb stands for, as ``--code`` prints it."""

from __future__ import annotations

import re
from pathlib import Path

import proml_lab

_ELSEWHERE = {
    "draft": "proml_lab.authoring",
    "load": "proml_lab.learners",
    "make_flights": "proml_lab.marketplace.example",
    "record": "proml_lab.promote.outputs",
    "read_dataset": "proml_lab.magics.keep",
    "Browse": "proml_lab.widgets.browse",
}


class Source(str):
    """Python source, which is written as it is; any other value is written by its `repr`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def call(function: str, *values: object, **options: object) -> Source:
    """``function(value, option=value)``; options that are None, False or empty are left out."""
    given = [repr(value) for value in values]
    given += [f"{name}={value!r}" for name, value in options.items() if not _absent(value)]
    return Source(f"{function}({', '.join(given)})")


def script(*lines: str) -> str:
    """`lines` below the imports that they need."""
    body = "\n".join(lines)
    words = set(re.findall(r"(?<![\w.'\"])[A-Za-z_]\w*", body))
    imports = [f"from {home} import {name}" for name, home in _ELSEWHERE.items() if name in words]
    if public := sorted(words & set(proml_lab.__all__)):
        imports.insert(0, f"from proml_lab import {', '.join(public)}")
    return "\n".join([*imports, *([""] if imports else []), body])


def spec(name: str) -> Source:
    """How to get the spec called `name`: a variable, or a file."""
    return Source(name) if name.isidentifier() else call("ModelSpec.read", name)


def model(name: str) -> Source:
    """How to get the model called `name`: a variable, an artifact's, a file's or a folder's."""
    if name.isidentifier() and not (Path(name) / "model.json").is_file():
        return Source(name)
    if name.endswith((".yaml", ".yml")):
        return call("fit", spec(name))
    if "@" in name:
        return Source(f"{call('load_artifact', name)}.model")
    return call("load", name)


def dataset(name: str) -> Source:
    """How to get the dataset called `name`: a variable, a file, or what a spec file asks for."""
    if name.isidentifier():
        return Source(name)
    if name.endswith((".yaml", ".yml")):
        return call("open_workspace().dataset", spec(name))
    return call("read_dataset", name)


def _absent(value: object) -> bool:
    """None, False, or an empty text, list or mapping; but 0 is a value."""
    return value is None or value is False or value in ("", [], {}, ())
