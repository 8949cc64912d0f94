"""Stores of both kinds: one state or the other, whole or not at all, and clear lines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from proml_lab.errors import MissingExtraError, StoreError, UsageError
from proml_lab.marketplace.online.embedded import Embedded
from proml_lab.marketplace.online.record import Column
from proml_lab.marketplace.online.state import OnlineTable, State
from proml_lab.marketplace.online.store import Change, Store, open_store
from tests.marketplace.online.conftest import Start

TABLE = OnlineTable(
    view="shop.sales", version=1, definition="0" * 16, slot=1, until=0, made=0,
    keys={"id": "string"}, columns=(Column("x", "float"),), types={}, n_entities=2, n_bytes=9,
)  # fmt: skip


@pytest.fixture(params=["embedded", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path, start_redis: Start) -> Store:
    return open_store(tmp_path / "online" if request.param == "embedded" else start_redis())


def key(table: OnlineTable, name: str) -> bytes:
    return table.prefix + name.encode()


def put(store: Store, table: OnlineTable, records: dict[str, bytes], **fields: object) -> bool:
    """Write one table, fresh unless told otherwise."""
    before = store.state()
    after, gone = before.with_tables([table])
    rows = [(key(table, name), record) for name, record in records.items()]
    change = Change(table.slot, fresh=True, records=rows, gone=(), ledger=b"ledger")
    return store.write(before, after, [replace(change, **fields)], gone)  # type: ignore[arg-type]


def get(store: Store, table: OnlineTable, *names: str) -> list[bytes | None]:
    stamp = store.state().stamp
    assert stamp is not None
    found = store.read(stamp, [(table.slot, [key(table, name) for name in names])])
    assert found is not None
    return found[0]


def test_a_new_store_is_empty(store: Store) -> None:
    assert store.state() == State()
    assert store.read(b"stamp", [(1, [b"key"])]) is None
    assert store.ledger(1) is None


def test_what_is_written_is_read(store: Store) -> None:
    assert put(store, TABLE, {"a": b"1", "b": b"\x00\xff"})
    state = store.state()
    assert (state.tables, state.next_slot) == ((TABLE,), 2)
    assert get(store, TABLE, "b", "c", "a") == [b"\x00\xff", None, b"1"]
    assert store.ledger(1) == b"ledger"
    assert store.read(state.stamp or b"", [(1, []), (1, [key(TABLE, "a")])]) == [[], [b"1"]]


def test_changes_leave_the_rest(store: Store) -> None:
    put(store, TABLE, {"a": b"1", "b": b"2", "c": b"3"})
    put(store, TABLE, {"b": b"4", "d": b"5"}, fresh=False, gone=[key(TABLE, "a")], ledger=b"new")
    assert get(store, TABLE, *"abcd") == [None, b"4", b"3", b"5"]
    assert store.ledger(1) == b"new"
    put(store, TABLE, {}, fresh=False, gone=[key(TABLE, name) for name in "bcd"])
    assert get(store, TABLE, *"abcd") == [None] * 4


def test_a_stamp_belongs_to_one_state(store: Store) -> None:
    put(store, TABLE, {"a": b"1"})
    old = store.state().stamp or b""
    put(store, replace(TABLE, until=1), {"a": b"2"})
    assert store.read(old, [(1, [key(TABLE, "a")])]) is None
    assert get(store, TABLE, "a") == [b"2"]


def test_slots_that_are_dropped_are_empty(store: Store) -> None:
    put(store, TABLE, {"a": b"1"})
    other = replace(TABLE, slot=2, made=1)
    put(store, other, {"a": b"2"})
    assert get(store, TABLE, "a") == [None]
    assert get(store, other, "a") == [b"2"]
    assert (store.ledger(1), store.ledger(2)) == (None, b"ledger")


def test_of_two_writers_the_second_is_told(store: Store) -> None:
    before = store.state()
    after, _ = before.with_tables([TABLE])
    change = Change(1, fresh=True, records=[(key(TABLE, "a"), b"1")], gone=(), ledger=b"")
    assert store.write(before, after, [change], [])
    late = replace(change, records=[(key(TABLE, "a"), b"2")])
    assert not store.write(before, after, [late], [])
    assert get(store, TABLE, "a") == [b"1"]


def test_a_writer_that_fails_leaves_the_old_state(store: Store) -> None:
    put(store, TABLE, {"a": b"1"})
    before = store.state()

    def records() -> Iterator[tuple[bytes, bytes]]:
        for i in range(5000):
            yield key(TABLE, f"{i}"), b"2"
        raise KeyboardInterrupt

    change = Change(1, fresh=False, records=records(), gone=[key(TABLE, "a")], ledger=b"new")
    with pytest.raises(KeyboardInterrupt):
        store.write(before, before, [change], [])
    assert store.state() == before
    assert get(store, TABLE, "a", "0") == [b"1", None]
    assert store.ledger(1) == b"ledger"


KILLED = """
    import sys, os, signal
    from tests.marketplace.online.test_store import TABLE, key
    from proml_lab.marketplace.online.store import Change, open_store

    def records():
        for i in range(20000):
            yield key(TABLE, str(i)), b"2"
        os.kill(os.getpid(), signal.SIGKILL)

    store = open_store(sys.argv[1])
    before = store.state()
    after, _ = before.with_tables([TABLE])
    store.write(before, after, [Change(1, False, records(), [key(TABLE, "a")], b"new")], [])
