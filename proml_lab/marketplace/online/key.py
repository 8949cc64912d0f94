"""Entities as bytes: under which key a record lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from operator import index

import polars as pl

from proml_lab.errors import DataError, UsageError
from proml_lab.marketplace.view import FeatureView

LONGEST = 400
"""Bytes of a key that stay as they are; of longer ones the sha256 is taken."""
_START = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL = datetime(1970, 1, 1)
_WORDS = {
    "string": "text", "integer": "whole numbers", "boolean": "true or false", "date": "dates",
    "time": "times with a time zone", "local": "times without a time zone",
}  # fmt: skip
_SUCH = {
    "integer": "7", "boolean": "true", "date": "2024-03-01", "time": "2024-03-01T18:30Z",
    "local": "2024-03-01T18:30",
}  # fmt: skip


def key_kind(view: FeatureView, name: str, kind: pl.DataType) -> str:
    """What the values of the key `name` are, by the type of its column in the source.

    Raises
    ------
    DataError
        It is of a type that no key has.
    """
    if kind in (pl.String, pl.Categorical, pl.Enum):
        return "string"
    if kind.is_integer():
        return "integer"
    if kind == pl.Boolean:
        return "boolean"
    if kind == pl.Date:
        return "date"
    if isinstance(kind, pl.Datetime):
        return "time" if kind.time_zone else "local"
    raise DataError(
        f"View {view.view!r}: the key {name!r} is {kind} in {view.source}.",
        hint="keys are text, whole numbers, dates or times.",
    )


def key_texts(frame: pl.DataFrame) -> pl.Series:
    """(n,) the key of each row of `frame`, whose columns are the parts of the key; no nulls."""
    parts = [_texts(series).alias(f"k{i}") for i, series in enumerate(frame)]
    if len(parts) == 1:
        return parts[0]
    columns = [pl.col(part.name) for part in parts]
    joined = [
        pl.concat_str(column.str.len_bytes().cast(pl.String), pl.lit(":"), column)
        for column in columns
    ]
    return pl.DataFrame(parts).select(pl.concat_str(joined)).to_series()


def key_bytes(texts: Iterable[str], prefix: bytes) -> list[bytes]:
    """The keys of records, of the texts of `key_texts`."""
    return [_bounded(prefix, text.encode()) for text in texts]


def _texts(series: pl.Series) -> pl.Series:
    """The values of one part as text; moments as nanoseconds since 1970."""
    kind = series.dtype
    if isinstance(kind, pl.Datetime):
        factor = {"ns": 1, "us": 1000, "ms": 1_000_000}[kind.time_unit]
        whole = pl.lit(series.to_physical()).cast(pl.Int128) * pl.lit(factor, pl.Int128)
        return pl.select(whole.cast(pl.String)).to_series()
    if kind == pl.Date:
        return series.to_physical().cast(pl.String)
    if kind == pl.Boolean:
        return series.cast(pl.Int8).cast(pl.String)
    return series.cast(pl.String)


def read_key(name: str, text: str, kind: str) -> object:
    """The value of the key `name` that was typed as `text`; raises UsageError for none."""
    try:
        match kind:
            case "integer":
                return int(text)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "date":
                return date.fromisoformat(text)
            case "time" | "local":
                found = datetime.fromisoformat(text)
                if (found.tzinfo is None) == (kind == "local"):
                    return found
                raise ValueError
    except (ValueError, KeyError):
        raise UsageError(
            f"The key {name!r} is {_WORDS[kind]}, found {text!r}.", hint=f"such as {_SUCH[kind]}."
        ) from None
    return text


class Keys:
    """Makes the keys of the entities that a table is asked for.

    `kinds` is {name of the key: kind}, `prefix` that of the table.
    """

    def __init__(self, view: str, kinds: Mapping[str, str], prefix: bytes) -> None:
        self._view, self._kinds, self._prefix = view, tuple(kinds.items()), prefix
        self._writers = [_WRITERS[kind] for kind in kinds.values()]

    def encode(self, columns: Sequence[Sequence[object]]) -> list[bytes | None]:
        """The key of each entity, None where a part of it is null; `columns` are its parts.

        Raises
        ------
        DataError
            A value is none of the kind that the table's keys have.
        """
        try:
            if len(columns) == 1:
                write, prefix = self._writers[0], self._prefix
                return [
                    None if value is None else _bounded(prefix, write(value))
                    for value in columns[0]
                ]
            return [self._joined(values) for values in zip(*columns, strict=True)]
        except (TypeError, AttributeError):
            raise self._wrong(columns) from None

    def _joined(self, values: Iterable[object]) -> bytes | None:
        key = b""
        for write, value in zip(self._writers, values, strict=True):
            if value is None:
                return None
            part = write(value)
            key += b"%d:%b" % (len(part), part)
        return _bounded(self._prefix, key)

    def _wrong(self, columns: Sequence[Sequence[object]]) -> DataError:
        """The error for the values that are no keys."""
        wrong = (
            (name, kind, value)
            for (name, kind), values in zip(self._kinds, columns, strict=True)
            for value in values
            if not _is_key(value, kind)
        )
        name, kind, value = next(wrong)
        return DataError(
            f"The key {name!r} of view {self._view!r} is {_WORDS[kind]}, found {value!r}.",
            hint="give it as it is in the view's source.",
        )


def _is_key(value: object, kind: str) -> bool:
    try:
        return value is None or _WRITERS[kind](value) is not None
    except (TypeError, AttributeError):
        return False


def _bounded(prefix: bytes, key: bytes) -> bytes:
    """`key` behind `prefix`; a long one by its sha256, behind a byte that no text has."""
    if len(key) > LONGEST:
        return prefix + b"\xff" + sha256(key).digest()
    return prefix + key


def _string(value: object) -> bytes:
    return value.encode()  # type: ignore[attr-defined, no-any-return]


def _integer(value: object) -> bytes:
    if value is True or value is False:
        raise TypeError
    return b"%d" % index(value)  # type: ignore[arg-type]


def _boolean(value: object) -> bytes:
    if value is not True and value is not False:
        raise TypeError
    return b"%d" % value


def _date(value: object) -> bytes:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError
    return b"%d" % (value.toordinal() - _START.toordinal())


def _time(value: object) -> bytes:
    since: timedelta = value - _START  # type: ignore[operator]
    return b"%d" % (since // timedelta(microseconds=1) * 1000)


def _local(value: object) -> bytes:
    since: timedelta = value - _LOCAL  # type: ignore[operator]
    return b"%d" % (since // timedelta(microseconds=1) * 1000)


_WRITERS: dict[str, Callable[[object], bytes]] = {
    "string": _string, "integer": _integer, "boolean": _boolean, "date": _date,
    "time": _time, "local": _local,
}  # fmt: skip
