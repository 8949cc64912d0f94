"""Promotions in processes of their own, so many at a time; an interrupt ends them all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from proml_lab.contracts import Json

if TYPE_CHECKING:
    import psutil

_GRACE_S = 15.0
_AGAIN_S = 3.0
_LOOK_S = 0.2
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How a promotion ended: `state` is registered, rejected or failed, `path` its artifact's."""

    state: str
    path: str = ""
    problem: str = ""
    hint: str = ""
    seconds: float = 0.0


Tell = Callable[[int, float, str], None]


def run(
    requests: Sequence[Mapping[str, Json]], *, jobs: int, tell: Tell, done: dict[int, Outcome]
) -> None:
    """Promote what each of `requests` asks, at most `jobs` at a time.

    `tell` is called with the number of a promotion, the part of it that is done, and a few words.
    What ended is put into `done` as it ends, so that it is known after an interrupt too.

    Raises
    ------
    KeyboardInterrupt
        Every process and its kernel has ended.
    """
    said: SimpleQueue[tuple[int, dict[str, Json] | None]] = SimpleQueue()
    waiting = list(enumerate(requests))[::-1]
    running: dict[int, _Member] = {}
    environment = _environment(min(jobs, len(requests)))
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                number, request = waiting.pop()
                running[number] = member = _Member(environment)
                member.begin(number, request, said)
            with suppress(Empty):
                number, answer = said.get(timeout=_LOOK_S)
                if answer is None:
                    done[number] = running.pop(number).outcome()
                    tell(number, 1.0, "")
                elif "ended" in answer:
                    running[number].ended = answer["ended"]  # type: ignore[assignment]
                else:
                    tell(number, float(answer["part"]), str(answer["words"]))  # type: ignore[arg-type]
    except BaseException:
        _end(list(running.values()))
        raise
    finally:
        for member in running.values():
            member.log.close()


@dataclass
class _Member:
    """One process, and what it answered."""

    environment: Mapping[str, str]
    ended: dict[str, Json] = field(default_factory=dict)
    log: IO[bytes] = field(default_factory=TemporaryFile)
    start: float = field(default_factory=time.monotonic)

    def begin(
        self,
        number: int,
        request: Mapping[str, Json],
        said: SimpleQueue[tuple[int, dict[str, Json] | None]],
    ) -> None:
        """Start it; a thread puts what it answers into `said`, and None when it has ended."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "proml_lab.promote.sweep.member"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=dict(self.environment),
            start_new_session=True,  # a Ctrl-C reaches it through us, and once
        )
        threading.Thread(target=self._listen, args=(number, request, said), daemon=True).start()

    def outcome(self) -> Outcome:
        """How it ended; that it died is told by the last line that it wrote."""
        seconds = time.monotonic() - self.start
        try:
            if self.ended:
                texts = {key: str(value) for key, value in self.ended.items()}
                return Outcome(**texts, seconds=seconds)
            self.log.seek(0)
            lines = self.log.read().decode("utf-8", "replace").strip().splitlines()
            why = f": {lines[-1][:200]}" if lines else ""
            code = self.process.returncode
            return Outcome("failed", problem=f"its process ended with {code}{why}", seconds=seconds)
        finally:
            self.log.close()

    def _listen(
        self,
        number: int,
        request: Mapping[str, Json],
        said: SimpleQueue[tuple[int, dict[str, Json] | None]],
    ) -> None:
        given, answers = self.process.stdin, self.process.stdout
        assert given is not None
        assert answers is not None
        with suppress(BrokenPipeError):
            given.write(json.dumps(request).encode() + b"\n")
            given.flush()
        with answers:
            for line in answers:
                with suppress(ValueError):  # a line that was cut by the end of the process
                    said.put((number, json.loads(line)))
        self.process.wait()
        with suppress(BrokenPipeError):
            given.close()
        said.put((number, None))


def _environment(jobs: int) -> dict[str, str]:
    """Ours, with the cores shared out among the members: threads of one do not wait for others."""
    share = str(max(1, cores() // jobs))
    shared = dict.fromkeys(_THREADS, share) if jobs > 1 else {}
    return {**shared, **os.environ}


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _end(members: Sequence[_Member]) -> None:
    """Ask each to stop; what has not after a while is killed, its kernel too."""
    import psutil

    family: list[psutil.Process] = []
    for member in members:
        with suppress(psutil.NoSuchProcess):
            family.append(psutil.Process(member.process.pid))
    started = asked = time.monotonic()
    _ask(family)
    while any(map(_alive, family)) and time.monotonic() < started + _GRACE_S:
        for process in list(family):
            with suppress(psutil.NoSuchProcess):
                family += [c for c in process.children(recursive=True) if c not in family]
        if time.monotonic() > asked + _AGAIN_S:  # a kernel that starts may swallow the first
            asked = time.monotonic()
            _ask(family[: len(members)])
        time.sleep(_LOOK_S)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _ask(family: Sequence[psutil.Process]) -> None:
    import psutil

    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT)


def _alive(process: psutil.Process) -> bool:
    import psutil

    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
