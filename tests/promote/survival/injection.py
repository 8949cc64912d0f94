"""Promotions that are stopped at a step of the caller's choice: real processes, really killed.

Run as a program, it promotes a notebook in a forked child for each line of its standard input,
and answers with a line. Steps are seen from outside of the product: by the interpreter's audit
hook (files made, moved, removed; processes begun), by SQLite's own trace (what is written to the
registry), at `os.fsync`, and where a cell is sent to the kernel.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import resource
import signal
import sqlite3
import sqlite3.dbapi2
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import IO, Any

Moment = str
"""``before`` the step; ``after`` it, before the next thing that Python does; or ``full``: from
the step on the disk has no room."""
_PATHS = {
    "os.rename": 2, "os.remove": 1, "os.mkdir": 1, "os.rmdir": 1, "os.link": 2,
    "os.symlink": 2, "os.truncate": 1, "os.chmod": 1,
}  # fmt: skip
_WRITES = re.compile(r"(BEGIN|COMMIT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP)\b", re.I)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FILLER = "filler"
PRELOADED = (
    *("mlflow", "mlflow.store.model_registry.sqlalchemy_store"),
    *("mlflow.store.tracking.sqlalchemy_store", "model_signing.signing", "nbformat"),
    *("jupyter_client.session", "proml_lab.promote.promotion", "proml_lab.promote.moves"),
    *("proml_lab.magics.promote", "papermill.execute"),
)


@dataclass(frozen=True)
class Order:
    """A command of `proml`: stopped at the `nth` time of `step`, or whole if that is empty.

    `root` is the folder whose steps count: with the workspace in it.
    """

    command: tuple[str, ...]
    root: str
    step: str = ""
    nth: int = 1
    moment: Moment = "before"
    limited: bool = False
    """Whether a full disk is played by a limit on the size of files, where none can be mounted."""


@dataclass(frozen=True)
class Ended:
    """How it ended: exit `status` (negative: by that signal), what it said, and its steps."""

    status: int
    said: str
    steps: tuple[str, ...] = field(repr=False)


class Stage:
    """A process that carries out orders, each in a child of its own; a context manager."""

    def __enter__(self) -> Stage:
        script = [sys.executable, "-m", "tests.promote.survival.injection"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(script, stdin=pipe, stdout=pipe, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def run(self, order: Order) -> Ended:
        """Carry out one order."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asdict(order)) + "\n")
        self.process.stdin.flush()
        return Ended(**json.loads(self.process.stdout.readline()))


