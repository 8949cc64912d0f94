"""The entities of a spine as numbers, and those of source rows among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import DataError
from proml_lab.marketplace.moment import Ints
from proml_lab.marketplace.view import FeatureView

Words = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
Weaken = Callable[[Words], Words]
SPINE = "the spine"
"""What gives the keys that no view does, in words."""
_TEXT = (pl.String, pl.Categorical, pl.Enum)
_ALL: Flags = np.empty(0, np.bool_)


@dataclass(frozen=True, eq=False)
class Entities:
    """The entities that a spine asks about, from 0 in the order in which they first appear.

    `labels` (n,) has the number of each label, -1 for one with a null key; `n` is how many there
    are.
    """

    labels: Ints
    n: int
    _columns: tuple[_Column, ...]
    _pairs: tuple[_Column, ...]

    def find(self, keys: Sequence[pl.Series]) -> Ints:
        """(m,) the entity of each source row, -1 where it is none of the spine's.

        `keys` are columns that correspond to those of `number`, in order and type.
        """
        found = self._columns[0].find(keys[0])
        for column, pair, key in zip(self._columns[1:], self._pairs, keys[1:], strict=True):
            found = pair.find(_paired(found, column.find(key), column.n))
        return found


def number(keys: Sequence[pl.Series], *, weaken: Weaken | None = None) -> Entities:
    """Number the entities of a spine by its key columns, (n,) each.

    `weaken` changes the hashes of the tables: whatever it does, the answers are the same.
    """
    columns = [_column(key, weaken) for key in keys]
    codes, column = columns[0]
    n, pairs = column.n, []
    for other, next_ in columns[1:]:
        codes, pair = _column(_paired(codes, other, next_.n), weaken)
        n = pair.n
        pairs.append(pair)
    return Entities(codes, n, tuple(column for _, column in columns), tuple(pairs))


class _Column(Protocol):
    n: int

    def find(self, keys: pl.Series) -> Ints: ...


class _Whole:
    """Numbers of whole numbers, and of what is stored as such."""

    def __init__(self, slots: npt.NDArray[np.int32], distinct: Ints, weaken: Weaken | None) -> None:
        self.n, self._slots, self._distinct, self._weaken = distinct.size, slots, distinct, weaken

    def find(self, keys: pl.Series) -> Ints:
        from proml_lab.kernels import numbering

        values, there = _wholes(keys)
        hashes = _hashed(numbering.mixed(values), self._weaken)
        return numbering.find_ints(values, hashes, there, self._slots, self._distinct)


class _Text:
    """Numbers of texts and bytes."""

    def __init__(
        self,
        table: tuple[npt.NDArray[np.int32], Ints, Words, Ints, npt.NDArray[np.uint8]],
        weaken: Weaken | None,
    ) -> None:
        self.n, self._table, self._weaken = table[1].size, table, weaken

    def find(self, keys: pl.Series) -> Ints:
        from proml_lab.kernels import numbering, rowhash

        offsets, data, there = _texts(keys)
        hashes = _hashed(rowhash.texts(offsets, data)[0], self._weaken)
        return numbering.find_texts(offsets, data, hashes, there, self._table)


def _column(keys: pl.Series, weaken: Weaken | None) -> tuple[Ints, _Column]:
    """The numbers of one key column and the table to find them by."""
    from proml_lab.kernels import numbering, rowhash

    if keys.dtype in (pl.String, pl.Binary):
        offsets, data, there = _texts(keys)
        hashes = _hashed(rowhash.texts(offsets, data)[0], weaken)
        codes, slots, first, kept = numbering.number_texts(offsets, data, hashes, there)
        return codes, _Text((slots, first, kept, offsets, data), weaken)
    values, there = _wholes(keys)
    hashes = _hashed(numbering.mixed(values), weaken)
    codes, slots, distinct = numbering.number_ints(values, hashes, there)
    return codes, _Whole(slots, distinct, weaken)


def _hashed(hashes: Words, weaken: Weaken | None) -> Words:
    return weaken(hashes) if weaken else hashes


def _paired(first: Ints, second: Ints | npt.NDArray[np.int64], n: int) -> pl.Series:
    """Two numbers as one, the second of `n`; null where one is -1."""
    both = pl.Series(first * max(n, 1) + second)
    return both.set(pl.Series((first < 0) | (second < 0)), None)


def _wholes(keys: pl.Series) -> tuple[Ints, Flags]:
    """(n,) the numbers of a column, and which are there; empty where all are."""
    whole = keys.to_physical().cast(pl.Int64)
    if not whole.null_count():
        return whole.to_numpy(), _ALL
    return whole.fill_null(0).to_numpy(), whole.is_not_null().to_numpy()


def _texts(keys: pl.Series) -> tuple[Ints, npt.NDArray[np.uint8], Flags]:
    """(n + 1,) offsets into the bytes of a column, these, and which texts are there."""
    array = keys.to_arrow()
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    bytes_ = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return bounds, bytes_, keys.is_not_null().to_numpy() if keys.null_count() else _ALL


def key_type(
    label: pl.Series, kind: pl.DataType, view: FeatureView, *, giver: str = SPINE
) -> pl.DataType:
    """The type in which a key column of the labels and that of the source, of `kind`, are compared.

    `giver` is where the labels have it from, in words.

    Raises
    ------
    DataError
        They are of two types, or of one that is no key.
    """
    ours = label.dtype
    if ours in _TEXT and kind in _TEXT:
        return pl.String()
    if ours.is_integer() and kind.is_integer():
        wide = {type(one) for one in (ours, kind)} & {pl.UInt64, pl.Int128, pl.UInt128}
        return pl.String() if wide else pl.Int64()
    if ours == kind and (ours.is_temporal() or ours in (pl.Boolean, pl.Binary)):
        return ours
    if ours == kind and isinstance(ours, pl.Decimal):
        return pl.String()
    raise DataError(
        f"View {view.view!r} joins on {label.name!r}, which is {ours} in {giver} and {kind} "
        f"in {view.source}.",
        hint="keys are text, whole numbers, dates or times, and of one type on both sides.",
    )


def require_shared(
    view: FeatureView,
    rows: Sequence[pl.Series],
    labels: Sequence[pl.Series],
    givers: Sequence[str],
) -> None:
    """Raises DataError: which key column of a training set meets none of the view's keys, and why.

    To predict for new entities alone is sensible, to learn from them is not. `rows` and `labels`
    have the key columns of both sides, `givers` say where the labels have each from; nothing is
    raised where each column has a value in common.
    """
    if not len(rows[0]):
        raise DataError(
            f"View {view.view!r}: {view.source} has no rows, so there is nothing to learn from.",
            hint="leave the view out until it has some.",
        )
    for row, label, giver in zip(rows, labels, givers, strict=True):
        ours, theirs = label.drop_nulls().unique(), row.drop_nulls().unique()
        joins = f"View {view.view!r} joins on {label.name!r}, and"
        for values, name, place in (
            (ours, label.name, giver),
            (theirs, row.name, view.source),
        ):
            if not len(values):
                raise DataError(
                    f"{joins} {name!r} is null in every row of {place}.",
                    hint="a row without a key is never joined: fill it, or name another column.",
                )
        if not ours.is_in(theirs.implode()).any():
            raise DataError(
                f"{joins} no value of it in {giver} is in {row.name!r} of {view.source}.",
                hint=f"compare spelling and case: {giver} has {ours.min()!r}, the source "
                f"{theirs.min()!r}.",
            )
