"""A fresh kernel of this very Python that runs a notebook by papermill, in a thread of its own."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager
    from nbformat import NotebookNode

_SOCKET_PATH = 90  # bytes of a Unix socket's path that are surely allowed
_GRACE_S = 3.0


def run(
    node: NotebookNode,
    *,
    folder: Path,
    environment: Mapping[str, str],
    log: IO[bytes],
    tell: Callable[[int], None],
    startup: Sequence[str] = (),
    python: str = sys.executable,
) -> None:
    """Run every cell of `node` in place, with `folder` as working directory.

    papermill works in another thread: whether an event loop runs in this one, as in a notebook, is
    no matter, and `tell`, interrupts and signals stay here. `tell` is called with the index of each
    cell before it runs; the cell waits for it. `startup` is run before, silently. What the kernel's
    process prints goes to `log`.

    Raises
    ------
    KeyboardInterrupt
        Here or in `tell`; the kernel has ended.
    Exception
        What papermill raised, StartupError among it; the kernel has ended.
    """
    worker = _Worker(node, folder, environment, log, startup, python)
    worker.start()
    try:
        while (index := worker.next_cell()) is not None:
            tell(index)
            worker.told.set()
    except BaseException:
        worker.stop()
        raise
    worker.join()
    if worker.error is not None:
        raise worker.error


class _Stopped(Exception):  # noqa: N818
    """The run was stopped between two cells."""


class StartupError(RuntimeError):
    """A source that runs before the first cell raised."""


class _Worker(threading.Thread):
    """The thread in which papermill runs."""

    def __init__(
        self,
        node: NotebookNode,
        folder: Path,
        environment: Mapping[str, str],
        log: IO[bytes],
        startup: Sequence[str],
        python: str,
    ) -> None:
        super().__init__(name="proml-promotion", daemon=True)
        self.node, self.folder, self.environment, self.log = node, folder, environment, log
        self.startup = startup
        self.python = python
        self.reached: SimpleQueue[int | None] = SimpleQueue()
        self.told = threading.Event()
        self.stopped = threading.Event()
        self.error: Exception | None = None
        self._kernel: AsyncKernelManager | None = None

    def run(self) -> None:
        try:
            with _kernel(self.python) as self._kernel, _own_loop():
                _papermill(self)
        except Exception as error:  # handed to the thread that waits
            self.error = error
        finally:
            self.reached.put(None)

    def next_cell(self) -> int | None:
        """The index of the cell that waits to be told of; None at the end."""
        while True:
            with suppress(Empty):  # looks up now and then: a signal may have come by another thread
                return self.reached.get(timeout=0.2)

    def tell(self, cell: NotebookNode, cell_index: int) -> None:
        """Wait until the other thread knows of the cell."""
        self.told.clear()
        self.reached.put(cell_index)
        self.told.wait()
        if self.stopped.is_set():
            raise _Stopped

    def stop(self) -> None:
        """Interrupt the kernel, then end it; return when it has ended."""
        self.stopped.set()
        self.told.set()
        self._signal(signal.SIGINT)
        self.join(_GRACE_S)
        while self.is_alive():
            self._signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
            self.join(_GRACE_S)

    def _signal(self, number: int) -> None:
        provisioner = self._kernel.provisioner if self._kernel else None
        process = getattr(provisioner, "process", None)
        if process is None or process.poll() is not None:
            return
        group = getattr(provisioner, "pgid", None)
        with suppress(ProcessLookupError):
            if group and group != os.getpgrp():
                os.killpg(group, number)
            else:
                process.send_signal(number)


def _papermill(worker: _Worker) -> None:
    """Run by papermill's engine interface; no file is written while it runs."""
    from jupyter_core.utils import run_sync
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine, NotebookExecutionManager

    class Client(PapermillNotebookClient):  # type: ignore[misc]
        async def async_start_new_kernel_client(self) -> object:
            client = await super().async_start_new_kernel_client()
            for source in worker.startup:
                said = await client.execute(source, silent=True, store_history=False, reply=True)
                if said["content"]["status"] != "ok":
                    await self._async_cleanup_kernel()
                    raise StartupError(f"{said['content']['ename']}: {said['content']['evalue']}")
            return client

        start_new_kernel_client = run_sync(async_start_new_kernel_client)

    class ProMLEngine(Engine):  # type: ignore[misc]
        @classmethod
        def execute_managed_notebook(
            cls,
            nb_man: NotebookExecutionManager,
            kernel_name: str,  # noqa: ARG003
            **_: object,
        ) -> None:
            client = Client(
                nb_man,
                km=worker._kernel,
                on_cell_execute=worker.tell,
                record_timing=False,
                coalesce_streams=True,
                timeout=None,
            )
            options = {"env": dict(worker.environment), "cwd": str(worker.folder)}
            client.execute(cleanup_kc=True, stdout=worker.log, stderr=worker.log, **options)

    ProMLEngine.execute_notebook(
        worker.node, "python3", progress_bar=False, autosave_cell_every=0, log_output=False
    )


@contextmanager
def _own_loop() -> Iterator[None]:
    """The event loop of this thread, with nothing left running at the end."""
    import asyncio

    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    try:
        yield
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@contextmanager
def _kernel(python: str) -> Iterator[AsyncKernelManager]:
    """A manager whose kernel is the interpreter `python`, whatever kernels are installed by name.

    It talks over sockets in a private folder: no port is open, none is raced for.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class ThisPython(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            command = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=command, display_name="Python", language="python")

    with TemporaryDirectory(prefix="proml-", ignore_cleanup_errors=True) as private:
        if sys.platform == "win32" or len(private) > _SOCKET_PATH:
            yield ThisPython(kernel_name="python3")
        else:
            yield ThisPython(kernel_name="python3", transport="ipc", ip=f"{private}/socket")
