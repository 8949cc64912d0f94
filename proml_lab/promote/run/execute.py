"""Run a notebook in a fresh kernel, and say in one line why it failed if it did."""

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
from proml_lab.promote.run import kernel, times
from proml_lab.promote.run.cells import CellRun, Limits
from proml_lab.promote.run.environment import allowed
from proml_lab.promote.run.room import cure
from proml_lab.promote.run.times import CellFacts

if TYPE_CHECKING:
    from nbformat import NotebookNode

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"Cell In\[\d+\], line (\d+)")
_PLACED = re.compile(r"cell:(\d+): ")
_USAGE = re.compile(r"^UsageError: (.+)", re.MULTILINE)
_MISSING = re.compile(r"magic (?:function )?`%+(\w+)` not found")
_EXCERPT = 7
_NEARLY = 0.95
_UNTOUCHED = "nothing was registered."
EXECUTED = "executed.ipynb"
PREPARED = "prepared.ipynb"
"""The notebook before it ran: what a crash leaves is put together with it."""


@dataclass
class _Teller:
    """Tells of a run's progress; numbers are those of the notebook as its author sees it."""

    node: NotebookNode
    progress: Progress | None
    before: Sequence[CellFacts]
    reached: int = -1
    numbers: dict[int, int] = field(default_factory=dict)
    parts: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        own = [
            index
            for index, cell in enumerate(self.node.cells)
            if notebook.INJECTED not in cell.metadata.get("tags", [])
        ]
        self.numbers = {index: number for number, index in enumerate(own, start=1)}
        runs = [c.id for c in self.node.cells if c.cell_type == "code" and c.source.strip()]
        self.parts = times.parts(runs, self.before)

    def tell(self, index: int) -> None:
        """Called before a cell is run."""
        self.reached = index
        self.wait(index, 0.0)

    def wait(self, index: int, seconds: float) -> None:
        """Called now and then while it runs: how far it should be by the time it took before."""
        if self.progress is None or index not in self.numbers:
            return
        begin, end = self.parts[self.cell.id]
        took = next((c.seconds for c in self.before if c.id == self.cell.id), 0.0)
        done = min(seconds / took, _NEARLY) if took else 0.0
        words = f"{self.place}{_title(self.cell.source)}".removeprefix("in ")
        self.progress(begin + (end - begin) * done, words)

    @property
    def cell(self) -> NotebookNode:
        cell: NotebookNode = self.node.cells[self.reached]
        return cell

    @property
    def place(self) -> str:
        if self.reached < 0:
            return "before its first cell"
        number = self.numbers.get(self.reached)
        return f"in cell {number} of {len(self.numbers)}" if number else "in the cell of parameters"


def execute(
    node: NotebookNode,
    *,
    name: str,
    folder: Path,
    keep: Path,
    environment: Mapping[str, str],
    progress: Progress | None = None,
    startup: Sequence[str] = (),
    limits: Limits = Limits(),  # noqa: B008
    before: Sequence[CellFacts] = (),
    pass_environment: Sequence[str] = (),
    python: str = sys.executable,
) -> Path:
    """Run every cell of `node` in order, in place, and keep it with its outputs.

    Parameters
    ----------
    node
        The notebook, as `notebook.prepared` gives it.
    name
        What to call it in messages.
    folder
        Working directory of the kernel.
    keep
        Folder for ``executed.ipynb``, which is there at the end however the run ends,
        ``cells.json``, what each cell took, ``whole/``, outputs that were cut,
        ``kernel.log``, what the kernel's process itself said, and the log of the run.
    environment
        Variables that the kernel gets beside those of this process that are on the list of
        `environment.allowed`.
    progress
        Called before each cell, and now and then while it runs, with the part done and the cell's
        number and first line.
    startup
        Python sources that run in the kernel before the first cell, silently and uncounted.
    limits
        Seconds and characters that it may take.
    before
        What the cells took in an earlier run: by it the part done is told.
    pass_environment
        Names of other variables of this process that the kernel gets.
    python
        The interpreter of the kernel.

    Returns
    -------
    The path of ``executed.ipynb``.

    Raises
    ------
    RunError
        A cell or a source of `startup` raised, a limit was passed, the kernel died, or the disk is
        full. The notebook up to there is kept.
    KeyboardInterrupt
        By the user, here or in `progress`: the kernel is ended, the notebook kept.
    """
    from proml_lab.promote.run.engine import drive

    path = keep / EXECUTED
    teller = _Teller(node, progress, before)
    notebook.write(node, keep / PREPARED)
    variables = {**allowed(os.environ, pass_environment), **environment}
    lost = hint = ""
    with (keep / "kernel.log").open("wb") as log:
        try:
            with kernel.started(
                kernel.this_python(python), folder=folder, environment=variables, log=log
            ) as running:
                run = CellRun(node, running, keep, limits, teller.tell, teller.wait)
                with run.deferred():
                    try:
                        drive(node, lambda: run.run(startup))
                    finally:
                        hint = _fold(run, path)
        except KeyboardInterrupt:
            said = f"{name} was stopped {teller.place}; {hint or _UNTOUCHED}"
            raise KeyboardInterrupt(said) from None
        except RunError as error:
            more = f"{error.hint.rstrip('.')}; " if error.hint else ""
            lost, hint = error.message, more + (hint or _UNTOUCHED)
        except OSError as error:
            lost = f"the run could not be written: {error.strerror or error}"
            cured = cure(error, keep)
            hint = hint if hint.startswith(cured) else f"{cured}; {hint or _UNTOUCHED}"
    if lost == kernel.DIED:
        hint += _said(keep / "kernel.log")
    _require_success(teller, lost, name=name, path=path, hint=hint)
    return path


