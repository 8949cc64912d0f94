"""Run a notebook by papermill in a fresh kernel of this very Python."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.contracts import Progress
from proml_lab.errors import MissingExtraError, RunError
from proml_lab.promote import notebook
from proml_lab.promote.run import kernel

if TYPE_CHECKING:
    from nbformat import NotebookNode

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"Cell In\[\d+\], line (\d+)")
_EXCERPT = 7


@dataclass
class _Run:
    """One run: what is told of it, and the cell that it has reached."""

    node: NotebookNode
    progress: Progress | None
    reached: int = 0
    numbers: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        own = [
            index
            for index, cell in enumerate(self.node.cells)
            if notebook.INJECTED not in cell.metadata.get("tags", [])
        ]
        self.numbers = {index: number for number, index in enumerate(own, start=1)}

    def tell(self, index: int) -> None:
        """Called before a cell is run; numbers are those of the notebook as its author sees it."""
        self.reached = index
        if self.progress is not None and index in self.numbers:
            part = index / len(self.node.cells)
            self.progress(part, f"{self.place}{_title(self.cell.source)}")

    @property
    def cell(self) -> NotebookNode:
        cell: NotebookNode = self.node.cells[self.reached]
        return cell

    @property
    def place(self) -> str:
        number = self.numbers.get(self.reached)
        return f"cell {number} of {len(self.numbers)}" if number else "the cell of parameters"


def execute(
    node: NotebookNode,
    *,
    name: str,
    folder: Path,
    keep: Path,
    environment: Mapping[str, str],
    progress: Progress | None = None,
    startup: Sequence[str] = (),
    python: str = sys.executable,
) -> Path:
    """Run every cell of `node` in order, in place, and write it with its outputs.

    Parameters
    ----------
    node
        The notebook, as `notebook.prepared` gives it.
    name
        What to call it in messages.
    folder
        Working directory of the kernel.
    keep
        Folder for ``executed.ipynb``, written once at the end however the run ends, and
        ``kernel.log``, what the kernel's process itself said.
    environment
        Variables that the kernel gets beside those of this process, which stay as they are.
    progress
        Called before each cell with the part done and the cell's number and first line.
    startup
        Python sources that run in the kernel before the first cell, silently and uncounted.
    python
        The interpreter of the kernel.

    Returns
    -------
    The path of ``executed.ipynb``.

    Raises
    ------
    RunError
        A cell or a source of `startup` raised, or the kernel died. The notebook up to there is
        kept.
    KeyboardInterrupt
        By the user, here or in `progress`: the kernel is ended, the notebook kept.
    """
    from nbclient.exceptions import DeadKernelError

    path = keep / "executed.ipynb"
    run = _Run(node, progress)
    reason = ""
    try:
        with (keep / "kernel.log").open("wb") as log:
            kernel.run(
                node,
                folder=folder,
                environment={**os.environ, **environment},
                log=log,
                tell=run.tell,
                startup=startup,
                python=python,
            )
    except KeyboardInterrupt:
        hint = _save(node, path)
        raise KeyboardInterrupt(f"{name} was stopped in {run.place}; {hint}") from None
    except DeadKernelError:
        reason = "the kernel died: it was killed, or it crashed"
    except kernel.StartupError as error:
        raise RunError(
            f"{name} was not begun: what prepares the kernel raised {error}",
            hint="nothing was registered.",
        ) from None
    except (RuntimeError, TimeoutError) as error:
        reason = f"the kernel failed: {error}"
    hint = _save(node, path)
    lost = bool(reason)
    reason, line = (reason, None) if lost else _error(run.cell)
    if reason:
        place = run.place + (f", line {line}" if line else "")
        excerpt = _excerpt(run.cell.source, line)
        said = _said(keep / "kernel.log") if lost else ""
        raise RunError(
            f"{name} failed in {place}: {reason}\n{excerpt}",
            hint=hint + said,
            notebook=str(path) if path.is_file() else "",
        )
    if not path.is_file():
        raise RunError(f"{name} ran to its end, but was not written.", hint=hint)
    return path


def load() -> None:
    """Import what runs notebooks, so that it is there before anything is begun.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    try:
        import ipykernel  # noqa: F401
        import papermill.clientwrap
        import papermill.engines  # noqa: F401
    except ImportError:
        raise MissingExtraError("The part that runs notebooks", extra="lab") from None


def _error(cell: NotebookNode) -> tuple[str, int | None]:
    """(what the cell raised, at which line), or ("", None) if it went well."""
    if cell.metadata.get("papermill", {}).get("exception") is not True:
        return "", None
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    if not errors:
        return "it raised an error without a message", None
    error = errors[-1]
    if error.ename == "SystemExit" and error.evalue in ("", "0"):
        return "", None
    lines = _LINE.findall(_ANSI.sub("", "\n".join(error.traceback)))
    reason = f"{error.ename}: {_ANSI.sub('', error.evalue)}".rstrip(": ")
    return reason, int(lines[0]) if lines else None


def _excerpt(source: str, line: int | None) -> str:
    """A few lines of a cell around `line`, which an arrow points at."""
    lines = source.splitlines()
    first = max(0, (line or 1) - 1 - _EXCERPT // 2)
    shown = enumerate(lines[first : first + _EXCERPT], start=first + 1)
    return "\n".join(f"{'->' if n == line else '  '} {n:>3} | {text}" for n, text in shown)


def _save(node: NotebookNode, path: Path) -> str:
    """Write the notebook; where it is, or why it could not be kept."""
    try:
        notebook.write(node, path)
    except OSError as error:
        return f"nothing was registered; the run could not be kept in {path}: {error.strerror}."
    return f"nothing was registered; the run up to there is kept in {path}."


def _said(log: Path) -> str:
    """The last line that the kernel's process wrote about itself, if any."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f" The kernel said: {lines[-1][:200]}" if lines else ""


def _title(source: str) -> str:
    """The first line of a cell in a few words, for the progress line."""
    lines = [line.strip("# ").strip() for line in source.splitlines() if line.strip("# ").strip()]
    return f": {lines[0][:48]}" if lines else ""
