"""What an online store holds: a table for each view, and as of which moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from proml_lab.errors import StoreError
from proml_lab.marketplace.online.record import Column

FORMAT = 1


@dataclass(frozen=True)
class OnlineTable:
    """The records of one view, by one of its definitions.

    Attributes
    ----------
    view, version, definition
        Whose they are; `definition` is that of `definition_of`.
    slot
        The number that begins their keys.
    until
        The moment that they speak of, microseconds since 1970; `made` that of the making.
    keys
        {key: kind of its values}, in the order of the view.
    columns, types
        Of a record, as in `Kept`.
    n_entities, n_bytes
        How many records, and how long they are with their keys.
    """

    view: str
    version: int
    definition: str
    slot: int
    until: int
    made: int
    keys: Mapping[str, str]
    columns: tuple[Column, ...]
    types: Mapping[str, object]
    n_entities: int
    n_bytes: int

    @property
    def prefix(self) -> bytes:
        """What its keys begin with."""
        return self.slot.to_bytes(4, "big")

    def laid_out_as(self, other: OnlineTable) -> bool:
        """Whether both have records of one form."""
        mine = ([*self.keys.items()], self.columns, self.types)
        return mine == ([*other.keys.items()], other.columns, other.types)


@dataclass(frozen=True)
class State:
    """The tables of a store at one moment; `stamp` tells it from every other."""

    stamp: bytes | None = None
    tables: tuple[OnlineTable, ...] = ()
    next_slot: int = 1
    _found: dict[tuple[str, str], OnlineTable] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = {(table.view, table.definition): table for table in self.tables}
        object.__setattr__(self, "_found", found)

    def table(self, view: str, definition: str) -> OnlineTable | None:
        """The table of this definition of the view."""
        return self._found.get((view, definition))

    def of(self, view: str) -> list[OnlineTable]:
        """All tables of a view, the one that was made last first."""
        mine = [table for table in self.tables if table.view == view]
        return sorted(mine, key=lambda table: -table.made)

    def with_tables(self, made: Iterable[OnlineTable]) -> tuple[State, list[int]]:
        """The state with `made` in it, and the slots that nothing needs any more.

        Of a view the table of the newest other definition is kept, for readers that have not
        taken in the change yet.
        """
        after = {table.slot: table for table in self.tables}
        next_slot = self.next_slot
        for table in made:
            others = [one for one in self.of(table.view) if one.slot != table.slot]
            old = [one for one in others if one.definition != table.definition]
            for one in others:
                if one not in old[:1]:
                    after.pop(one.slot)
            after[table.slot] = table
            next_slot = max(next_slot, table.slot + 1)
        gone = [table.slot for table in self.tables if table.slot not in after]
        return State(None, tuple(after.values()), next_slot), gone

    def dump(self) -> bytes:
        """The state as JSON, without its stamp."""
        said = {
            "format": FORMAT,
            "next_slot": self.next_slot,
            "tables": [asdict(table) for table in self.tables],
        }
        return json.dumps(said, ensure_ascii=False).encode()

    @classmethod
    def load(cls, stamp: bytes | None, data: bytes | None, *, store: str) -> State:
        """What `dump` wrote; nothing where a store is new.

        Raises
        ------
        StoreError
            It is damaged, or of another format.
        """
        if stamp is None or data is None:
            return cls()
        hint = "materialize into a new one; proml_lab of the version that made it can read it."
        try:
            said = json.loads(data)
            if said["format"] != FORMAT:
                raise StoreError(f"{store} has the format {said['format']!r}.", hint=hint)
            tables = tuple(
                OnlineTable(
                    **{**one, "columns": tuple(Column(**column) for column in one["columns"])}
                )
                for one in said["tables"]
            )
            return cls(stamp, tables, said["next_slot"])
        except (ValueError, KeyError, TypeError):
            raise StoreError(f"{store} is damaged: its state cannot be read.", hint=hint) from None
