"""Bring an index up to date from what it has: features that went are left out, others put in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from proml_lab.marketplace.find.index import Index, arrow_file
from proml_lab.marketplace.find.vocabulary import Vocabulary

Ints = npt.NDArray[np.int64]


def rebuild(old: Index, new: Index, order: Ints) -> Index:
    """The index of some features of two others, equal to the one that `build` makes of them.

    `order` are the numbers of these features, in their new order: those of `old`, and those of
    `new` from ``len(old)`` on. No view has features in both.
    """
    import pyarrow as pa

    runs = _runs(order)
    table = pa.concat_tables([old.arrow, new.arrow.cast(old.arrow.schema)])
    pieces = [table.slice(start, end - start) for start, end in runs]
    words, starts, rows, places = _postings(old, new, order)
    facets = {facet: _facet(old, new, facet, order, runs) for facet in old.values}
    meanings = {
        name: meaning
        for one in (old, new)
        for name, meaning in zip(one.values["view"], one.meanings, strict=True)
    }
    return Index(
        Vocabulary.make(words),
        starts=starts,
        rows=rows,
        places=places,
        name_sizes=np.concatenate([old.name_sizes, new.name_sizes])[order],
        table=arrow_file(pa.concat_tables(pieces) if pieces else table.slice(0, 0)),
        meanings=np.array([meanings[name] for name in facets["view"][1]], "S16"),
        codes={facet: codes for facet, (codes, _) in facets.items()},
        values={facet: values for facet, (_, values) in facets.items()},
    )


def _runs(order: Ints) -> list[tuple[int, int]]:
    """(first, end) of stretches of numbers that follow each other."""
    ends = np.flatnonzero(np.diff(order) != 1) + 1
    bounds = [0, *ends.tolist(), len(order)] if len(order) else []
    return [(int(order[a]), int(order[b - 1]) + 1) for a, b in pairwise(bounds)]


def _postings(
    old: Index, new: Index, order: Ints
) -> tuple[list[str], Ints, npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Words, starts, rows and places; those of `old` are in order, so that sorting is merging."""
    place = np.full(len(old) + len(new), -1, np.int64)
    place[order] = np.arange(len(order))
    words = sorted({*old.vocabulary.words, *new.vocabulary.words})
    number = {word: i for i, word in enumerate(words)}
    ids, rows = [], []
    for index, first in ((old, 0), (new, len(old))):
        mine = np.array([number[word] for word in index.vocabulary.words], np.int64)
        ids.append(np.repeat(mine, np.diff(index.starts)))
        rows.append(place[index.rows + first])
    row = np.concatenate(rows)
    there = row >= 0
    row, word = row[there], np.concatenate(ids)[there]
    merged = np.argsort(word * max(len(order), 1) + row, kind="stable")
    sizes = np.bincount(word, minlength=len(words))
    used = sizes > 0
    left = [one for one, keep in zip(words, used.tolist(), strict=True) if keep]
    starts = np.concatenate([[0], np.cumsum(sizes[used])])
    places = np.concatenate([old.places, new.places])[there]
    return left, starts, row[merged].astype(np.int32), places[merged]


def _facet(
    old: Index, new: Index, facet: str, order: Ints, runs: list[tuple[int, int]]
) -> tuple[tuple[Ints, npt.NDArray[np.int32]], list[str]]:
    """((starts, codes), what the codes mean), without values that nothing has any more."""
    values = sorted({*old.values[facet], *new.values[facet]})
    number = {value: i for i, value in enumerate(values)}
    codes, sizes = [], []
    for index in (old, new):
        mine = np.array([number[value] for value in index.values[facet]], np.int64)
        starts, theirs = index.codes[facet]
        codes.append(mine[theirs])
        sizes.append(np.diff(starts))
    every, size = np.concatenate(codes), np.concatenate(sizes)
    begin = np.concatenate([[0], np.cumsum(size)])
    parts = [every[begin[a] : begin[b]] for a, b in runs]
    found = np.concatenate(parts) if parts else every[:0]
    used, compact = np.unique(found, return_inverse=True)
    starts = np.concatenate([[0], np.cumsum(size[order])])
    return (starts, compact.astype(np.int32)), [values[i] for i in used]
