"""A fresh kernel process and the talk with it: plain sockets, no event loop, no thread."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from proml_lab.errors import RunError

if TYPE_CHECKING:
    import zmq

Message = Mapping[str, Any]
"""One message of Jupyter's protocol: ``header``, ``parent_header``, ``content``, ``buffers``."""

TICK_S = 0.25
_SOCKET_PATH = 90  # bytes of a Unix socket's path that are surely allowed
_READY_S = 60.0
_GRACE_S = 3.0
_GOODBYE_S = 5.0
_LATE_S = 4.0
_AT_ONCE = 200
DIED = "the kernel died: it was killed, or it crashed"


def this_python(python: str = sys.executable) -> list[str]:
    """The command that starts a kernel of that interpreter, whatever is installed by name."""
    alone = "--HistoryManager.hist_file=:memory:"  # the user's history is neither read nor written
    return [python, "-m", "ipykernel_launcher", "-f", "{connection_file}", alone]


@contextmanager
def started(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    log: IO[bytes],
    patience_s: float = _READY_S,
) -> Iterator[Kernel]:
    """A kernel that is ready; it has ended when the block is left.

    It talks over sockets in a private folder: no port is open, none is raced for. Its environment
    is `environment` alone; what its process prints goes to `log`.

    Raises
    ------
    RunError
        It died at once, or did not answer within `patience_s` seconds.
    """
    from jupyter_client.connect import write_connection_file
    from jupyter_client.launcher import launch_kernel

    with TemporaryDirectory(prefix="proml-", ignore_cleanup_errors=True) as private:
        key = secrets.token_hex(32)
        near = sys.platform != "win32" and len(private) <= _SOCKET_PATH
        place = {"transport": "ipc", "ip": f"{private}/socket"} if near else {}
        file, info = write_connection_file(f"{private}/kernel.json", key=key.encode(), **place)  # type: ignore[arg-type]
        process = launch_kernel(
            [part.replace("{connection_file}", file) for part in command],
            stdout=log.fileno(),
            stderr=log.fileno(),
            env=dict(environment),
            cwd=str(folder),
        )
        kernel = Kernel(process, dict(info), key)
        try:
            kernel.wait_until_ready(patience_s)
            yield kernel
        finally:
            kernel.end()


