"""Kinds of entities: what features are about, and the typed keys that tell one from another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import AfterValidator, Field, PrivateAttr

from proml_lab import document
from proml_lab.document import Document
from proml_lab.spec import check_name

KeyType = Literal["string", "integer", "date", "time"]
_ALIKE: dict[KeyType, tuple[type[pl.DataType], ...]] = {
    "string": (pl.String, pl.Categorical, pl.Enum),
    "integer": (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
    "date": (pl.Date,),
    "time": (pl.Datetime,),
}


def _entity_name(name: str) -> str:
    return check_name(name, role="entity name")


class Entity(Document):
    """A kind of thing that features are about: a plane, a route, a user.

    It has one key or more; together they name one thing of the kind.
    """

    entity: Annotated[str, AfterValidator(_entity_name)] = Field(description="its name")
    description: str = Field("", description="one line for people")
    owner: str = Field("", description="the team that answers for it")
    tags: tuple[str, ...] = Field((), description="words to find it by")
    keys: dict[str, KeyType] = Field(
        min_length=1, description="columns of the spine that name one: string, integer, date, time"
    )

    _path: Path | None = PrivateAttr(None)

    @classmethod
    def read(cls, path: str | Path) -> Entity:
        """Read an entity file; raises SpecError with every mistake, file and line."""
        return document.read(Path(path), cls).at(Path(path))

    def at(self, path: Path) -> Entity:
        """The same kind, as it stands in the file `path`."""
        bound = self.model_copy()
        bound._path = path
        return bound

    @property
    def path(self) -> Path | None:
        """The file that it was read from."""
        return self._path


def is_key(kind: pl.DataType, wanted: KeyType) -> bool:
    """Whether a column of this type can be such a key."""
    return isinstance(kind, _ALIKE[wanted])
