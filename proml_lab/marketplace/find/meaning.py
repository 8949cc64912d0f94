"""Features near a text in meaning, by the word vectors of a local model."""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from proml_lab.marketplace.find import shelf
from proml_lab.marketplace.find.index import WEIGHTS, Index, Mask, Scores
from proml_lab.marketplace.find.vocabulary import Ids
from proml_lab.marketplace.find.words import telling, words
from proml_lab.marketplace.find.wordvectors import Floats, WordVectors, open_model
from proml_lab.promoting import promoting
from proml_lab.statefolder import state_folder

LEAST = 0.5
"""The cosine from which on a feature is near a text in meaning."""
NEAREST = 0.8
"""How much of the greatest cosine among those that words do not find it must have, too."""
RARE = 1e-3
"""A word that is this share of all words of the catalogue counts half of one that is not in it."""
SHORTEST = 3
"""Letters that each part of a word has that is taken as two."""
LONG = 4
"""Letters of a word that other words of the catalogue are tried for."""
_MOST = 16
_BLOCK = 1 << 17
"""Numbers that are looked at together: of more, several threads would, and wait for each other."""
_FORMAT = 1
_FILE = "search.meaning"
_LEVELS = 127


class MeaningWarning(UserWarning):
    """The model of the workspace is not there; search goes on by words alone."""


@dataclass(frozen=True, eq=False)
class Meaning:
    """Vectors of the n features of `index`: (n, d) whole numbers, each row times its `scale` (n,)
    of length 1; zeros where no word of a feature is in the model.
    """

    index: Index
    model: WordVectors
    vectors: npt.NDArray[np.int8] = field(repr=False)
    scales: Floats = field(repr=False)

    def near(self, text: str, found: Mask) -> Scores:
        """(n,) the cosine of each feature with `text`, 0 for those that are not near.

        Those that are `found` (n,) already are passed over. None is near where more than half of
        the words are unknown.

        Notes
        -----
        Source: docs/method.md#meaning.
        """
        asked = self.vector(text)
        cosines = np.zeros(len(self.vectors), np.float32)
        if not asked.any():
            return cosines
        n_rows = _BLOCK // asked.size
        block = np.empty((n_rows, asked.size), np.float32)
        for start in range(0, len(cosines), n_rows):
            some = self.vectors[start : start + n_rows]
            block[: len(some)] = some
            np.matmul(block[: len(some)], asked, out=cosines[start : start + n_rows])
        cosines *= self.scales
        cosines[found] = 0
        cosines[cosines < max(LEAST, NEAREST * float(cosines.max(initial=0)))] = 0
        return cosines

    def vector(self, text: str) -> Floats:
        """(d,) the vector of `text`, of length 1, or zeros."""
        asked = [word for word in telling(words(text)) if word.isalpha()]
        found = self.model.vectors(asked)
        for i in np.flatnonzero(~found.any(axis=1)):
            found[i] = self._guessed(asked[i])
        known = found.any(axis=1)
        if not known.any() or 2 * known.sum() < len(asked):
            return np.zeros(found.shape[1], np.float32)
        return _unit(_weights(self.index, _sizes(self.index, asked)) @ found)

    def _guessed(self, word: str) -> Floats:
        """Of a word that the model has not: of its two parts, else of what else it may mean."""
        for at in range(SHORTEST, len(word) - SHORTEST + 1):
            pair = self.model.vectors([word[:at], word[at:]])
            if pair.any(axis=1).all():
                return _unit(pair.sum(axis=0))
        meanings = self.index.vocabulary.alike(word) if len(word) >= LONG else []
        for _, ids in meanings:
            meant = self.model.vectors([self.index.vocabulary.words[i] for i in ids[:_MOST]])
            if meant.any():
                return _unit(meant.sum(axis=0))
        return np.zeros(self.model.centre.size, np.float32)