class Kernel:
    """A running kernel: `execute` code in it, `interrupt` it, `end` it.

    Not for several threads at once. `language` is what it says of its language, once it is ready.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], info: Mapping[str, object], key: str
    ) -> None:
        import zmq
        from jupyter_client.session import Session

        self.process = process
        self.language: dict[str, object] = {}
        self._session = Session(key=key.encode())
        self._context = zmq.Context()
        self._info = info
        self._shell = self._socket(zmq.DEALER, "shell")
        self._control = self._socket(zmq.DEALER, "control")
        self._said = self._socket(zmq.SUB, "iopub")
        self._poller = zmq.Poller()
        self._poller.register(self._shell, zmq.POLLIN)
        self._poller.register(self._said, zmq.POLLIN)

    def wait_until_ready(self, patience_s: float) -> None:
        """Return when it answers and its outputs reach us; RunError if it never does."""
        deadline = time.monotonic() + patience_s
        asked: set[str] = set()
        reply, heard, ask_at = None, False, 0.0
        while reply is None or not heard:
            if time.monotonic() > deadline:
                raise RunError(f"the kernel did not answer within {patience_s:.0f} s")
            if time.monotonic() >= ask_at:  # an output is lost if we had not subscribed in time
                asked.add(self._send(self._shell, "kernel_info_request", {}))
                ask_at = time.monotonic() + (1.0 if reply is None else 0.1)
            for channel, message in self._receive(20):
                mine = message["parent_header"].get("msg_id") in asked
                if channel == "shell" and mine:
                    reply = message["content"]
                heard = heard or (channel == "iopub" and mine)
            self._require_alive()
        self.language = dict(reply.get("language_info", {}))

    def execute(
        self,
        code: str,
        *,
        take: Callable[[Message], None],
        tick: Callable[[], None],
        silent: bool = False,
        stop_on_error: bool = True,
    ) -> Message:
        """Run `code`; the content of the kernel's reply, after the last output.

        `take` gets what the kernel says of it, in order; `tick` is called about four times a
        second and may raise to leave. Questions to a user are refused: the code raises.

        Raises
        ------
        RunError
            The kernel died.
        """
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        return self._follow(self._send(self._shell, "execute_request", content), take, tick)

    def interrupt(self, take: Callable[[Message], None]) -> None:
        """Interrupt what runs and hand on what it still says; end the kernel if it goes on."""
        self._signal(signal.SIGINT)
        deadline = time.monotonic() + _GRACE_S
        idle = False
        while not idle and time.monotonic() < deadline and self.process.poll() is None:
            for channel, message in self._receive(50):
                if channel == "iopub":
                    take(message)
                    idle = idle or _is_idle(message)
        if not idle:
            self.kill()

    def end(self) -> None:
        """Ask it to end, make it end if it does not, and let go of the sockets."""
        try:
            if self.process.poll() is None:
                self._send(self._control, "shutdown_request", {"restart": False})
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(_GOODBYE_S)
        finally:
            self.kill()
            self._context.destroy(linger=0)

    def kill(self) -> None:
        """End it and all that it has started, at once."""
        self._signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        self.process.wait()

    def _follow(
        self, request: str, take: Callable[[Message], None], tick: Callable[[], None]
    ) -> Message:
        reply: Message | None = None
        idle = False
        ticked = late = time.monotonic()
        while reply is None or not idle:
            messages = self._receive(int(TICK_S * 1000))
            for channel, message in messages:
                if message["parent_header"].get("msg_id") != request:
                    continue
                if channel == "shell":
                    reply = message["content"]
                else:
                    take(message)
                    idle = idle or _is_idle(message)
            now = time.monotonic()
            if messages:
                late = now
            if now - ticked >= TICK_S:
                ticked = now
                tick()
            if not messages:
                self._require_alive()
                if reply is not None and now - late > _LATE_S:
                    raise RunError("the kernel answered, but its last outputs did not come")
        return reply

    def _receive(self, wait_ms: int) -> list[tuple[str, Message]]:
        """What has come, or comes within `wait_ms`; outputs first."""
        found: list[tuple[str, Message]] = []
        ready = dict(self._poller.poll(wait_ms))
        for channel, socket in (("iopub", self._said), ("shell", self._shell)):
            for _ in range(_AT_ONCE if socket in ready else 0):
                message = self._session.recv(socket)[1]
                if message is None:
                    break
                found.append((channel, message))
        return found

    def _send(self, socket: zmq.Socket[bytes], kind: str, content: dict[str, object]) -> str:
        sent = self._session.send(socket, kind, content=content)
        return str(sent["header"]["msg_id"]) if sent else ""

    def _require_alive(self) -> None:
        if self.process.poll() is not None:
            raise RunError(DIED)

    def _socket(self, kind: int, channel: str) -> zmq.Socket[bytes]:
        import zmq

        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.linger = 0
        socket.setsockopt(zmq.RECONNECT_IVL, 10)
        socket.setsockopt(zmq.RCVHWM, 0)  # nothing is dropped while we are busy
        if kind == zmq.SUB:
            socket.setsockopt(zmq.SUBSCRIBE, b"")
        else:
            socket.setsockopt(zmq.IDENTITY, self._session.bsession)
        ip, port = self._info["ip"], self._info[f"{channel}_port"]
        between = "-" if self._info["transport"] == "ipc" else ":"
        socket.connect(f"{self._info['transport']}://{ip}{between}{port}")
        return socket

    def _signal(self, number: int) -> None:
        """Send a signal to the kernel and to the processes that it has started."""
        if sys.platform == "win32":
            if number == signal.SIGINT:
                from jupyter_client.win_interrupt import send_interrupt

                send_interrupt(self.process.win32_interrupt_event)
            else:
                self.process.terminate()
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)  # it leads a group of its own


def _is_idle(message: Message) -> bool:
    content, kind = message["content"], message["header"]["msg_type"]
    return bool(kind == "status" and content["execution_state"] == "idle")
