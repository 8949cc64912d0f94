"""Numbers of distinct values against a dictionary, with hashes of every quality."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from proml_lab.kernels import numbering
from tests.soak import seeds


def numbers(values: list[object]) -> dict[object, int]:
    found: dict[object, int] = {}
    for value in values:
        if value is not None:
            found.setdefault(value, len(found))
    return found


def weakened(hashes: np.ndarray, bits: int) -> np.ndarray:
    return hashes & np.uint64(2**bits - 1)


def test_mixing_is_one_to_one_and_differs() -> None:
    values = np.array([0, 1, -1, 2**63 - 1, -(2**63)])
    mixed = numbering.mixed(values)
    assert len(set(mixed.tolist())) == 5
    assert mixed.dtype == np.uint64


@pytest.mark.parametrize("bits", [0, 3, 63])
@pytest.mark.parametrize("seed", seeds(3))
def test_whole_numbers(seed: int, bits: int) -> None:
    rng = np.random.default_rng(seed)
    n = 300 if bits == 0 else 5000
    values = rng.integers(-(2**62), 2**62, n)[rng.integers(0, n, n)]
    there = rng.random(n) > 0.1
    known = numbers([v if t else None for v, t in zip(values.tolist(), there, strict=True)])
    hashes = weakened(numbering.mixed(values), bits)
    codes, slots, distinct = numbering.number_ints(values, hashes, there)
    want = [known[v] if t else -1 for v, t in zip(values.tolist(), there, strict=True)]
    assert codes.tolist() == want
    assert distinct.tolist() == list(known)
    asked = np.append(values[::3], rng.integers(0, 9, 50))
    found = numbering.find_ints(
        asked, weakened(numbering.mixed(asked), bits), np.empty(0, np.bool_), slots, distinct
    )
    assert found.tolist() == [known.get(v, -1) for v in asked.tolist()]


def parts(texts: list[str | None]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    column = pl.Series(texts, dtype=pl.String)
    _, offsets, data = column.to_arrow().buffers()
    there = column.is_not_null().to_numpy()
    return np.frombuffer(offsets, np.int64)[: len(texts) + 1], np.frombuffer(data, np.uint8), there


@pytest.mark.parametrize("bits", [0, 2, 63])
@pytest.mark.parametrize("seed", seeds(3))
def test_texts(seed: int, bits: int) -> None:
    rng = np.random.default_rng(seed)
    n = 200 if bits == 0 else 4000
    some = [None, "", "ä", *(f"k{i % 700}" * (i % 4) for i in range(n))]
    texts = [some[i] for i in rng.integers(0, len(some), n)]

    def hashed(values: list[str | None]) -> np.ndarray:
        words = [hash(value) & (2**63 - 1) for value in values]
        return weakened(np.array(words, np.uint64), bits)

    known = numbers(list(texts))
    offsets, data, there = parts(texts)
    codes, *table = numbering.number_texts(offsets, data, hashed(texts), there)
    assert codes.tolist() == [known.get(text, -1) for text in texts]
    asked = [*texts[::2], "not there", "k", None]
    more, bytes_, here = parts(asked)
    found = numbering.find_texts(more, bytes_, hashed(asked), here, (*table, offsets, data))
    assert found.tolist() == [known.get(text, -1) for text in asked]
