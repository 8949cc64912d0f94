"""How much memory a process and those that it has started use at most."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path

_PAUSE_S = 0.5
_HIGHEST = re.compile(r"VmHWM:\s+(\d+) kB")


class Meter:
    """Watches one process: `begin`, `sample` now and then, `end` for the peak since."""

    def __init__(self, pid: int) -> None:
        import psutil

        self._process = psutil.Process(pid)
        self._status = Path(f"/proc/{pid}/status")
        self._peak = self._before = 0
        self._sampled = 0.0

    def begin(self) -> None:
        """What is used before does not count."""
        self._peak, self._before = 0, self._highest()
        self._sampled = time.monotonic()

    def sample(self) -> None:
        """Look at the whole tree, if the last look is half a second ago."""
        import psutil

        if time.monotonic() - self._sampled < _PAUSE_S:
            return
        used = 0
        with suppress(psutil.Error):
            for process in (self._process, *self._process.children(recursive=True)):
                with suppress(psutil.Error):  # it may have ended meanwhile
                    used += process.memory_info().rss
        self._peak = max(self._peak, used)
        self._sampled = time.monotonic()

    def end(self) -> int:
        """Bytes of resident memory at the peak since `begin`.

        Of the process itself where its own peak was passed (on Linux, exact), else the largest of
        the samples of the tree and what is used now.
        """
        import psutil

        with suppress(psutil.Error):
            self._peak = max(self._peak, self._process.memory_info().rss)
        highest = self._highest()
        return max(self._peak, highest) if highest > self._before else self._peak

    def _highest(self) -> int:
        """The process's own peak since it began, in bytes; 0 where the system does not say."""
        try:
            found = _HIGHEST.search(self._status.read_text(encoding="utf-8"))
        except OSError:
            return 0
        return int(found[1]) * 1024 if found else 0
