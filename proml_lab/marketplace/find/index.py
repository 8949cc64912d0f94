"""The index of a catalogue's features: which words each has, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.marketplace.find import shelf
from proml_lab.marketplace.find.vocabulary import EXACT, START, Ids, Vocabulary
from proml_lab.marketplace.find.words import telling, words

if TYPE_CHECKING:
    import pyarrow as pa

    from proml_lab.marketplace.find.synonyms import Synonyms

Scores = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
SAID = {
    "view": pl.String(), "feature": pl.String(), "type": pl.String(), "owner": pl.String(),
    "tags": pl.List(pl.String()), "entities": pl.List(pl.String()), "unit": pl.String(),
    "description": pl.String(), "formula": pl.String(), "source": pl.String(),
    "status": pl.String(), "sensitivity": pl.String(),
}  # fmt: skip
"""What is said of a feature, and its type."""
FORMULA, TEXT, TAG, VIEW, NAME = range(5)
"""Places where a word may stand, the least telling first."""
WEIGHTS = np.array([1, 2, 4, 5, 8], np.float32)
"""How much a word counts in each place."""
FORMAT = 2
"""Number of the form in which an index is kept; with another, one is made anew."""
STANDING = {"active": 1.0, "draft": 0.9, "deprecated": 0.5}
"""What a feature of each status keeps of its score."""
_OWN = ("starts", "rows", "places", "name_sizes", "table", "meanings")
MEANT = 0.6
"""How much a synonym counts, against the word that was asked for."""


@dataclass(frozen=True, eq=False)
class Index:
    """Words and facets of n features, in the order of the catalogue.

    `starts` (V+1,) says where the places of each word begin in `rows` and `places` (P,): which
    features have it, and the most telling `Place` in each. `name_sizes` (n,) are the numbers of
    words in names, `table` is an Arrow file of what is said of the features, `meanings` has the
    meaning of each view in the order of ``values["view"]``, and `codes` and `values` have, for
    each facet, (starts (n+1,), codes (m,)) and what the codes mean.
    """

    vocabulary: Vocabulary
    starts: npt.NDArray[np.int64] = field(repr=False)
    rows: npt.NDArray[np.int32] = field(repr=False)
    places: npt.NDArray[np.uint8] = field(repr=False)
    name_sizes: npt.NDArray[np.uint8] = field(repr=False)
    table: npt.NDArray[np.uint8] = field(repr=False)
    meanings: npt.NDArray[np.bytes_] = field(repr=False)
    codes: Mapping[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]] = field(repr=False)
    values: Mapping[str, list[str]] = field(repr=False)

    def __len__(self) -> int:
        return len(self.name_sizes)

    @classmethod
    def read(cls, file: Path, key: str) -> Index | None:
        """The index that `write` kept under `key`; None where there is none, or a damaged one."""
        found = shelf.read(file)
        if found is None or found[0].get("key") != key:
            return None
        facts, arrays = found
        return cls(
            Vocabulary(**_below("vocabulary", arrays)),
            **{name: arrays[name] for name in _OWN},
            codes={
                name: (arrays[f"facet/{name}/starts"], arrays[f"facet/{name}/codes"])
                for name in facts["values"]
            },
            values=facts["values"],
        )

    def write(self, file: Path, key: str) -> None:
        """Keep the index in `file`; `key` tells the state of the catalogue that it is of."""
        arrays: dict[str, npt.NDArray[Any]] = {name: getattr(self, name) for name in _OWN}
        arrays |= {f"vocabulary/{name}": one for name, one in self.vocabulary.arrays().items()}
        for name, (starts, codes) in self.codes.items():
            arrays |= {f"facet/{name}/starts": starts, f"facet/{name}/codes": codes}
        shelf.write(file, {"key": key, "values": dict(self.values)}, arrays)

    def said(self, rows: npt.NDArray[np.int64]) -> pl.DataFrame:
        """What is said of the features numbered `rows`, in that order."""
        import pyarrow as pa

        return pl.DataFrame(self._arrow.take(pa.array(rows)), schema=SAID)

    @cached_property
    def names(self) -> pl.DataFrame:
        """(n, 3) ``view``, ``feature``, and the ``meaning`` of the view."""
        said = pl.DataFrame(self._arrow.select(["view", "feature"]))
        meanings = pl.Series("meaning", self.meanings.astype(str), dtype=pl.String)
        return said.with_columns(meanings.gather(self.codes["view"][1]))

    @cached_property
    def alphabet(self) -> npt.NDArray[np.int64]:
        """(n,) the place of each feature in the order of names."""
        order = self.names.select(pl.col("view") + "." + pl.col("feature")).to_series().arg_sort()
        places = np.empty(len(self), np.int64)
        places[order.to_numpy()] = np.arange(len(self))
        return places

    @cached_property
    def _arrow(self) -> pa.Table:
        import pyarrow as pa

        return pa.ipc.open_file(pa.py_buffer(self.table)).read_all()

    def scores(self, text: str, synonyms: Synonyms | None = None) -> Scores:
        """(n,) how well each feature matches the words of `text`, 0 if it does not.

        Where no feature matches all words, those that match some. Without words, all are 1.
        How it is reckoned: docs/method.md#finding-features.
        """
        asked = telling(words(text))
        if not asked:
            return np.ones(len(self), np.float32)
        groups = synonyms.groups(asked) if synonyms else [((word,), ()) for word in asked]
        total = np.zeros(len(self), np.float32)
        named = np.zeros(len(self), np.float32)
        everywhere = np.ones(len(self), np.bool_)
        for own, others in groups:
            score, in_name = self._together(own)
            for other in others:
                score = np.maximum(score, MEANT * self._together(other)[0])
            matched = score > 0
            rarity = np.log1p(len(self) / max(int(matched.sum()), 1)) / np.log1p(max(len(self), 1))
            total += score * np.float32(rarity)
            named += in_name
            everywhere &= matched
        if everywhere.any():
            total *= everywhere
        share = np.minimum(named / np.maximum(self.name_sizes, 1), 1)
        return total * (1 + share / 2).astype(np.float32)

    @cached_property
    def standing(self) -> Scores:
        """(n,) what drafts and deprecated features keep of their scores."""
        worth = np.array([STANDING[name] for name in self.values["status"]], np.float32)
        return worth[self.codes["status"][1]]

    def nearest(self, text: str) -> tuple[str, ...]:
        """Up to five words of names, views and tags, those most like the words of `text` first."""
        import difflib

        sizes = np.diff(self.starts)
        best = np.maximum.reduceat(self.places, self.starts[:-1]) if len(sizes) else sizes
        among = np.flatnonzero(best >= TAG)
        near = []
        for asked in words(text):
            alike = self.vocabulary.similar(asked, among)
            near += difflib.get_close_matches(asked, alike, 3)
        common = among[np.argsort(-sizes[among], kind="stable")[:5]]
        return tuple(dict.fromkeys(near or [self.vocabulary.words[i] for i in common]))[:5]

    def _together(self, asked: tuple[str, ...]) -> tuple[Scores, Scores]:
        """(n,) scores of the features that have all words, and how many are in their names."""
        total, named = self._matches(asked[0])
        for word in asked[1:]:
            score, in_name = self._matches(word)
            total = np.where((total > 0) & (score > 0), total + score, 0)
            named = named + in_name
        return total, named

    def _matches(self, word: str) -> tuple[Scores, Scores]:
        """(n,) scores for one word, and 1 where it stands in, or begins a word of, the name."""
        found = np.zeros(len(self), np.float32)
        for quality, ids in self.vocabulary.alike(word):
            spots = self._spots(ids)
            values = (quality * WEIGHTS)[self.places[spots]]
            np.maximum.at(found, self.rows[spots], values.astype(np.float32))
        in_name = found >= np.float32(START * WEIGHTS[NAME] / EXACT)
        return found, in_name.astype(np.float32)

    def _spots(self, ids: Ids) -> Ids | slice:
        """Numbers of the places of all words `ids`, which ascend."""
        if ids.size and ids[-1] - ids[0] == ids.size - 1:
            return slice(int(self.starts[ids[0]]), int(self.starts[ids[-1] + 1]))
        sizes = self.starts[ids + 1] - self.starts[ids]
        before = np.cumsum(sizes) - sizes
        return np.repeat(self.starts[ids] - before, sizes) + np.arange(sizes.sum())


def _below(head: str, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    start = f"{head}/"
    return {name.removeprefix(start): a for name, a in arrays.items() if name.startswith(start)}
