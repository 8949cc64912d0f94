"""What is kept online of a view: values as they are, and the columns of what reads the cutoff."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from proml_lab.errors import DataError
from proml_lab.fingerprint import type_of
from proml_lab.marketplace.feature import Feature
from proml_lab.marketplace.online.record import Column
from proml_lab.marketplace.view import FeatureView

EVENT = ":event"
"""The column of a record with the event time of its row; absent where nothing is of a row."""
_FORMAT = "proml-online/1"
_RAW = {
    pl.Float32: "float", pl.Float64: "float", pl.Boolean: "boolean", pl.Date: "date",
    pl.String: "string", pl.Categorical: "string", pl.Enum: "string",
    pl.Int8: "integer", pl.Int16: "integer", pl.Int32: "integer", pl.Int64: "integer",
    pl.UInt8: "integer", pl.UInt16: "integer", pl.UInt32: "integer", pl.UInt64: "integer",
}  # fmt: skip
_WIDTHS: dict[object, pl.DataType | type[pl.DataType]] = {
    "float32": pl.Float32, "time": pl.Time, "int8": pl.Int8, "int16": pl.Int16, "int32": pl.Int32,
    "uint8": pl.UInt8, "uint16": pl.UInt16, "uint32": pl.UInt32, "uint64": pl.UInt64,
}  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """A view `source` as it is kept: `view` has a feature for each of the `columns` of a record.

    `types` says of columns of the source what they were there, in the words of fingerprints.
    """

    source: FeatureView
    view: FeatureView
    columns: tuple[Column, ...]
    types: Mapping[str, object]


def definition_of(view: FeatureView) -> str:
    """16 hex digits of what decides the values and the keys of a view."""
    said = json.dumps([_FORMAT, view.meaning, [*view.keys.items()]])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def raw(column: str) -> str:
    """What a column of the source is called in a record."""
    return f"={column}"


def kept(view: FeatureView) -> Kept:
    """What is kept of a view that has a source.

    Values of features, without their defaults, which are added at look-up; the columns that
    features with the cutoff in their formula read; and the event time, for the time to live.

    Raises
    ------
    DataError
        A feature reads the cutoff and a column whose type has no place in a record.
    """
    features: dict[str, Feature] = {}
    types: dict[str, object] = {}
    schema: Mapping[str, pl.DataType] = {}
    for name, feature in view.features.items():
        if not feature.reads_cutoff:
            column = None if feature.aggregate or feature.sql else feature.column or name
            features[name] = feature.model_copy(update={"default": None, "column": column})
            continue
        schema = schema or view.table.schema()
        for column in feature.reads(name):
            if column in schema:  # else the join says that it is not there
                features[raw(column)] = _as_it_is(view, column, schema[column])
                types[raw(column)] = type_of(schema[column], column)
            else:
                features[raw(column)] = Feature(type="float", column=column)
    of_rows = any(not feature.aggregate for feature in view.features.values())
    if view.event_time and of_rows:  # windows alone may have rows that are repeated
        schema = schema or view.table.schema()
        kind = schema.get(view.event_time)
        if isinstance(kind, pl.Datetime):  # else the join says what is wrong with it
            features[EVENT] = _as_it_is(view, view.event_time, kind)
            types[EVENT] = type_of(kind, view.event_time)
    columns = tuple(Column(name, feature.type) for name, feature in features.items())
    changed = view.model_copy(update={"features": features, "time_to_live": None})
    return Kept(view, changed, columns, types)


def restored(values: pl.Series, kind: object) -> pl.Series:
    """A column of the source in the type that it has there."""
    if isinstance(kind, list) and kind[0] == "datetime":
        return values.cast(pl.Datetime(kind[1], kind[2]))
    if isinstance(kind, list) and kind[0] == "duration":
        return values.cast(pl.Duration(kind[1]))
    return values.cast(_WIDTHS[kind]) if isinstance(kind, str) and kind in _WIDTHS else values


def _as_it_is(view: FeatureView, column: str, kind: pl.DataType) -> Feature:
    if isinstance(kind, pl.Datetime | pl.Duration | pl.Time):
        quoted = '"' + column.replace('"', '""') + '"'
        return Feature(type="integer", sql=f"cast({quoted} as bigint)")
    if type(kind) not in _RAW:
        raise DataError(
            f"View {view.view!r}: a feature reads the cutoff and column {column!r}, which is "
            f"{kind} and cannot be kept online.",
            hint="make it a number, text or time in the source.",
        )
    return Feature(type=_RAW[type(kind)], column=column)
