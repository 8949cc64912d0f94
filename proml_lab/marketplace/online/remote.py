"""The store in Redis: one hash a table, exchanged as a whole."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar, cast

from proml_lab.errors import MissingExtraError, StoreError
from proml_lab.marketplace.online.state import State
from proml_lab.marketplace.online.store import Asks, Change, Store

if TYPE_CHECKING:
    import redis

T = TypeVar("T")
_STAMP, _STATE = "proml:online:stamp", "proml:online:state"
_PIECE = 2000
"""Records that are sent at once."""
_FORGOTTEN_S = 3600
"""How long what a killed materialization has sent stays."""
_WAIT_S = 10


class Redis(Store):
    """Records in hashes ``proml:online:records:N`` of one database of a Redis server, 6.2 or later.

    A table is put together under another name and takes its place in one transaction with the
    state, so readers see all of the old or all of the new. Of two writers at once the second is
    told that the state has changed.
    """

    def __init__(self, address: str) -> None:
        try:
            import redis
        except ImportError:
            raise MissingExtraError("The online store in Redis", extra="online") from None
        self.address = address
        self.name = f"The online store {re.sub(r'//[^@/]*@', '//', address)}"
        self._broken: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        with self._told():
            self._client: redis.Redis = redis.Redis.from_url(
                address, socket_timeout=_WAIT_S, socket_connect_timeout=_WAIT_S
            )

    def state(self) -> State:
        with self._told():
            stamp, data = cast("list[bytes | None]", self._client.mget(_STAMP, _STATE))
        return State.load(stamp, data, store=self.name)

    def read(self, stamp: bytes, asks: Asks) -> list[list[bytes | None]] | None:
        with self._told(), self._client.pipeline(transaction=True) as all_at_once:
            all_at_once.get(_STAMP)
            for slot, keys in asks:
                if keys:
                    all_at_once.hmget(_records(slot), list(keys))
            now, *found = all_at_once.execute()
        if now != stamp:
            return None
        answers = iter(found)
        return [next(answers) if keys else [] for _, keys in asks]

    def ledger(self, slot: int) -> bytes | None:
        with self._told():
            return cast("bytes | None", self._client.get(_ledger(slot)))

    def write(
        self, before: State, after: State, changes: Sequence[Change], dropped: Sequence[int]
    ) -> bool:
        import redis

        mine = secrets.token_hex(8)
        names = {change.slot: f"proml:online:new:{mine}:{change.slot}" for change in changes}
        try:
            with self._told(), self._client.pipeline(transaction=True) as switch:
                for change in changes:
                    self._send(change, names[change.slot])
                switch.watch(_STAMP)  # type: ignore[no-untyped-call]
                if switch.get(_STAMP) != before.stamp:
                    return False
                there = {slot: bool(switch.exists(name)) for slot, name in names.items()}
                switch.multi()
                for change in changes:
                    _exchange(switch, change, names[change.slot], there=there[change.slot])
                for slot in dropped:
                    switch.unlink(_records(slot), _ledger(slot))
                switch.mset({_STATE: after.dump(), _STAMP: secrets.token_bytes(16)})
                switch.execute()
        except redis.WatchError:
            return False
        finally:
            with suppress(*self._broken):  # what is left there is forgotten by itself
                if names:
                    self._client.unlink(*names.values())
        return True

    def _send(self, change: Change, name: str) -> None:
        """Put the table together under `name`."""
        if not change.fresh:
            self._client.copy(_records(change.slot), name, replace=True)
        self._client.expire(name, _FORGOTTEN_S)
        for gone in _pieces(change.gone):
            self._client.hdel(name, *gone)
        for piece in _pieces(change.records):
            with self._client.pipeline(transaction=False) as together:
                together.hset(name, items=list(chain.from_iterable(piece)))
                together.expire(name, _FORGOTTEN_S)
                together.execute()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong, in one line."""
        import redis

        try:
            yield
        except redis.WatchError:
            raise
        except redis.ResponseError as error:
            reason = str(error).rpartition("caused error: ")[2].rstrip(".")
            if "maxmemory" in reason:
                raise StoreError(
                    f"{self.name} is full.", hint="give it more memory (maxmemory), or fewer views."
                ) from None
            raise StoreError(
                f"{self.name} says: {reason}.",
                hint="Redis 6.2 or later is needed; what was in it is left as it was.",
            ) from None
        except (redis.RedisError, OSError, ValueError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise StoreError(
                f"{self.name} cannot be reached: {reason}.",
                hint="check the setting 'online', and that the server runs.",
            ) from None


def _exchange(switch: redis.client.Pipeline, change: Change, name: str, *, there: bool) -> None:
    """Let the table that was put together take the place of the old one."""
    records = _records(change.slot)
    if there:
        switch.unlink(records)
        switch.rename(name, records)
        switch.persist(records)
    else:
        switch.unlink(records)
    switch.set(_ledger(change.slot), change.ledger)


def _pieces(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while piece := list(islice(rest, _PIECE)):
        yield piece


def _records(slot: int) -> str:
    return f"proml:online:records:{slot}"


def _ledger(slot: int) -> str:
    return f"proml:online:ledger:{slot}"
