"""Start, list, cancel and forget promotions, which outlive the server that started them."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from proml_lab.contracts import Json
from proml_lab.errors import (
    ArtifactError,
    NotebookError,
    ProMLError,
    UnknownNameError,
    WorkspaceError,
)
from proml_lab.server import state
from proml_lab.server.state import Promotion
from proml_lab.statefolder import make_folder, state_folder

GRACE_S = 10.0
_AGAIN_S = 3.0
_WAIT_S = 0.1


class Promotions:
    """The promotions of notebooks under `root`, the folder that a Jupyter server shows.

    Each is kept in the workspace of its notebook; `memory` is a file that remembers in which
    workspaces there are any, so that a server started later finds them again.
    """

    def __init__(self, root: Path, memory: Path) -> None:
        self.root = root.absolute()
        self.memory = memory

    def notebook(self, path: str) -> Path:
        """The file at `path`, which is relative to the root and may not leave it.

        Raises
        ------
        NotebookError
            It leaves the root, or is not a notebook file.
        """
        # normpath, not resolve: Jupyter shows links inside its root, wherever they lead
        where = Path(os.path.normpath(self.root / path.strip("/")))
        if "\0" in path or not where.is_relative_to(self.root):
            raise NotebookError(f"{path!r} is outside the folder that this server shows.")
        if where.suffix != ".ipynb":
            raise NotebookError(f"{path!r} is not a notebook.", hint="give an .ipynb file.")
        return where

    def relative(self, path: Path) -> str:
        """`path` as the browser names it."""
        return path.relative_to(self.root).as_posix()

    def start(self, path: str, name: str, parameters: Mapping[str, str]) -> Promotion:
        """Check what is asked, then start it in a process of its own.

        Raises
        ------
        ProMLError
            Whatever is wrong with the notebook, the name, a parameter or the workspace; then
            nothing was started.
        """
        from proml_lab.promote import read_values
        from proml_lab.spec import check_name

        notebook = self.notebook(path)
        check_name(name, role="artifact name")
        workspace = _workspace(notebook)
        read_values(notebook, parameters, workspace=workspace)
        folder = state_folder(workspace, "promotions", _new_id())
        folder.mkdir(parents=True)
        make_folder(folder)
        state.save(
            folder / "request.json",
            {
                "notebook": str(notebook),
                "name": name,
                "parameters": dict(parameters),
                "workspace": str(workspace),
                "started": time.time(),
            },
        )
        self._remember(workspace)
        _spawn(folder, notebook.parent)
        return self.get(folder.name)

    def recent(self) -> list[Promotion]:
        """All of them, newest first."""
        found = (state.read(folder) for folder in self._folders())
        mine = [p for p in found if p is not None and p.request.notebook.is_relative_to(self.root)]
        return sorted(mine, key=lambda p: p.id, reverse=True)

    def get(self, key: str) -> Promotion:
        """One of them; raises UnknownNameError where there is none of that id."""
        for promotion in self.recent():
            if promotion.id == key:
                return promotion
        raise UnknownNameError(f"There is no promotion {key!r}.", hint="it may have been removed.")

    def cancel(self, key: str, *, grace_s: float = GRACE_S) -> Promotion:
        """End a running one and everything it started: asked to first, killed after `grace_s`."""
        promotion = self.get(key)
        running = state.process(promotion.folder)
        if running is None:
            return promotion
        (promotion.folder / "cancelled").touch()
        family = [running, *_children(running)]
        asked = started = time.monotonic()
        _signal(running, signal.SIGINT)
        while _alive(running) and time.monotonic() < started + grace_s:
            if time.monotonic() > asked + _AGAIN_S:  # a kernel that starts may swallow the first
                asked = time.monotonic()
                _signal(running, signal.SIGINT)
            family += [child for child in _children(running) if child not in family]
            time.sleep(_WAIT_S)
        for process in family:
            _signal(process, signal.SIGKILL)
        while any(map(_alive, family)) and time.monotonic() < started + 2 * grace_s:
            time.sleep(_WAIT_S)
        return self.get(key)

    def forget(self, key: str) -> None:
        """Drop an ended one from the list; the artifact stays.

        Raises
        ------
        ProMLError
            It still runs.
        """
        promotion = self.get(key)
        if promotion.status == "running":
            raise ProMLError(f"{promotion.request.name} still runs.", hint="cancel it first.")
        shutil.rmtree(promotion.folder)

    def partial(self, key: str) -> Path:
        """A copy, beside the source, of the notebook of a failed run, outputs up to the failure.

        Raises
        ------
        NotebookError
            There is none.
        """
        promotion = self.get(key)
        kept = promotion.failure.notebook if promotion.failure else None
        if kept is None or not kept.is_file():
            raise NotebookError("This promotion kept no partial notebook.")
        source = promotion.request.notebook
        copy = source.with_name(f"{source.stem}.partial-{promotion.id}.ipynb")
        if not copy.exists():
            shutil.copyfile(kept, copy)
        return copy

    def report(self, key: str) -> Path:
        """The report of a done one; raises ArtifactError where the artifacts hold none."""
        promotion = self.get(key)
        artifacts = state_folder(promotion.request.workspace, "artifacts")
        report = promotion.report.resolve() if promotion.report else None
        if report is None or not report.is_relative_to(artifacts.resolve()):
            raise ArtifactError("This promotion has no report.")
        if report.name != "report.html" or not report.is_file():
            raise ArtifactError("The report is gone.", hint=f"its artifact was in {artifacts}.")
        return report

    def _folders(self) -> Iterator[Path]:
        for workspace in self._workspaces():
            kept = state_folder(workspace, "promotions")
            if kept.is_dir():
                yield from (f for f in kept.iterdir() if state.ID.fullmatch(f.name))

    def _workspaces(self) -> list[Path]:
        try:
            found = json.loads(self.memory.read_text(encoding="utf-8"))["workspaces"]
            return [Path(str(path)) for path in found]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return []

    def _remember(self, workspace: Path) -> None:
        known = self._workspaces()
        if workspace not in known:
            self.memory.parent.mkdir(parents=True, exist_ok=True)
            kept: list[Json] = [str(p) for p in known if p.is_dir()]
            state.save(self.memory, {"workspaces": [*kept, str(workspace)]})


def _workspace(notebook: Path) -> Path:
    """The workspace that the notebook itself would use: the environment's, else the one around."""
    from proml_lab.marketplace.workspace import open_workspace

    try:
        return open_workspace(os.environ.get("PROML_WORKSPACE") or notebook.parent).root
    except WorkspaceError as error:
        raise WorkspaceError(
            error.message,
            hint="move the notebook into a workspace (proml init makes one), or start Jupyter "
            "with PROML_WORKSPACE set to its folder.",
        ) from None


def _new_id() -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"


def _spawn(folder: Path, where: Path) -> None:
    """A session of its own: neither the tab's end nor the server's Ctrl-C reaches it."""
    with (folder / "log.txt").open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", "proml_lab.server.job", str(folder)],
            cwd=where,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    state.save_process(folder, child.pid)
    threading.Thread(target=child.wait, daemon=True).start()


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, number: int) -> None:
    """Psutil compares start times, so a number that was given away again is never hit."""
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
