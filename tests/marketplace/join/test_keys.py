"""Entities by number against a dictionary of their keys, however weak the hashes."""

from __future__ import annotations

import random
from datetime import date

import numpy as np
import polars as pl
import pytest

from proml_lab.errors import DataError
from proml_lab.marketplace.join.keys import key_type, number
from tests.marketplace.conftest import MakeView, at
from tests.soak import seeds

KINDS: dict[str, list[object]] = {
    "text": ["a", "b", "", "long enough for more than eight bytes", None],
    "whole": [1, -1, 2**62, None],
    "date": [date(2024, 1, 1), date(1900, 1, 1), None],
    "flag": [True, False, None],
    "moment": [at(0), at(1), None],
    "bytes": [b"", b"a", None],
}


@pytest.mark.parametrize("bits", [0, 64])
@pytest.mark.parametrize("seed", seeds(15))
def test_entities_equal_a_dictionary(seed: int, bits: int) -> None:
    rng = random.Random(seed)
    kinds = [KINDS[rng.choice([*KINDS])] for _ in range(rng.choice([1, 2, 3]))]

    def keys(n: int) -> list[pl.Series]:
        return [
            pl.Series([rng.choice(kind) for _ in range(n)], dtype=_type(kind)) for kind in kinds
        ]

    mask = np.uint64(2**bits - 1)
    spine, source = keys(rng.choice([1, 40])), keys(60)
    entities = number(spine, weaken=lambda hashes: hashes & mask)
    known: dict[tuple[object, ...], int] = {}
    for key, label in zip(zip(*spine, strict=True), entities.labels.tolist(), strict=True):
        assert label == (-1 if None in key else known.setdefault(key, label))
    assert len(set(known.values())) == len(known) <= entities.n
    found = entities.find(source).tolist()
    assert found == [known.get(key, -1) for key in zip(*source, strict=True)]


def _type(kind: list[object]) -> pl.DataType:
    return pl.Series(kind).dtype


def test_a_slice_of_a_column_has_its_own_keys() -> None:
    spine = pl.Series(["a", "b", "c", None, "b"])
    entities = number([spine[1:]])
    assert entities.labels.tolist() == [0, 1, -1, 0]
    assert entities.find([pl.Series(["x", "c", "b"])[1:]]).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("ours", "theirs", "compared"),
    [
        (pl.UInt64(), pl.Int8(), pl.String()),
        (pl.Int8(), pl.Int64(), pl.Int64()),
        (pl.Decimal(10, 2), pl.Decimal(10, 2), pl.String()),
        (pl.Categorical(), pl.Enum(["a"]), pl.String()),
        (pl.Time(), pl.Time(), pl.Time()),
    ],
)
def test_keys_are_compared_in_one_type(
    make_view: MakeView, ours: pl.DataType, theirs: pl.DataType, compared: pl.DataType
) -> None:
    view = make_view({"id": [1]}, event_time=None, features={"id": "integer"})
    assert key_type(pl.Series("id", [], dtype=ours), theirs, view) == compared


def test_lists_and_numbers_with_a_fraction_are_no_keys(make_view: MakeView) -> None:
    view = make_view({"id": [1]}, event_time=None, features={"id": "integer"})
    for kind in (pl.List(pl.Int64()), pl.Float64(), pl.Datetime("us")):
        other = pl.Datetime("us", "UTC") if kind == pl.Datetime("us") else kind
        with pytest.raises(DataError, match="joins on 'id', which is "):
            key_type(pl.Series("id", [], dtype=kind), other, view)
