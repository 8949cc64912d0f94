"""The embedded store: one LMDB file in a folder, read without a copy of it in memory."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Literal, overload
from weakref import WeakValueDictionary

from proml_lab.errors import MissingExtraError, StoreError
from proml_lab.marketplace.online.state import State
from proml_lab.marketplace.online.store import Asks, Change, Store
from proml_lab.statefolder import make_folder

if TYPE_CHECKING:
    import lmdb

_SIZE = 1 << 38
"""Bytes that the file may grow to: addresses, which cost nothing until there is data."""
_READERS = 1024
_CLOSING_S = 5.0
_SHORT = "Input/output error"
"""What LMDB says where the disk took a part of a write: as a rule it is full."""
_PAGES = 1 << 20
"""Bytes: a disk with less left is full, whatever it says."""
_STAMP, _STATE = b"stamp", b"state"
_RECORD, _LEDGER = b"r", b"l"
_opened: WeakValueDictionary[str, Opened] = WeakValueDictionary()
_opening = Lock()


class Opened:
    """An environment of LMDB, which a process may open once; `inode` is that of its file."""

    def __init__(self, folder: Path, *, make: bool) -> None:
        if make:
            _take_room(folder / "lock.mdb")
        self.env: lmdb.Environment = _environment(folder)
        self.pid = os.getpid()
        self.inode = _inode(folder)


class Embedded(Store):
    """Records in ``folder/data.mdb``.

    A write is one transaction of LMDB: readers see the state before it until it is there whole,
    a killed one leaves no trace, and of two at once the second waits.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"The online store {folder}"
        self._held: Opened | None = None

    def state(self) -> State:
        env = self._open(make=False)
        if env is None:
            return State()
        with self._told(), env.begin() as txn:
            return State.load(txn.get(_STAMP), txn.get(_STATE), store=self.name)

    def read(self, stamp: bytes, asks: Asks) -> list[list[bytes | None]] | None:
        held = self._held
        env = held.env if held and held.pid == os.getpid() else self._open(make=False)
        if env is None:
            return None
        try:
            with env.begin() as txn:
                get = txn.get
                if get(_STAMP) != stamp:
                    return None
                return [[get(_RECORD + key) for key in keys] for _, keys in asks]
        except _lmdb().Error as error:
            raise self._failed(error) from None

    def ledger(self, slot: int) -> bytes | None:
        env = self._open(make=False)
        if env is None:
            return None
        with self._told(), env.begin() as txn:
            return txn.get(_LEDGER + slot.to_bytes(4, "big"))

    def write(
        self, before: State, after: State, changes: Sequence[Change], dropped: Sequence[int]
    ) -> bool:
        env = self._open(make=True)
        with self._told():
            env.reader_check()  # readers that were killed would keep old pages for ever
            with env.begin(write=True) as txn:
                if txn.get(_STAMP) != before.stamp:
                    return False
                for slot in dropped:
                    _empty(txn, slot)
                for change in changes:
                    _apply(txn, change)
                txn.put(_STATE, after.dump())
                txn.put(_STAMP, secrets.token_bytes(16))
        return True

    @overload
    def _open(self, *, make: Literal[True]) -> lmdb.Environment: ...
    @overload
    def _open(self, *, make: bool) -> lmdb.Environment | None: ...
    def _open(self, *, make: bool) -> lmdb.Environment | None:
        """The environment of this process; None where there is none and none is to be made."""
        with self._told(), _opening:
            if make:
                make_folder(self.folder)
            inode, path = _inode(self.folder), os.path.realpath(self.folder)
            if inode is None and not make:
                return None
            held = _opened.get(path)
            if held is not None and held.pid != os.getpid():
                held.env.close()  # of the process that this one was forked from
                held = None
            if held is None or held.inode != inode:
                held = _opened[path] = Opened(self.folder, make=make)
            self._held = held
        return held.env

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong, in one line."""
        lmdb = _lmdb()
        try:
            yield
        except (lmdb.Error, OSError) as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> StoreError:
        if isinstance(error, _lmdb().MapFullError):
            return StoreError(
                f"{self.name} is full: it holds {_SIZE >> 30} GB at most.",
                hint="materialize fewer views, or use Redis: online = 'redis://…'.",
            )
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        reason = said.rpartition(": ")[2].rstrip(".")
        if reason == _SHORT and self._room() < _PAGES:
            reason = "No space left on device"
        return StoreError(
            f"{self.name} cannot be used: {reason}.",
            hint="see to its disk, permissions and files; what was in it is left as it was.",
        )

    def _room(self) -> int:
        """Bytes that its disk has left."""
        try:
            return shutil.disk_usage(self.folder).free
        except OSError:
            return _PAGES


def _apply(txn: lmdb.Transaction, change: Change) -> None:
    slot = change.slot.to_bytes(4, "big")
    for key in change.gone:
        txn.delete(_RECORD + key)
    with txn.cursor() as cursor:
        rows = ((_RECORD + key, record) for key, record in change.records)
        cursor.putmulti(rows if not change.fresh else sorted(rows))
    txn.put(_LEDGER + slot, change.ledger)


def _empty(txn: lmdb.Transaction, slot: int) -> None:
    prefix = slot.to_bytes(4, "big")
    txn.delete(_LEDGER + prefix)
    with txn.cursor() as cursor:
        there = cursor.set_range(_RECORD + prefix)
        while there and bytes(cursor.key()).startswith(_RECORD + prefix):
            there = cursor.delete()


def _environment(folder: Path) -> lmdb.Environment:
    """LMDB's environment; where another thread is just closing the last one, once that is done."""
    end = time.monotonic() + _CLOSING_S
    while True:
        try:
            env: lmdb.Environment = _lmdb().open(str(folder), map_size=_SIZE, max_readers=_READERS)
        except _lmdb().Error as error:
            if "already open" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.001)
        else:
            return env


def _take_room(lock: Path) -> None:
    """Have the disk give all of the file of readers, or raise OSError.

    LMDB writes into it by memory: on a full disk that would kill the process. What is in it stays.
    POSIX lets go of this process's locks on it, so this is for before it is opened.
    """
    if sys.platform == "linux":
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            os.posix_fallocate(handle, 0, _READERS * 64 + 128)
        finally:
            os.close(handle)


def _inode(folder: Path) -> tuple[int, int] | None:
    """What tells the file from another that came into its place."""
    try:
        found = (folder / "data.mdb").stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _lmdb() -> ModuleType:
    try:
        import lmdb
    except ImportError:
        raise MissingExtraError("The embedded online store", extra="online") from None
    return lmdb
