"""Runs that a crash cut off: found, put together as far as they came, and named once."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from proml_lab.errors import RunError
from proml_lab.promote import notebook
from proml_lab.promote.run import growing, log
from proml_lab.promote.run.cells import GROWING
from proml_lab.promote.run.execute import EXECUTED, PREPARED
from proml_lab.promote.run.presence import RUNNING, at_rest

BUNDLE = "bundle"
"""Where a run's artifact is put together, in its folder."""
_CUT = "the run was cut off here: its process was killed"


@dataclass(frozen=True)
class CutOff:
    """A run that ended with its process. `place` is where it was, `kept` what is left of it.

    `kept` is None where nothing is lost: its artifact is in its place.
    """

    folder: Path
    place: str
    kept: Path | None

    def __str__(self) -> str:
        said = f"what it did is in {self.kept}" if self.kept else "that version is whole"
        return f"The run {self.folder.name} was cut off {self.place}; {said}"


def cut_off(runs: Path) -> tuple[CutOff, ...]:
    """Put together every run in the folder `runs` whose process has died since this was asked.

    A run that is under way is left alone. What cannot be put together is named all the same.
    """
    found = []
    for folder in sorted(path for path in runs.glob("*") if path.is_dir()):
        with suppress(OSError):
            folder.rmdir()  # if it is empty: whoever is about to begin makes it again
            continue
        if not any((folder / name).is_file() for name in (RUNNING, GROWING)):
            continue  # it ended by itself, or was named before
        with at_rest(folder) as free:
            if free and any((folder / name).is_file() for name in (RUNNING, GROWING)):
                found += _settled(folder)
    return tuple(found)


def note_place(keep: Path, key: str) -> None:
    """Note that the run's artifact ``name@version`` is about to be moved to its place."""
    record = log.RunLog(keep)
    try:
        record.write(log.PLACE, artifact=key)
    finally:
        record.close()


def placed(folder: Path) -> str:
    """The ``name@version`` that a run moved to its place before it was cut off, if it did."""
    if (folder / BUNDLE).exists() or not (folder / log.NAME).is_file():
        return ""
    keys = [str(e["artifact"]) for e in log.events(folder) if e["event"] == log.PLACE]
    return keys[-1] if keys else ""


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
        node, index = prepared, -1
        if (folder / GROWING).is_file() or (folder / log.NAME).is_file():  # it had begun
            node, index = growing.read(folder / GROWING, prepared)
        _say(node, index)
        _write(node, path)
        (folder / GROWING).unlink(missing_ok=True)
    except (OSError, ValueError, LookupError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise RunError(
            f"The run in {folder} cannot be put together: {reason}.",
            hint="what there is of it is in that folder.",
        ) from None
    return path


def _settled(folder: Path) -> list[CutOff]:
    """Put one run together; none if there is nothing of it to keep."""
    if not any((folder / name).is_file() for name in (PREPARED, EXECUTED)):
        shutil.rmtree(folder)  # it had not begun, or had ended well
        return []
    if key := placed(folder):
        shutil.rmtree(folder)
        return [CutOff(folder, f"after {key} was in its place", None)]
    found = _recovered(folder)
    (folder / RUNNING).unlink(missing_ok=True)
    return [found]


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
        begun = (folder / log.NAME).is_file() and any(
            event["event"] == "start" for event in log.events(folder)
        )
        return CutOff(folder, "between two cells" if begun else "before its first cell", path)
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