class Steps:
    """Counts the steps of an order, and stops it at the one that it names."""

    def __init__(self, order: Order, said: IO[str]) -> None:
        self.root, self.order, self.said = f"{order.root}{os.sep}", order, said
        self.seen: Counter[str] = Counter()
        self.lock = threading.RLock()

    def begin(self) -> None:
        """From now on every step is counted."""
        from jupyter_client.session import Session

        sys.addaudithook(self._hear)
        sync, send, connect = os.fsync, Session.send, sqlite3.connect

        def synced(file: int) -> None:
            self.step(f"fsync {self._short(os.readlink(f'/proc/self/fd/{file}'))}")
            sync(file)

        def sent(session: Session, *args: Any, **named: Any) -> Any:
            if args[1:2] == ("execute_request",):
                self.step("execute")
            return send(session, *args, **named)

        def connected(*args: Any, **named: Any) -> sqlite3.Connection:
            made = connect(*args, **named)
            made.set_trace_callback(self._statement)
            return made

        os.fsync = synced
        sqlite3.connect = sqlite3.dbapi2.connect = connected  # type: ignore[assignment,attr-defined]
        Session.send = sent  # type: ignore[method-assign,assignment]

    def step(self, label: str) -> None:
        """One step; act if it is the one that was asked for."""
        with self.lock:
            self.seen[label] += 1
            self.said.write(f"{label}\n")
            self.said.flush()
            asked = self.order.step == label and self.order.nth == self.seen[label]
        if not asked:
            return
        if self.order.moment == "before":
            die()
        elif self.order.moment == "after":
            sys.setprofile(_die_soon)
        else:
            self._fill()

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            text = isinstance(path, str | os.PathLike)
            if text and (set(mode or "") & set("wax+") or (flags or 0) & _WRITING):
                self._path("open", path)
        elif event in _PATHS:
            paths = [str(path) for path in args[: _PATHS[event]]]
            if args[-1] >= 0 and not paths[0].startswith("/"):
                paths[0] = os.path.join(os.readlink(f"/proc/self/fd/{args[-1]}"), paths[0])
            self._path(event.removeprefix("os."), *paths)
        elif event == "subprocess.Popen":
            self.step("process")

    def _path(self, what: str, *paths: Any) -> None:
        if any(str(path).startswith(self.root) for path in paths):
            self.step(" ".join([what, *map(self._short, map(str, paths))]))

    def _statement(self, text: str) -> None:
        if _WRITES.match(text.strip()):
            self.step(" ".join(text.split()[:3]).split("(")[0])

    def _short(self, path: str) -> str:
        """A path that is the same in every run."""
        path = path.removeprefix(self.root)
        path = re.sub(r"\d{8}-\d{6}-tiny-[0-9a-f]{4}", "RUN", path)
        path = re.sub(r"(/tiny/)\d+", r"\1N", path)
        return re.sub(r"\b([0-9a-f]{8}|[0-9a-f]{16})\b", "HEX", path)

    def _fill(self) -> None:
        """Leave no room on the disk of the workspace."""
        if self.order.limited:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        with suppress(OSError), open(f"{self.root}{FILLER}", "ab", buffering=0) as file:
            while file.write(bytes(1 << 16)):
                pass
        with suppress(OSError), open(f"{self.root}{FILLER}", "ab", buffering=0) as file:
            while file.write(b"\0"):
                pass


def die() -> None:
    """The kernel of the system itself ends this process: nothing more is run."""
    os.kill(os.getpid(), signal.SIGKILL)


def _die_soon(_frame: Any, _event: str, arg: Any) -> None:
    if arg is not sys.setprofile:
        die()


def _carried_out(order: Order) -> Ended:
    """Promote as `proml promote` does, in a forked child."""
    said_from, said_to = os.pipe()
    steps_from, steps_to = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(said_to, 1)
        os.dup2(said_to, 2)
        _be_stopped(order, os.fdopen(steps_to, "w"))
    os.close(said_to)
    os.close(steps_to)
    texts: dict[int, str] = {}

    def read(pipe: int) -> None:
        with os.fdopen(pipe, encoding="utf-8") as file:
            texts[pipe] = file.read()

    readers = [threading.Thread(target=read, args=(pipe,)) for pipe in (said_from, steps_from)]
    for reader in readers:
        reader.start()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for reader in readers:
        reader.join()
    return Ended(status, texts[said_from], tuple(texts[steps_from].splitlines()))


def _be_stopped(order: Order, steps: IO[str]) -> None:
    """What the child does; it does not return."""
    from proml_lab.cli import main

    status = 70
    try:
        Steps(order, steps).begin()
        status = main(order.command)
        sys.stdout.flush()
    except BaseException as error:
        sys.stderr.write(f"ESCAPED {error!r}\n")
        raise
    finally:
        sys.stderr.flush()
        os._exit(status)


def _preload() -> None:
    """What every child needs, once; the registry itself is opened in children only."""
    for name in PRELOADED:
        importlib.import_module(name)


def main() -> None:
    """Answer each order with a line of JSON."""
    _preload()
    for line in sys.stdin:
        order = Order(**json.loads(line))
        print(json.dumps(asdict(_carried_out(order))), flush=True)


if __name__ == "__main__":
    main()
