"""One progress bar that updates in place, with the time left; plain lines where there is none."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from proml_lab.errors import GateError

if TYPE_CHECKING:
    from proml_lab.contracts import Progress

Style = Literal["bar", "lines", "off"]
Clock = Callable[[], float]

PATIENCE_S = 0.3  # work that is done sooner shows nothing
REDRAW_S = 0.1
LINE_S = 5.0
SURE_S = 3.0  # before that, the time left is a guess: trees may stop early


@contextmanager
def progress(title: str, style: Style, *, clock: Clock = time.monotonic) -> Iterator[Progress]:
    """A `Progress` to hand to a long call, shown while the ``with`` block runs.

    Parameters
    ----------
    title
        What is being done, in a word or two.
    style
        ``bar`` updates one output of a notebook in place, ``lines`` writes a line to standard
        error every few seconds, ``off`` says nothing.
    clock
        Seconds that only grow.
    """
    view = _View(title, style, clock)
    ending = "stopped"
    try:
        yield view.tell
        ending = "done"
    except KeyboardInterrupt:
        ending = "interrupted"
        raise
    except GateError as error:  # the work was done, and what was made rejected
        ending = "done" if error.artifact is not None else ending
        raise
    finally:
        view.close(ending)


@contextmanager
def interrupts() -> Iterator[None]:
    """Makes a KeyboardInterrupt again of the SystemError that compiled code makes of one."""
    try:
        yield
    except SystemError as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, KeyboardInterrupt):
            cause = cause.__cause__ or cause.__context__
        if cause is None:
            raise
        raise KeyboardInterrupt from None


@dataclass(frozen=True)
class Step:
    """One state of the bar, as it is shown: `part` is 0 to 1, times are in seconds.

    `still_s` is for how long `part` has not moved. The time left counts down meanwhile; when it is
    used up, nothing can be said of it.
    """

    title: str
    words: str
    part: float
    elapsed_s: float
    ending: str = ""
    still_s: float = 0.0

    def __str__(self) -> str:
        if self.ending:
            return f"{self.title}: {self.ending} after {duration(self.elapsed_s)}"
        left = ""
        if self.part > 0.02 and self.elapsed_s >= SURE_S:
            moved_s = self.elapsed_s - self.still_s
            left_s = moved_s * (1 - self.part) / self.part - self.still_s
            left = f", {duration(left_s)} left" if left_s >= 0 else ""
        words = f" · {self.words}" if self.words else ""
        return f"{self.title}: {self.part:.0%}{words} · {duration(self.elapsed_s)}{left}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._html()}

    def _html(self) -> str:
        line = (
            '<div style="font:var(--jp-ui-font-size1,13px) var(--jp-ui-font-family,sans-serif);'
            f'color:var(--jp-ui-font-color1,currentColor)">{html.escape(str(self))}</div>'
        )
        if self.ending:
            return line
        percent = round(100 * self.part)
        return (
            f'{line}<div role="progressbar" aria-label="{html.escape(self.title, quote=True)}" '
            f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}" '
            'style="max-width:480px;height:8px;margin:4px 0;border-radius:4px;'
            'background:var(--jp-layout-color3,#c4c4c4)">'
            f'<div style="width:{percent}%;height:100%;border-radius:4px;'
            'background:var(--jp-brand-color1,#1976d2)"></div></div>'
        )


def duration(seconds: float) -> str:
    """``4.2 s``, ``1 min 20 s``, ``2 h 5 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


class _View:
    """Decides when to draw, and where."""

    def __init__(self, title: str, style: Style, clock: Clock) -> None:
        self.title = title
        self.style = style
        self.clock = clock
        self.start = self.drawn = self.moved = clock()
        self.part = 0.0
        self.shown = False
        self.handle: str | None = None

    def tell(self, part: float, words: str = "") -> None:
        now = self.clock()
        if part != self.part:
            self.part, self.moved = part, now
        wait = PATIENCE_S if not self.shown else LINE_S if self.style == "lines" else REDRAW_S
        if self.style == "off" or now - self.drawn < wait:
            return
        self.drawn, self.shown = now, True
        done = min(max(part, 0.0), 1.0)
        still = now - self.moved
        self._draw(Step(self.title, words, done, now - self.start, still_s=still))

    def close(self, ending: str) -> None:
        if self.shown:
            self._draw(Step(self.title, "", 1.0, self.clock() - self.start, ending))

    def _draw(self, step: Step) -> None:
        if self.style == "lines":
            sys.stderr.write(f"{step}\n")
            sys.stderr.flush()
            return
        from IPython.display import display

        again = self.handle is not None
        self.handle = self.handle or f"proml-{uuid4().hex}"
        display(step, display_id=self.handle, update=again)  # type: ignore[no-untyped-call]
