"""What a view says of its source: files, a table of a lake, or one of a database."""

from __future__ import annotations

from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_serializer, model_validator
from pydantic_core.core_schema import SerializerFunctionWrapHandler

from proml_lab.document import Document
from proml_lab.marketplace.source.address import has_password, shown

Format = Literal["parquet", "csv", "arrow"]
ENDINGS: dict[str, Format] = {
    ".parquet": "parquet", ".pq": "parquet",
    ".csv": "csv", ".tsv": "csv", ".csv.gz": "csv", ".tsv.gz": "csv",
    ".arrow": "arrow", ".ipc": "arrow", ".feather": "arrow",
}  # fmt: skip
_PLACES = ("path", "delta", "iceberg", "database")
_ONLY = {
    "format": "path", "separator": "path", "nulls": "path",
    "version": "delta", "snapshot": "iceberg", "table": "database", "query": "database",
}  # fmt: skip


def without_password(address: str) -> str:
    """An address as it may stand in a file; raises ValueError if a password stands in it."""
    if has_password(address):
        raise ValueError(
            f"the address of {shown(address)} has a password in it; put that into the environment "
            "and write ${NAME} in its place"
        )
    return address


class Source(Document):
    """Where rows come from. A text alone is the path of files."""

    path: str | None = Field(
        None,
        description="Parquet, CSV or Arrow file, a folder of such, or a pattern with *; relative "
        "to the workspace, or an address such as s3://…",
    )
    format: Format | None = Field(None, description="parquet, csv or arrow; by the file's ending")
    separator: str | None = Field(
        None, min_length=1, max_length=1, description="what stands between the fields of a CSV file"
    )
    nulls: tuple[str, ...] | None = Field(None, description="texts of a CSV file that mean nothing")
    delta: str | None = Field(None, description="path or address of a Delta table")
    version: int | None = Field(None, ge=0, description="version of the Delta table; the newest")
    iceberg: str | None = Field(
        None, description="path or address of an Iceberg table's metadata file"
    )
    snapshot: int | None = Field(None, description="snapshot of the Iceberg table; the newest")
    database: str | None = Field(
        None, description="a database that the workspace names, or a SQLAlchemy address"
    )
    table: str | None = Field(None, description="table of the database, with its schema if any")
    query: str | None = Field(None, description="or a SELECT over it")
    time_zone: str | None = Field(
        None, description="where the clocks stood for times without a zone, such as Europe/Berlin"
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"path": value} if isinstance(value, str) else value

    @model_serializer(mode="wrap")
    def _shortest(self, handler: SerializerFunctionWrapHandler) -> object:
        said = {name: value for name, value in handler(self).items() if value is not None}
        return said["path"] if [*said] == ["path"] else said

    @field_validator("database")
    @classmethod
    def _keeps_its_password(cls, address: str | None) -> str | None:
        return None if address is None else without_password(address)

    @field_validator("path", "delta", "iceberg")
    @classmethod
    def _keeps_its_keys(cls, place: str | None) -> str | None:
        if place is not None and not place.strip():
            raise ValueError("is empty; name a file, a folder or an address")
        if place is not None and has_password(place):
            raise ValueError(
                f"{shown(place)} has a key or a password in it; the environment is the place for "
                "that, for s3:// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        return place

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, name: str | None) -> str | None:
        try:
            if name is not None:
                ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"found {name!r}; a time zone such as Europe/Berlin or UTC") from None
        return name

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        given = [name for name in _PLACES if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"has {' and '.join(given)}" if given else "says nowhere"
            raise ValueError(f"{found}; give one of path, delta, iceberg or database")
        for name, place in _ONLY.items():
            if getattr(self, name) is not None and place not in given:
                raise ValueError(f"has {name}, which belongs to {place}, not to {given[0]}")
        if self.database is not None and (self.table is None) == (self.query is None):
            raise ValueError("give the table of the database, or a query over it")
        return self

    @property
    def place(self) -> str:
        """Where it is, as a view writes it; whatever else it says is only hinted at."""
        given = {name: value for name, value in self if value is not None}
        said = [f"{name}: {given[name]}" for name in (*_PLACES, "table") if name in given]
        return ", ".join(said if len(said) == len(given) else [*said, "…"])

    def __str__(self) -> str:
        """What people call it, in a few words."""
        if self.database is not None:
            what = self.table or "a query"
            return f"{what} of {shown(self.database)}"
        place = self.path or self.delta or self.iceberg or ""
        return shown(place) if "://" in place else place
