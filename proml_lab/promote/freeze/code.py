"""The code of a run beside its notebook: local modules that it imported, and git's state.

The format: docs/formats.md#code.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from proml_lab.contracts import Json
from proml_lab.promote import bundle
from proml_lab.promote.freeze import kernel_notes
from proml_lab.promote.freeze.git import Checkout
from proml_lab.promote.freeze.randomness import startup

_NOTE = "imported.json"
_FILES = "files"


@dataclass(frozen=True)
class Imported:
    """What a run imported.

    `modules` is each local module's name to its path below the workspace; `elsewhere` are the
    names of modules that are neither local nor of the environment; `threads` a row for each
    library that shares work among threads.
    """

    modules: dict[str, str] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    threads: tuple[dict[str, Json], ...] = ()

    @classmethod
    def read(cls, outputs: Path) -> Imported:
        """What the kernel noted in its folder of outputs; nothing if it noted nothing."""
        path = outputs / _NOTE
        if not path.is_file():
            return cls()
        facts = json.loads(path.read_text(encoding="utf-8"))
        return cls(facts["modules"], tuple(facts["elsewhere"]), tuple(facts["threads"]))


def source(outputs: Path, root: Path, known: Iterable[Path]) -> str:
    """Python that makes a kernel note what it imports; `known` are folders of packages."""
    places = [str(place) for place in known]
    return startup(kernel_notes.__file__, str(outputs / _NOTE), str(root), places)


def write(folder: Path, root: Path, imported: Imported, git: Checkout | None) -> None:
    """Write ``modules.json``, the modules, ``git.json`` and ``diff.patch`` into `folder`."""
    there = {name: path for name, path in imported.modules.items() if (root / path).is_file()}
    for path in sorted(set(there.values())):
        place = folder / _FILES / path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, place)
    bundle.write_json(
        folder / "modules.json", {"modules": there, "elsewhere": list(imported.elsewhere)}
    )
    if git is None:
        return
    facts = {
        "commit": git.commit,
        "branch": git.branch,
        "dirty": git.dirty,
        "diff_bytes": git.diff_bytes,
    }
    bundle.write_json(folder / "git.json", facts)
    if git.diff:
        (folder / "diff.patch").write_bytes(git.diff)


def restore(folder: Path, root: Path) -> tuple[str, ...]:
    """Put the modules of the ``code/`` folder `folder` below `root`; their paths."""
    files = folder / _FILES
    found = [p for p in sorted(files.rglob("*")) if p.is_file() and not p.is_symlink()]
    for path in found:
        place = root / path.relative_to(files)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    return tuple(path.relative_to(files).as_posix() for path in found)
