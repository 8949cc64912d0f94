"""A source laid out: its rows by entity and time, and what of it was known by a moment."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.fingerprint import Content, Words
from proml_lab.marketplace.layout.store import Store
from proml_lab.marketplace.moment import Ints

if TYPE_CHECKING:
    from proml_lab.kernels.laid import Rows

Places = npt.NDArray[np.uint32]
BLOCK = 4096
"""So many rows, in the order in which they became known, have one sum."""
_STRETCH = 1 << 20
_NONE: Ints = np.empty(0, np.int64)
_NONE.setflags(write=False)  # like what is mapped: kernels are compiled once


@dataclass(frozen=True, eq=False)
class Layout:
    """Rows of a source by entity and, inside, by time; those without a key come last.

    Attributes
    ----------
    n_rows
        How many it has.
    content
        Fingerprint of the source.
    keys
        (e,) the key columns of its entities, in their order.
    rows
        Its entities and clocks, as the kernels need them.
    frame
        (n_rows, p) columns of the source, mapped into memory.
    by_known
        (n_rows,) the rows in the order in which they became known.
    sums
        (b + 1, 2) what the rows before each block of `by_known`, and before the end, add to the
        content of `frame`.
    width
        Bytes that a row of each column takes.
    """

    n_rows: int
    content: str
    keys: list[pl.Series]
    rows: Rows
    frame: pl.DataFrame
    by_known: Places
    sums: Words
    width: dict[str, int]

    @classmethod
    def of(cls, store: Store, columns: list[str]) -> Layout:
        """The layout in `store`, with some of the columns that it has.

        All is mapped at once: whoever removes the files then takes nothing away.

        Raises
        ------
        OSError
            A file has gone.
        """
        from proml_lab.kernels.laid import Rows

        def array(name: str, otherwise: Ints) -> Ints:
            return store.array(name) if name in store else otherwise

        event, n_rows = store.array("event.npy"), int(store.facts["rows"])
        known, ready = array("known.npy", event), array("ready.npy", event)
        turn, best = array("turn.npy", _NONE), array("best.npy", _NONE)
        return cls(
            n_rows=n_rows,
            content=str(store.facts["content"]),
            keys=[store.column(key_file(i)) for i in range(int(store.facts["keys"]))],
            rows=Rows(store.array("offsets.npy"), event, known, turn, ready, best),
            frame=frame_of(store, columns),
            by_known=store.array("by_known.npy"),
            sums=store.array(sums_file(columns)),
            width={n: store.bytes_of(column_file(n)) // n_rows + 1 for n in columns},
        )

    def whole(self) -> Content:
        """The content of the columns."""
        found = Content(self.frame.schema)
        found.count(self.n_rows, self.sums[-1])
        return found

    def seen(self, until: int) -> Content:
        """The content of the columns in the rows that were known by the moment `until`."""
        found = Content(self.frame.schema)
        block = int(np.searchsorted(self._ready(self.by_known[::BLOCK]), until, side="right")) - 1
        if block >= 0:
            found.count(block * BLOCK, self.sums[block])
            some = self.by_known[block * BLOCK : (block + 1) * BLOCK]
            found.add(self.frame[np.sort(some[self._ready(some) <= until])])
        return found

    def _ready(self, rows: Places) -> Ints:
        """(k,) when some rows had happened and were known."""
        return np.maximum(self.rows.event[rows], self.rows.known[rows])


def frame_of(store: Store, columns: Iterable[str]) -> pl.DataFrame:
    """(n, p) columns of a layout, mapped into memory."""
    return pl.DataFrame([store.column(column_file(name)).alias(name) for name in columns])


def block_sums(frame: pl.DataFrame, by_known: Places) -> Words:
    """`Layout.sums` of the rows of `frame`, in any order; `by_known` is that of their moments."""
    content, n_blocks = Content(frame.schema), -(-frame.height // BLOCK)
    block = np.empty(frame.height, np.int64)
    block[by_known] = np.arange(frame.height) // BLOCK

    def work(start: int) -> Words:
        part = slice(start, start + _STRETCH)
        return content.sums_by(frame[part], block[part], n_blocks)

    found = np.zeros((n_blocks + 1, 2), np.uint64)
    with ThreadPoolExecutor(pl.thread_pool_size(), "proml-layout") as pool:
        for sums in pool.map(work, range(0, frame.height, _STRETCH)):
            found[1:] += sums
    return np.cumsum(found, axis=0, dtype=np.uint64)


def column_file(name: str) -> str:
    """What the file of a column of the source is called."""
    return f"column-{sha256(name.encode()).hexdigest()[:16]}.arrow"


def key_file(number: int) -> str:
    """What the file with a key of every entity is called."""
    return f"key-{number}.arrow"


def sums_file(columns: Iterable[str]) -> str:
    """What the file with the sums of some columns is called."""
    names = "\n".join(sorted(name.encode().hex() for name in columns))
    return f"sums-{sha256(names.encode()).hexdigest()[:16]}.npy"
