"""Work that would keep the kernel from answering, done beside it: only the newest of each kind."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread

Work = Callable[[], None]


class Worker:
    """Does what it is given in a thread of its own, one after the other.

    Of the work of one kind that has not begun, only what was given last is done. The thread ends
    when there is nothing left to do, and does not keep the kernel from ending.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Work] = {}
        self._lock = Lock()
        self._thread: Thread | None = None

    def do(self, kind: str, work: Work) -> None:
        """Do `work` after what waits already, instead of what waits under that `kind`."""
        with self._lock:
            self._waiting.pop(kind, None)
            self._waiting[kind] = work
            if self._thread is None:
                self._thread = Thread(target=self._run, name="proml-browse", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                work = self._waiting.pop(next(iter(self._waiting)))
            work()
