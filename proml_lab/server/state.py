"""A promotion as files: what was asked, how far it is, how it ended.

One folder a promotion, ``<workspace>/.proml/promotions/<id>/``, written by two processes that may
outlive each other: the Jupyter server and the job. Every JSON file is moved into place whole.

=================  ==========  =================================================================
``request.json``   server      notebook, name, parameters as typed, workspace, start
``process.json``   both        process id and start time: no other process is taken for it
``progress.jsonl`` job         one line a step: ``fraction``, ``text``
``cancelled``      server      somebody asked to end it
``result.json``    job         how it ended
``log.txt``        job         what it printed
=================  ==========  =================================================================
"""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

import psutil

from proml_lab.contracts import Json

Status = Literal["running", "done", "failed", "cancelled", "lost"]
ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
_TAIL = 4096
_LEFT_FROM = 0.02
_START_S = 30.0


@dataclass(frozen=True)
class Request:
    """What was asked for: `parameters` as typed, `started` in seconds since 1970."""

    notebook: Path
    name: str
    parameters: dict[str, str]
    workspace: Path
    started: float


@dataclass(frozen=True)
class Failure:
    """Why it failed: `message` in one line, `excerpt` of the cell, the partial `notebook`."""

    error: str
    message: str
    hint: str = ""
    excerpt: str = ""
    notebook: Path | None = None


@dataclass(frozen=True)
class Promotion:
    """One promotion as its folder shows it now.

    Attributes
    ----------
    fraction, text
        Part done, 0 to 1, and what it is doing.
    elapsed_s, left_s
        Seconds since the start, until its end if it ended; and to go, None where unknown.
    version, report
        Of the artifact, when done.
    """

    id: str
    folder: Path
    request: Request
    status: Status
    fraction: float = 0.0
    text: str = ""
    elapsed_s: float = 0.0
    left_s: float | None = None
    version: int | None = None
    report: Path | None = None
    failure: Failure | None = field(default=None)


def read(folder: Path) -> Promotion | None:
    """The promotion kept in `folder`, or None where there is no whole one."""
    asked = _load(folder / "request.json")
    if not asked:
        return None
    request = Request(
        notebook=Path(str(asked["notebook"])),
        name=str(asked["name"]),
        parameters=cast(dict[str, str], asked["parameters"]),
        workspace=Path(str(asked["workspace"])),
        started=float(cast(float, asked["started"])),
    )
    fraction, text = _progress(folder / "progress.jsonl")
    result = _load(folder / "result.json")
    if result:
        return _ended(folder, request, result, fraction, text)
    elapsed = max(0.0, time.time() - request.started)
    starting = elapsed < _START_S and not (folder / "process.json").exists()
    if process(folder) is None and not starting:
        return _vanished(folder, request, fraction, text)
    left = elapsed * (1 - fraction) / fraction if fraction >= _LEFT_FROM else None
    return Promotion(folder.name, folder, request, "running", fraction, text, elapsed, left)


def process(folder: Path) -> psutil.Process | None:
    """The living process of the promotion in `folder`, surely that one and no other."""
    known = _load(folder / "process.json")
    if not known:
        return None
    try:
        found = psutil.Process(int(cast(int, known["pid"])))
        same = abs(found.create_time() - float(cast(float, known["created"]))) < 0.01
        alive = same and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return found if alive else None


def save(path: Path, data: dict[str, Json]) -> None:
    """Write JSON so that a reader sees the old file or the new one, never a part."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    beside.replace(path)


def save_process(folder: Path, pid: int) -> None:
    """Remember that process `pid` works on the promotion in `folder`."""
    created = psutil.Process(pid).create_time()
    save(folder / "process.json", {"pid": pid, "created": created})


def _ended(
    folder: Path, request: Request, result: dict[str, Json], fraction: float, text: str
) -> Promotion:
    status = cast(Status, result["status"])
    elapsed = float(cast(float, result["ended"])) - request.started
    failure = None
    if status == "failed":
        notebook = str(result.get("notebook") or "")
        failure = Failure(
            error=str(result["error"]),
            message=str(result["message"]),
            hint=str(result["hint"]),
            excerpt=str(result["excerpt"]),
            notebook=Path(notebook) if notebook else None,
        )
    return Promotion(
        folder.name,
        folder,
        request,
        status,
        1.0 if status == "done" else fraction,
        text,
        elapsed,
        version=cast(int, result["version"]) if status == "done" else None,
        report=Path(str(result["report"])) if status == "done" else None,
        failure=failure,
    )


def _vanished(folder: Path, request: Request, fraction: float, text: str) -> Promotion:
    """No result and no process: it was killed, by us or by the machine."""
    last = max((f.stat().st_mtime for f in folder.iterdir()), default=request.started)
    elapsed = max(0.0, last - request.started)
    if (folder / "cancelled").exists():
        return Promotion(folder.name, folder, request, "cancelled", fraction, text, elapsed)
    failure = Failure(
        error="lost",
        message="Its process ended without a result.",
        hint="it was killed, or the machine was restarted or ran out of memory; promote again.",
        excerpt=_tail(folder / "log.txt").strip(),
    )
    return Promotion(folder.name, folder, request, "lost", fraction, text, elapsed, failure=failure)


def _progress(path: Path) -> tuple[float, str]:
    """The newest whole line; a line that is being written is passed over."""
    for line in reversed(_tail(path).split("\n")):
        try:
            found = json.loads(line)
            return float(found["fraction"]), str(found["text"])
        except (ValueError, KeyError, TypeError):
            continue
    return 0.0, ""


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def _load(path: Path) -> dict[str, Json]:
    """The object in a JSON file; empty where the file is not there (yet) or not ours."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
