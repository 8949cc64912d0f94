"""Run the cells of a notebook one after the other, keeping what each gives as it comes."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.errors import RunError
from proml_lab.promote.run import times
from proml_lab.promote.run.growing import GrowingNotebook
from proml_lab.promote.run.kernel import Kernel
from proml_lab.promote.run.log import RunLog
from proml_lab.promote.run.memory import Meter
from proml_lab.promote.run.outputs import LIMIT, Outputs
from proml_lab.promote.run.times import CellFacts

if TYPE_CHECKING:
    from types import FrameType

    from nbformat import NotebookNode

GROWING = "running.ipynb"
WHOLE = "whole"
LEFT = "it calls exit() or quit(), which ends the kernel; take that out"
MAY_RAISE = "raises-exception"


@dataclass(frozen=True)
class Limits:
    """What a run may take.

    Attributes
    ----------
    cell_s, run_s
        Seconds for each cell, and for all of them; None is without end.
    output
        Characters of output that a cell keeps in the notebook; the whole is kept beside.
    """

    cell_s: float | None = None
    run_s: float | None = None
    output: int = LIMIT


@dataclass
class CellRun:
    """One run of the cells of `node` in `kernel`, in place; its files are in `keep`.

    Attributes
    ----------
    tell
        Called with a cell's index before it runs; may raise to stop.
    wait
        Called with the index and the seconds so far about four times a second while it runs; may
        raise to stop.
    facts
        Of the cells that ran.
    """

    node: NotebookNode
    kernel: Kernel
    keep: Path
    limits: Limits
    tell: Callable[[int], None]
    wait: Callable[[int, float], None]
    facts: list[CellFacts] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._file = GrowingNotebook(self.keep / GROWING)
        self._log = RunLog(self.keep)
        self._outputs = Outputs(self._file, self.keep / WHOLE, limit=self.limits.output)
        self._meter = Meter(self.kernel.process.pid)
        self._started = time.monotonic()
        self._interrupts = 0
        self._reached = 0

    def run(self, startup: Sequence[str] = ()) -> None:
        """Run all, in order, until one raises; what it raised is in its outputs.

        Raises
        ------
        RunError
            The kernel died, a limit was passed, or a source of `startup` raised.
        KeyboardInterrupt
            By the user; what the cell gave up to there is kept.
        OSError
            The run could not be written.
        """
        self._begin()
        try:
            self._run_all(startup)
        except RunError:
            if self._interrupts:  # the second one has ended the kernel
                raise KeyboardInterrupt from None
            raise

    def finish(self, path: Path) -> None:
        """Fold what was written into the notebook at `path`; write ``cells.json`` beside it."""
        self.describe()
        for cell in self.node.cells[self._reached :]:
            self._file.add(cell)
        if self._outputs.rewritten:
            from proml_lab.promote import notebook

            self._file.close()
            notebook.write(self.node, path)
            self._file.path.unlink()
        else:
            self._file.finish(self.node)
            self._file.path.replace(path)
        times.write(self.keep, self.facts)
        self._log.write("over", cells=len(self.facts))

    def close(self) -> None:
        """Let go of the files."""
        self._file.close()
        self._log.close()

    def _begin(self) -> None:
        self._log.write("begin", cells=len(self.node.cells), kernel=self.kernel.process.pid)
        said = self.node.metadata.setdefault("papermill", {})
        said.update(start_time=_now(), end_time=None, duration=None, exception=None)
        if self.kernel.language:
            self.node.metadata["language_info"] = self.kernel.language
        for cell in self.node.cells:
            cell.metadata["papermill"] = _status("pending")

    def _run_all(self, startup: Sequence[str]) -> None:
        self._prepare(startup)
        for index, cell in enumerate(self.node.cells):
            if cell.cell_type != "code" or not cell.source.strip():
                cell.metadata["papermill"] = _status("completed")
                self._file.add(cell)
                self._reached = index + 1
                continue
            self.tell(index)
            self._check(time.monotonic())
            if not self._run_cell(index, cell):
                break

    def describe(self) -> None:
        """Put what is known at the end into the notebook's metadata."""
        said = self.node.metadata["papermill"]
        said["end_time"] = _now()
        said["duration"] = round(time.monotonic() - self._started, 6)
        if found := self._outputs.widgets.metadata():
            self.node.metadata["widgets"] = found

    def _prepare(self, startup: Sequence[str]) -> None:
        for source in startup:
            said = self.kernel.execute(
                source, take=lambda _: None, tick=lambda: self._check(self._started), silent=True
            )
            if said["status"] != "ok":
                raise RunError(f"what prepares the kernel raised {said['ename']}: {said['evalue']}")

    def _run_cell(self, index: int, cell: NotebookNode) -> bool:
        """Run one cell; whether to go on."""
        may_raise = MAY_RAISE in cell.metadata.get("tags", [])
        begun, clock = _now(), time.monotonic()
        cell.metadata["papermill"] = {**_status("running"), "start_time": begun}
        self._log.write("start", cell=index, id=cell.id)
        self._outputs.begin(cell, index + 1)
        self._reached = index + 1
        self._meter.begin()
        status = "failed"
        try:
            said = self.kernel.execute(
                cell.source,
                take=self._outputs.take,
                tick=lambda: self._tick(index, clock),
                stop_on_error=not may_raise,
            )
            if any(asked.get("source") == "ask_exit" for asked in said.get("payload", ())):
                raise RunError(LEFT)  # the kernel ends itself a moment later, in some other cell
            if said["status"] == "ok" or may_raise:
                status = "completed"
        except OSError:
            self.kernel.kill()
            raise
        except (KeyboardInterrupt, _PassedError):
            self.kernel.interrupt(self._outputs.take)
            raise
        finally:
            self._end_cell(cell, index, time.monotonic() - clock, status)
        return status == "completed"

    def _end_cell(self, cell: NotebookNode, index: int, seconds: float, status: str) -> None:
        said = cell.metadata["papermill"]
        said.update(end_time=_now(), duration=round(seconds, 6), status=status)
        said["exception"] = status == "failed"
        if status == "failed":
            self.node.metadata["papermill"]["exception"] = True
        self._outputs.end()
        peak = self._meter.end()
        out = self._outputs
        self.facts.append(CellFacts(cell.id, round(seconds, 3), peak, out.size, out.is_cut))
        self._file.end(cell)
        self._log.write(
            "end",
            cell=index,
            status=status,
            seconds=round(seconds, 3),
            peak_bytes=peak,
            error=_raised(cell),
        )

    def _tick(self, index: int, clock: float) -> None:
        self._meter.sample()
        self._check(clock)
        self.wait(index, time.monotonic() - clock)

    def _check(self, clock: float) -> None:
        """Raise if the user, or a limit, ends the run; the cell began at `clock`."""
        now = time.monotonic()
        if self._interrupts:
            raise KeyboardInterrupt
        if self.limits.cell_s is not None and now - clock > self.limits.cell_s:
            raise _PassedError(
                f"it took longer than {self.limits.cell_s:g} s, the limit for a cell",
                hint="give cells more time by --cell-timeout.",
            )
        if self.limits.run_s is not None and now - self._started > self.limits.run_s:
            raise _PassedError(
                f"the run took longer than {self.limits.run_s:g} s, the limit for all cells",
                hint="give the run more time by --timeout.",
            )

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Within, an interrupt waits until nothing is half written; the second ends the kernel."""
        before = signal.getsignal(signal.SIGINT)
        main = threading.current_thread() is threading.main_thread()
        if not main or not callable(before):
            yield
            return

        def note(_number: int, _frame: FrameType | None) -> None:
            self._interrupts += 1
            if self._interrupts > 1:
                self.kernel.kill()

        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
        if self._interrupts:
            raise KeyboardInterrupt


class _PassedError(RunError):
    """A limit of the run was passed."""


def _status(status: str) -> dict[str, object]:
    fields = dict.fromkeys(("exception", "start_time", "end_time", "duration"))
    return {**fields, "status": status}


def _raised(cell: NotebookNode) -> str:
    """Name of what the cell raised, if it did."""
    names = [o["ename"] for o in cell.get("outputs", ()) if o["output_type"] == "error"]
    return str(names[-1]) if names else ""


def _now() -> str:
    return datetime.now(UTC).isoformat()