def open_meaning(root: Path, model: str, index: Index) -> Meaning | None:
    """What `model`, a path from `root`, makes of the features of `index`; None without a model.

    It is kept in ``.proml/search.meaning`` of `root`, and made anew for another model or index.
    In a promotion there is none: its notebook is to say the same where the model is not.

    Raises
    ------
    SourceError
        The model is not one that can be read.

    Warns
    -----
    MeaningWarning
        It is not there; once a process.
    """
    if not model or promoting():
        return None
    file = root / Path(model).expanduser()
    if not file.exists():
        _tell(file)
        return None
    return _meaning(root, open_model(file, root), index)


@lru_cache(maxsize=32)
def _tell(file: Path) -> None:
    warnings.warn(
        f"The model {file} is not there: search goes by words alone. "
        "Put it there, or change the setting search.model of the workspace.",
        MeaningWarning,
        stacklevel=4,
    )


@lru_cache(maxsize=4)
def _meaning(root: Path, model: WordVectors, index: Index) -> Meaning:
    of_index = sha256(index.files.tobytes()).hexdigest()
    key = f"{_FORMAT} {of_index} {model.state}"
    kept = shelf.read(state_folder(root, _FILE))
    if kept is not None and kept[0].get("key") == key:
        return Meaning(index, model, **kept[1])
    made = embed(index, model)
    shelf.write(
        state_folder(root, _FILE), {"key": key}, {"vectors": made.vectors, "scales": made.scales}
    )
    return made


def embed(index: Index, model: WordVectors) -> Meaning:
    """The vectors of all features: means of their words', by place and rarity."""
    known = index.vocabulary.words
    vectors = model.vectors([word if word.isalpha() else "" for word in known])
    vectors *= _weights(index, np.diff(index.starts))[:, None]
    used = np.repeat(vectors.any(axis=1), np.diff(index.starts))
    word = np.repeat(np.arange(len(known)), np.diff(index.starts))[used]
    rows, places = index.rows[used], index.places[used]
    order = np.argsort(rows, kind="stable")
    word, weights = word[order], WEIGHTS[places[order]]
    starts = np.searchsorted(rows[order], np.arange(len(index) + 1))
    found = np.zeros((len(index), vectors.shape[1]), np.int8)
    scales = np.zeros(len(index), np.float32)
    n_rows = _BLOCK // vectors.shape[1]
    for first in range(0, len(index), n_rows):
        at = starts[first : first + n_rows + 1]
        sums = _sums(vectors[word[at[0] : at[-1]]] * weights[at[0] : at[-1], None], at - at[0])
        some = slice(first, first + len(sums))
        largest = np.abs(sums).max(axis=1, initial=0)
        steps = np.where(largest > 0, _LEVELS / np.where(largest > 0, largest, 1), 0)
        found[some] = np.rint(sums * steps[:, None])
        sizes = np.linalg.norm(found[some].astype(np.float32), axis=1)
        scales[some] = np.divide(1, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    return Meaning(index, model, found, scales)


def _sums(parts: Floats, starts: Ids) -> Floats:
    """(k, d) sums of the stretches of `parts` from one of `starts` (k+1,) to the next."""
    sums = np.zeros((len(starts) - 1, parts.shape[1]), np.float32)
    some = np.flatnonzero(np.diff(starts))
    if some.size:
        sums[some] = np.add.reduceat(parts, starts[some], axis=0)
    return sums


def _weights(index: Index, sizes: npt.NDArray[np.int64]) -> Floats:
    """(m,) how much words count that `sizes` features have each: less the more there are."""
    total = max(int(index.starts[-1]), 1)
    return (RARE / (RARE + sizes / total)).astype(np.float32)


def _sizes(index: Index, asked: Sequence[str]) -> npt.NDArray[np.int64]:
    """(m,) how many features have each word."""
    known = index.vocabulary.words
    spots = [bisect_left(known, word) for word in asked]
    pairs = zip(spots, asked, strict=True)
    return np.array(
        [
            index.starts[at + 1] - index.starts[at] if known[at : at + 1] == [word] else 0
            for at, word in pairs
        ],
        np.int64,
    )


def _unit(vector: Floats) -> Floats:
    size = float(np.sqrt(vector @ vector))
    return vector / np.float32(size) if size > 0 else vector
