"""Whether a run is under way: it holds one lock in its folder, which goes when it ends well."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from proml_lab.errors import RegistryError
from proml_lab.promote.lock import lock
from proml_lab.promote.run.execute import EXECUTED, PREPARED

RUNNING = "running.lock"
_PATIENCE_S = 5.0
_TRIES = 5


@contextmanager
def running(keep: Path) -> Iterator[None]:
    """While the block runs, `keep` is a run under way; if the process dies, the lock's file stays.

    A folder that was taken for an old one and removed before it was locked is made again.

    Raises
    ------
    RegistryError
        The lock cannot be taken.
    """
    path = keep / RUNNING
    with ExitStack() as held:
        _hold(held, path)
        try:
            yield
        finally:
            with suppress(PermissionError):  # Windows: not while it is open
                path.unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    with suppress(OSError):  # it holds something, or is gone
        keep.rmdir()


@contextmanager
def at_rest(folder: Path) -> Iterator[bool]:
    """Whether nobody is at work in a run's `folder`; if so, nobody begins while the block runs."""
    path = folder / RUNNING
    made = not path.is_file()
    with ExitStack() as held:
        free = False
        with suppress(RegistryError):  # then somebody holds it, or has just removed it
            held.enter_context(lock(path, patience_s=0.0, make=made))
            free = path.is_file()
        yield free
        if free and made:
            path.unlink(missing_ok=True)


def is_idle(folder: Path) -> bool:
    """Whether nobody seems to be at work in a run's `folder`; changes nothing there."""
    path = folder / RUNNING
    if not path.is_file():
        return any(folder.iterdir())  # an empty one is about to be locked
    with at_rest(folder) as free:
        return free


def clear(keep: Path) -> None:
    """Remove what a run left whose artifact is in its place, but for its lock.

    What would be taken for the work of a run that was cut off goes first.
    """
    first = [keep / PREPARED, keep / EXECUTED]
    for path in [*first, *keep.iterdir()]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != RUNNING:
            with suppress(OSError):  # what cannot be removed, gc lists
                path.unlink(missing_ok=True)


def _hold(held: ExitStack, path: Path) -> None:
    for left in reversed(range(_TRIES)):
        with ExitStack() as mine:
            try:
                mine.enter_context(lock(path, patience_s=_PATIENCE_S))
            except RegistryError:
                if not left:
                    raise
                continue
            if path.is_file() or not left:
                held.push(mine.pop_all())
                return
