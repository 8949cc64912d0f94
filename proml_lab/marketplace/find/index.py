"""The index of a catalogue's features: which words each has, and what is said of it."""

from __future__ import annotations

from bisect import bisect_left
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
_OWN = ("starts", "rows", "places", "name_sizes", "table", "meanings", "files")
MEANT = 0.6
"""How much a synonym counts, against the word that was asked for."""


@dataclass(frozen=True, eq=False)
class Index:
    """Words and facets of n features, in the order of the catalogue.

    `starts` (V+1,) says where the places of each word begin in `rows` and `places` (P,): which
    features have it, and the most telling `Place` in each. `name_sizes` (n,) are the numbers of
    words in names, `table` is an Arrow file of what is said of the features, `meanings` has the
    meaning of each view in the order of ``values["view"]``, and `codes` and `values` have, for
    each facet, (starts (n+1,), codes (m,)) and what the codes mean. `files` is what
    `opened.open_index` notes of the files that it was made of.
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
    files: npt.NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8), repr=False)

    def __len__(self) -> int:
        return len(self.name_sizes)

    @classmethod
    def read(cls, file: Path, key: str | None = None) -> Index | None:
        """The index that `write` kept under `key`; None where there is none, or a damaged one.

        Without a `key` that of any state of the catalogue, if it has the present form.
        """
        found = shelf.read(file)
        if found is None or found[0].get("format") != FORMAT:
            return None
        facts, arrays = found
        if key is not None and facts["key"] != key:
            return None
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
        shelf.write(file, {"format": FORMAT, "key": key, "values": dict(self.values)}, arrays)

    def said(self, rows: npt.NDArray[np.int64]) -> pl.DataFrame:
        """What is said of the features numbered `rows`, in that order."""
        import pyarrow as pa

        return pl.DataFrame(self.arrow.take(pa.array(rows)), schema=SAID)

    def table_of_features(self) -> pl.DataFrame:
        """What is said of all features."""
        return pl.DataFrame(self.arrow, schema=SAID)

    def has(self, name: str) -> bool:
        """Whether there is a feature ``view.feature``."""
        view, _, feature = name.rpartition(".")
        views = self.values["view"]
        at = bisect_left(views, view)
        if at == len(views) or views[at] != view:
            return False
        rows = np.flatnonzero(self.codes["view"][1] == at)
        return feature in self.arrow["feature"].take(rows).to_pylist()

    def features(self) -> list[str]:
        """Every feature as ``view.feature``, in the order of the catalogue."""
        said = self.names.select(pl.col("view") + "." + pl.col("feature"))
        found: list[str] = said.to_series().to_list()
        return found

    @cached_property
    def names(self) -> pl.DataFrame:
        """(n, 3) ``view``, ``feature``, and the ``meaning`` of the view."""
        said = pl.DataFrame(self.arrow.select(["view", "feature"]))
        meanings = pl.Series("meaning", self.meanings.astype(str), dtype=pl.String)
        return said.with_columns(meanings.gather(self.codes["view"][1]))

    @cached_property
    def alphabet(self) -> npt.NDArray[np.int64]:
        """(n,) the place of each feature in the order of names."""
        places = np.empty(len(self), np.int64)
        places[pl.Series(self.features(), dtype=pl.String).arg_sort()] = np.arange(len(self))
        return places

    @cached_property
    def arrow(self) -> pa.Table:
        """The same, as it is kept."""
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


def arrow_file(table: pa.Table) -> npt.NDArray[np.uint8]:
    """An Arrow file in memory: `Index.table`."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return np.frombuffer(sink.getvalue(), np.uint8)


def _below(head: str, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    start = f"{head}/"
    return {name.removeprefix(start): a for name, a in arrays.items() if name.startswith(start)}
