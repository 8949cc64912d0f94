"""Promote a notebook once for every combination of some values, several at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.contracts import Json, Progress
from proml_lab.errors import MissingExtraError, UsageError
from proml_lab.promote import bundle
from proml_lab.promote.artifact import opened, registry_of
from proml_lab.promote.checking import check
from proml_lab.promote.parameters import Value
from proml_lab.promote.parameters.limits import shown
from proml_lab.promote.run import execute
from proml_lab.promote.sweep import crew, grid
from proml_lab.promote.sweep.crew import Outcome
from proml_lab.promote.sweep.report import SweepReport, table
from proml_lab.spec import check_name

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_NEEDED_BYTES = 1_500_000_000
"""Memory that a promotion is thought to need: fewer run at once where there is less."""


def sweep(
    notebook: str | Path,
    name: str,
    values: Mapping[str, Sequence[object]],
    *,
    jobs: int | None = None,
    workspace: Workspace | str | Path | None = None,
    progress: Progress | None = None,
    **options: bool | str | float | None,
) -> SweepReport:
    """Promote `notebook` for every combination of `values`; each is a version of `name`.

    Each promotion runs in a process and a kernel of its own. One that fails does not stop the
    others. They share the cores out among them, unless the environment says how many threads
    there shall be, as by ``OMP_NUM_THREADS``.

    Parameters
    ----------
    notebook, name, workspace, progress
        As for `promote`.
    values
        Parameter to the values that it takes: ``{"depth": [4, 6, 8], "seed": [7]}``.
    jobs
        How many run at a time; by default as many as there are cores, and memory for.
    options
        What else `promote` shall be given.

    Raises
    ------
    NameNotAllowedError, NotebookError, ParameterError, UsageError, WorkspaceError, RegistryError
        Before anything is run.
    KeyboardInterrupt
        Every kernel has ended; what was registered by then stays.
    """
    check_name(name, role="artifact name")
    if jobs is not None and jobs < 1:
        raise UsageError(f"{jobs} promotions at a time are too few.", hint="such as --jobs 2.")
    place = opened(workspace, Path(notebook).expanduser().absolute().parent)
    info, members, _ = check(
        notebook,
        lambda info: grid.members(info, values),
        workspace=place,
        strict=bool(options.get("strict")),
    )
    registry_of(place).probe(adding=name)
    execute.load()
    shared: dict[str, Json] = {
        "notebook": str(info.path),
        "name": name,
        "workspace": str(place.root),
        "options": {key: value for key, value in options.items() if value},
    }
    requests = [{**shared, "parameters": _json(member)} for member in members]
    varied = [key for key, each in values.items() if len(each) > 1]
    line = _Line([_called(member, varied) for member in members], progress)
    done: dict[int, Outcome] = {}
    started = time.monotonic()
    at_once = min(jobs or _jobs(), len(members))
    try:
        crew.run(requests, jobs=at_once, tell=line.tell, done=done)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_kept(done, len(members))) from None
    outcomes = [done[number] for number in range(len(members))]
    rows = table([{key: m[key] for key in varied} for m in members], outcomes)
    return SweepReport(name, rows, seconds=time.monotonic() - started)


class _Line:
    """The progress of all members as one: the mean of their parts, and what the last one said."""

    def __init__(self, names: Sequence[str], progress: Progress | None) -> None:
        self.names, self.progress = names, progress
        self.parts = [0.0] * len(names)

    def tell(self, number: int, part: float, words: str) -> None:
        self.parts[number] = part
        if self.progress is not None:
            ended = sum(part >= 1 for part in self.parts)
            about = f" · {self.names[number]}: {words}" if words else ""
            text = f"{ended} of {len(self.parts)} done{about}"
            self.progress(sum(self.parts) / len(self.parts), text)


def _jobs() -> int:
    """As many as there are cores, and memory for."""
    try:
        import psutil
    except ImportError:
        raise MissingExtraError("The part that runs notebooks", extra="lab") from None
    room = psutil.virtual_memory().available // _NEEDED_BYTES
    return max(1, min(crew.cores(), room))


def _called(member: Mapping[str, Value], varied: Sequence[str]) -> str:
    return ", ".join(f"{key}={shown(member[key])}" for key in varied)


def _json(member: Mapping[str, Value]) -> dict[str, Json]:
    """Values as JSON; dates in ISO 8601, which a parameter of dates reads."""
    found: dict[str, Json] = json.loads(json.dumps(member, default=shown))
    return found


def _kept(done: Mapping[int, Outcome], n: int) -> str:
    """What an interrupt left."""
    paths = [Path(outcome.path) for outcome in done.values() if outcome.path]
    keys = sorted((bundle.read_manifest(path).key for path in paths), key=_version)
    kept = f"registered by then: {', '.join(keys)}" if keys else "nothing was registered"
    return f"{len(done)} of {n} promotions had ended; {kept}."


def _version(key: str) -> int:
    return int(key.rpartition("@")[2])
