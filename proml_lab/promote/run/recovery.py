"""Runs that a crash cut off: found, put together as far as they came, and named once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from proml_lab.errors import RegistryError, RunError
from proml_lab.promote import notebook
from proml_lab.promote.lock import lock
from proml_lab.promote.run import growing
from proml_lab.promote.run.cells import GROWING
from proml_lab.promote.run.execute import EXECUTED, PREPARED

RUNNING = "running.lock"
_CUT = "the run was cut off here: its process was killed"


@dataclass(frozen=True)
class CutOff:
    """A run that ended with its process. `place` is where it was, `kept` what is left of it."""

    folder: Path
    place: str
    kept: Path

    def __str__(self) -> str:
        return f"The run {self.folder.name} was cut off {self.place}; what it did is in {self.kept}"


@contextmanager
def running(keep: Path) -> Iterator[None]:
    """While the block runs, `keep` is a run under way; if the process dies, it was cut off."""
    path = keep / RUNNING
    with lock(path, patience_s=0.0):
        try:
            yield
        finally:
            with suppress(PermissionError):  # Windows: not while it is open
                path.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def cut_off(runs: Path) -> tuple[CutOff, ...]:
    """Put together every run in the folder `runs` whose process has died since this was asked.

    A run that is under way is left alone. What cannot be put together is named all the same.
    """
    found = []
    left = {path.parent for name in (RUNNING, GROWING) for path in runs.glob(f"*/{name}")}
    for path in sorted(folder / RUNNING for folder in left):
        if not path.is_file() and not (path.parent / GROWING).is_file():
            continue  # another promotion was here before us
        with suppress(RegistryError), lock(path, patience_s=0.0):
            if not any((path.parent / name).is_file() for name in (PREPARED, EXECUTED)):
                shutil.rmtree(path.parent)  # it had not begun, or has just ended well
            else:
                found.append(_recovered(path.parent))
            path.unlink(missing_ok=True)
    return tuple(found)


def recover(folder: Path) -> Path:
    """Put together what a run wrote before it was cut off; the path of the notebook.

    Raises
    ------
    RunError
        There is nothing to put together, or it cannot be read or written.
    """
    path = folder / EXECUTED
    if path.is_file():
        return path
    try:
        prepared = json.loads((folder / PREPARED).read_text(encoding="utf-8"))
        node, index = growing.read(folder / GROWING, prepared)
        _say(node, index)
        _write(node, path)
        (folder / GROWING).unlink()
    except (OSError, ValueError, LookupError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise RunError(
            f"The run in {folder} cannot be put together: {reason}.",
            hint="what there is of it is in that folder.",
        ) from None
    return path


def _recovered(folder: Path) -> CutOff:
    try:
        path = recover(folder)
    except RunError as error:
        reason = error.message.partition(" cannot be put together: ")[2].rstrip(".")
        return CutOff(folder, f"and cannot be put together ({reason})", folder)
    node = json.loads(path.read_text(encoding="utf-8"))
    own = [c for c in node["cells"] if notebook.INJECTED not in c["metadata"].get("tags", [])]
    for number, cell in enumerate(own, start=1):
        if cell["metadata"].get("papermill", {}).get("cut_off"):
            return CutOff(folder, f"in cell {number} of {len(own)}", path)
    if node["metadata"].get("papermill", {}).get("cut_off"):
        return CutOff(folder, "between two cells", path)
    return CutOff(folder, "after its last cell", path)


def _say(node: dict[str, object], index: int) -> None:
    """Note in the metadata that, and where, the run was cut off."""
    metadata, cells = node["metadata"], node["cells"]
    if not isinstance(metadata, dict) or not isinstance(cells, list):
        raise TypeError("its notebook has no cells")
    whole = index < 0 and "end_time" in metadata.get("papermill", {})
    if whole:
        return
    metadata.setdefault("papermill", {}).update(exception=True, cut_off=True)
    if index >= 0:
        said = {"status": "failed", "exception": True, "cut_off": True, "reason": _CUT}
        cells[index]["metadata"]["papermill"] = said


def _write(node: dict[str, object], path: Path) -> None:
    import nbformat

    notebook.write(nbformat.from_dict(node), path)  # type: ignore[no-untyped-call]
