"""Online stores: records by key, switched from one state to the next as a whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proml_lab.errors import UsageError
from proml_lab.marketplace.online.state import State

Asks = Sequence[tuple[int, Sequence[bytes]]]
"""(slot, keys) of each table that is asked."""


@dataclass(frozen=True, eq=False)
class Change:
    """What becomes of one slot.

    `fresh`: it holds nothing yet. `records` are (key, record) to write, `gone` keys to remove,
    `ledger` the bytes that tell the next materialization what was seen.
    """

    slot: int
    fresh: bool
    records: Iterable[tuple[bytes, bytes]] = field(repr=False)
    gone: Sequence[bytes] = field(repr=False)
    ledger: bytes = field(repr=False)


class Store(ABC):
    """Where records lie. `name` is what people call it.

    Every method raises StoreError, in one line, for a store that is not there, full or damaged.
    """

    name: str

    @abstractmethod
    def state(self) -> State:
        """What it holds now; an empty state where nothing was materialized yet."""

    @abstractmethod
    def read(self, stamp: bytes, asks: Asks) -> list[list[bytes | None]] | None:
        """The records of every key, all of the state with this stamp; None if it has another."""

    @abstractmethod
    def ledger(self, slot: int) -> bytes | None:
        """The ledger of a slot."""

    @abstractmethod
    def write(
        self, before: State, after: State, changes: Sequence[Change], dropped: Sequence[int]
    ) -> bool:
        """Go from one state to the next, whole or not at all.

        `dropped` are slots to empty. False where the store is no longer in the state `before`;
        then nothing has happened.
        """


def open_store(address: str | Path, *, root: Path | None = None) -> Store:
    """The store at `address`: a folder, made at the first materialization, or ``redis://…``.

    A folder is relative to `root`, by default the current one.

    Raises
    ------
    UsageError
        The address is neither.
    MissingExtraError
        What it needs is not installed.
    """
    text = str(address)
    if text.startswith(("redis://", "rediss://", "unix://")):
        from proml_lab.marketplace.online.remote import Redis

        return Redis(text)
    if "://" in text:
        raise UsageError(
            f"There is no online store of the kind {text.partition('://')[0]!r}.",
            hint="give redis://host:port/number, or a folder.",
        )
    from proml_lab.marketplace.online.embedded import Embedded

    return Embedded(Path(root or "", address).absolute())
