"""Imports that the environment does not have, or has from where no version can be named."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlparse

from proml_lab.promote.lint import outside, package, shell
from proml_lab.promote.lint.calls import Calls
from proml_lab.promote.lint.subject import Seen, Subject

_OURS = "proml_lab"
_EXTENSIONS = {"autoreload", "storemagic"}
"""IPython's own, which it finds by itself."""
_IMPORTS = {"importlib.import_module", "__import__"}
_PACKAGES = {"site-packages", "dist-packages"}
_MOVES = re.compile(r"os\.(?:chdir|system)|site\.addsitedir|subprocess\.\w+")


def check(calls: Calls) -> Iterator[Seen]:
    """PN080 and PN081: each module once, where it is first imported."""
    yield from outside.check(calls)
    subject = calls.subject
    moved = _path_is_changed(calls)
    folders = outside.added(calls)
    told: set[str] = set()
    written = _files(calls)
    for one in imported(calls):
        top = one.top
        if top == _OURS or top in sys.stdlib_module_names or _is_local(top, subject):
            continue
        spec = _found(top)
        sure = one.certain and not moved and f"{top}.py" not in written
        if top not in told:
            told.add(top)
            if said := _stray(top, spec, folders, subject):
                yield Seen("PN081", one.cell, one.line, f"import {top}: {said}")
            elif spec is None and sure:
                yield Seen("PN080", one.cell, one.line, f"import {top}")
        if spec is not None and sure:
            lost = package.missing(spec, one.name.split(".")[1:], list(one.names))
            if lost and lost not in told:
                told.add(lost)
                yield Seen("PN080", one.cell, one.line, f"{lost}: {top} is here, but has no such")


class Import(NamedTuple):
    """An import: the module's whole `name`, and what is taken from it."""

    cell: int
    line: int
    name: str
    names: tuple[str, ...]
    certain: bool

    @property
    def top(self) -> str:
        """The first part of the name: what is installed."""
        return self.name.partition(".")[0]


def imported(calls: Calls) -> Iterator[Import]:
    """Every import of a module from elsewhere, also by a magic or by `importlib`."""
    for cell in calls.subject.code:
        certain = {id(node) for node in cell.tree.body}
        for node in cell.nodes:
            sure = id(node) in certain and "raises-exception" not in cell.tags
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(cell.number, node.lineno, alias.name, (), sure)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = tuple(alias.name for alias in node.names)
                yield Import(cell.number, node.lineno, node.module, names, sure)
            elif isinstance(node, ast.Call) and calls.name(node.func) in _IMPORTS and node.args:
                name = calls.text(node.args[0]) or ""
                if all(part.isidentifier() for part in name.split(".")):
                    yield Import(cell.number, node.lineno, name, (), False)
        for magic in cell.magics:
            top = magic.text.partition(".")[0]
            if magic.name == "load_ext" and top.isidentifier() and top not in _EXTENSIONS:
                yield Import(cell.number, magic.line, top, (), True)


def _stray(
    top: str, spec: ModuleSpec | None, folders: tuple[outside.Added, ...], subject: Subject
) -> str:
    """Where outside of workspace and environment the module comes from; empty if it does not."""
    for one in folders:
        there = one.module(top) if spec is None or one.first else None
        if there is not None:
            return str(there) if outside.is_outside(there, subject) else ""
    if spec is None:
        away = [one for one in folders if outside.is_outside(one.folder, subject)]
        return f"perhaps from {away[0].folder}" if away else ""
    place = _place(spec)
    return str(place) if place is not None and _is_elsewhere(top, place, subject) else ""


def _path_is_changed(calls: Calls) -> bool:
    """Whether the notebook itself changes where modules come from."""
    for _, node in calls.nodes:
        match node:
            case ast.Attribute(value=ast.Name(id="sys"), attr="path" | "meta_path" | "modules"):
                return True
            case ast.ImportFrom(module="sys", names=names) if any(a.name == "path" for a in names):
                return True
    if any(_MOVES.fullmatch(call.name) for call in calls.all):
        return True
    magics = calls.subject.magics()
    return any(m.name in ("cd", "pushd", "run") or shell.installs(m) for _, m in magics)


def _files(calls: Calls) -> set[str]:
    """Names of files that the notebook mentions, and so may have made."""
    texts = [m.text for _, m in calls.subject.magics() if m.name in ("writefile", "file", "!")]
    for _, node in calls.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
    return {Path(word).name for text in texts if ".py" in text for word in text.split()}


def _is_local(top: str, subject: Subject) -> bool:
    """Whether it lies beside the notebook, in the workspace: the artifact keeps it."""
    places = [subject.folder, *([subject.root] if subject.root else [])]
    return any((p / f"{top}.py").is_file() or (p / top).is_dir() for p in places)


def _found(top: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):  # loaded without a spec: it is there
        return sys.modules[top].__spec__ if top in sys.modules else None


def _place(spec: ModuleSpec) -> Path | None:
    """The file or folder of the module; None for what has none."""
    if spec.origin not in (None, "built-in", "frozen", "namespace"):
        return Path(str(spec.origin))
    return next((Path(place) for place in spec.submodule_search_locations or ()), None)


def _is_elsewhere(top: str, place: Path, subject: Subject) -> bool:
    if _PACKAGES & set(place.parts) or place.is_relative_to(Path(sys.base_prefix) / "lib"):
        return False
    if subject.root is not None and place.is_relative_to(subject.root):
        return False
    if any(place.is_relative_to(folder) for folder in _editable()):
        return False
    return top not in metadata.packages_distributions()


@cache
def _editable() -> tuple[Path, ...]:
    """Folders from which packages are installed in place."""
    found = []
    for distribution in metadata.distributions():
        text = distribution.read_text("direct_url.json")
        if text and json.loads(text).get("dir_info", {}).get("editable"):
            found.append(Path(unquote(urlparse(json.loads(text)["url"]).path)))
    return tuple(found)