def _require_success(teller: _Teller, lost: str, *, name: str, path: Path, hint: str) -> None:
    """Raise RunError if the run was `lost`, if its last cell raised, or if it was not kept."""
    began = teller.reached >= 0
    reason, line = (lost, None) if lost or not began else _error(teller.cell)
    if reason:
        place = teller.place + (f", line {line}" if line else "")
        excerpt = f"\n{_excerpt(teller.cell.source, line)}" if began else ""
        notebook = str(path) if path.is_file() else ""
        said = f"{name} failed {place}: {reason}{excerpt}"
        raise RunError(said, hint=hint, notebook=notebook)
    if not path.is_file():
        raise RunError(f"{name} ran to its end, but was not written.", hint=hint)


def load() -> None:
    """Import what runs notebooks, so that it is there before anything is begun.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    try:
        import ipykernel  # noqa: F401
        import jupyter_client.session  # noqa: F401
        import nbformat  # noqa: F401
        import papermill.engines  # noqa: F401
        import psutil  # noqa: F401
    except ImportError:
        raise MissingExtraError("The part that runs notebooks", extra="lab") from None


def _fold(run: CellRun, path: Path) -> str:
    """Put together what was written; where it is, or why it could not be kept."""
    try:
        run.finish(path)
    except OSError as error:
        return (
            f"{cure(error, path.parent)}; nothing was registered; the run could not be put into "
            f"{path.name}: {error.strerror}; what it wrote is kept beside."
        )
    finally:
        run.close()
    return f"nothing was registered; the run up to there is kept in {path}."


def _error(cell: NotebookNode) -> tuple[str, int | None]:
    """(what the cell raised, at which line), or ("", None) if it went well."""
    if cell.metadata.get("papermill", {}).get("exception") is not True:
        return "", None
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    if not errors:
        return _unshown(cell), None
    error = errors[-1]
    if error.ename == "SystemExit" and error.evalue in ("", "0"):
        return "", None
    if error.ename == "StdinNotImplementedError":
        reason = "it asks for input, which a run cannot give; make it a parameter"
    else:
        reason = _reason(error.ename, _ANSI.sub("", error.evalue))
    lines = _LINE.findall(_ANSI.sub("", "\n".join(error.traceback)))
    if placed := _PLACED.match(error.evalue) if cell.source.startswith("%%proml") else None:
        lines = [placed[1]]
    return reason, int(lines[0]) if lines else None


def _unshown(cell: NotebookNode) -> str:
    """What stopped a cell that shows no error: magics that are misused only write a line."""
    outputs = cell.get("outputs", [])
    texts = [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    found = _USAGE.findall(_ANSI.sub("", "".join(texts)))
    if not found:
        return "it raised an error without a message"
    missing = _MISSING.search(found[-1])
    if missing and missing[1] == "proml":
        return "%proml is not loaded; put '%load_ext proml_lab' into a cell above it"
    more = "; load the extension that has it in a cell above it" if missing else ""
    return f"{str(found[-1]).strip().rstrip('.')}{more}"


def _reason(kind: str, said: str) -> str:
    """What was raised, in a line; an error of ours has its hint in brackets behind its fact."""
    fact, _, hint = said.partition("\nHint: ")
    return f"{kind}: {fact}".rstrip(": ") + (f" ({hint.rstrip('.')})" if hint else "")


def _excerpt(source: str, line: int | None) -> str:
    """A few lines of a cell around `line`, which an arrow points at."""
    lines = source.splitlines()
    first = max(0, (line or 1) - 1 - _EXCERPT // 2)
    shown = enumerate(lines[first : first + _EXCERPT], start=first + 1)
    return "\n".join(f"{'->' if n == line else '  '} {n:>3} | {text}" for n, text in shown)


def _said(log: Path) -> str:
    """The last line that the kernel's process wrote about itself, if any."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f" The kernel said: {lines[-1][:200]}" if lines else ""


def _title(source: str) -> str:
    """The first line of a cell in a few words, for the progress line."""
    lines = [line.strip("# ").strip() for line in source.splitlines() if line.strip("# ").strip()]
    return f": {lines[0][:48]}" if lines else ""