"""


def address(store: Store) -> str:
    return str(getattr(store, "folder", "") or getattr(store, "address", ""))


def test_a_killed_writer_leaves_the_old_state(store: Store) -> None:
    put(store, TABLE, {"a": b"1"})
    before = store.state()
    command = [sys.executable, "-c", textwrap.dedent(KILLED), address(store)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert store.state() == before
    assert get(store, TABLE, "a", "0") == [b"1", None]
    assert put(store, TABLE, {"a": b"3"}, fresh=False)
    assert get(store, TABLE, "a") == [b"3"]


def test_readers_see_one_state_or_the_other(store: Store) -> None:
    """Two tables are always written with one value; no reader may see two."""
    names = [str(i) for i in range(50)]
    other = replace(TABLE, view="shop.other", slot=2)
    stop = threading.Event()
    failed: list[object] = []

    def write() -> None:
        mine = open_store(address(store))
        for turn in range(40):
            before = mine.state()
            after, gone = before.with_tables(
                [replace(TABLE, until=turn), replace(other, until=turn)]
            )
            value = b"%d" % turn
            changes = [
                Change(t.slot, turn == 0, [(key(t, n), value) for n in names], (), b"")
                for t in (TABLE, other)
            ]
            if not mine.write(before, after, changes, gone):
                failed.append("not written")
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    n_seen = 0
    asks = [(t.slot, [key(t, n) for n in names]) for t in (TABLE, other)]
    while not stop.is_set():
        state = store.state()
        found = store.read(state.stamp or b"", asks)
        if found is not None:
            values = {record for records in found for record in records}
            n_seen += 1
            if values != {b"%d" % state.tables[0].until}:
                failed.append(values)
    writer.join()
    assert not failed
    assert n_seen


def test_a_forked_process_reads_and_writes(tmp_path: Path) -> None:
    store = Embedded(tmp_path / "online")
    put(store, TABLE, {"a": b"1"})
    child = os.fork()
    if not child:
        ok = get(store, TABLE, "a") == [b"1"] and put(store, TABLE, {"a": b"2"}, fresh=False)
        os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert get(store, TABLE, "a") == [b"2"]


def test_a_store_that_was_removed_is_begun_anew(tmp_path: Path) -> None:
    import shutil

    store = Embedded(tmp_path / "online")
    put(store, TABLE, {"a": b"1"})
    shutil.rmtree(tmp_path / "online")
    assert store.state() == State()
    assert put(store, TABLE, {"a": b"2"})
    assert get(store, TABLE, "a") == [b"2"]


FULL = """
    import resource, sys
    from tests.marketplace.online.test_store import TABLE, put
    from proml_lab.marketplace.online.store import open_store
    from proml_lab.errors import StoreError

    store = open_store(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    try:
        put(store, TABLE, {str(i): b"x" * 100 for i in range(20000)}, fresh=False)
    except StoreError as error:
        print(error)
"""


def test_a_disk_without_room_for_the_readers_is_told(tmp_path: Path) -> None:
    code = FULL.replace("200_000, 200_000", "20_000, 20_000")
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "online")]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert "cannot be used: File too large" in done.stdout


def test_a_full_disk_leaves_the_old_state(tmp_path: Path) -> None:
    store = open_store(tmp_path / "online")
    put(store, TABLE, {"a": b"1"})
    before = store.state()
    command = [sys.executable, "-c", textwrap.dedent(FULL), str(tmp_path / "online")]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert "cannot be used" in done.stdout
    assert "left as it was" in done.stdout
    assert store.state() == before
    assert get(store, TABLE, "a", "0") == [b"1", None]


def test_a_disk_that_takes_a_part_is_called_full(tmp_path: Path) -> None:
    code = "import shutil\nshutil.disk_usage = lambda _: shutil._ntuple_diskusage(1, 1, 0)\n"
    command = [sys.executable, "-c", code + textwrap.dedent(FULL), str(tmp_path / "online")]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert "cannot be used: No space left on device." in done.stdout


def test_a_redis_that_is_full_leaves_the_old_state(start_redis: Start) -> None:
    store = open_store(start_redis("--maxmemory", "6mb"))
    put(store, TABLE, {"a": b"1"})
    before = store.state()
    with pytest.raises(StoreError, match=r"is full\.\nHint: give it more memory"):
        put(store, TABLE, {str(i): b"x" * 1000 for i in range(20000)}, fresh=False)
    assert store.state() == before
    assert get(store, TABLE, "a", "0") == [b"1", None]


def test_a_redis_that_is_not_there(tmp_path: Path) -> None:
    store = open_store("redis://user:secret@127.0.0.1:1/0")
    with pytest.raises(StoreError, match="cannot be reached") as told:
        store.state()
    assert "secret" not in str(told.value)
    with pytest.raises(StoreError, match="cannot be reached"):
        open_store("redis://host:port").state()


def test_addresses_that_are_none() -> None:
    with pytest.raises(UsageError, match="no online store of the kind 'http'"):
        open_store("http://somewhere")


def test_a_store_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "online").mkdir()
    (tmp_path / "online" / "data.mdb").write_bytes(b"x" * 9000)
    with pytest.raises(StoreError, match="cannot be used: File is not an LMDB file"):
        open_store(tmp_path / "online").state()
    with pytest.raises(StoreError, match="its state cannot be read"):
        State.load(b"1", b"{}", store="The store")
    later = json.dumps({"format": 99}).encode()
    with pytest.raises(StoreError, match="has the format 99"):
        State.load(b"1", later, store="The store")


def test_what_a_store_needs_may_not_be_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "lmdb", None)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(MissingExtraError, match="embedded online store is not installed"):
        open_store(tmp_path).state()
    with pytest.raises(MissingExtraError, match=r"Redis is not installed.*\n.*proml-lab\[online\]"):
        open_store("redis://localhost")
