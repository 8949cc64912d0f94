"""The words of a catalogue, and which of them a word that was typed may mean."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from proml_lab.marketplace.find.shelf import Arrays

Ids = npt.NDArray[np.int64]
EXACT, START, INSIDE, NEAR, NEAR_START = 1.0, 0.8, 0.5, 0.4, 0.3
"""How much a word counts that is the one asked for, begins with it, has it inside, is a typing
error away from it, or begins with something that is."""
LONGEST = 24
"""Letters of a word that are compared for typing errors."""
_MOST = 16
_LAST = chr(0x10FFFF)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words in ascending order, made by `make` or mapped from a file.

    `text` (bytes) has the words between line ends, `at` (V,) where each begins; `letters` (V,) a
    set of 64 bits of each, `sizes` (V,) their lengths, and `codes` (V, 24) their letters.
    """

    text: npt.NDArray[np.uint8] = field(repr=False)
    at: npt.NDArray[np.int64] = field(repr=False)
    letters: npt.NDArray[np.uint64] = field(repr=False)
    sizes: npt.NDArray[np.uint8] = field(repr=False)
    codes: npt.NDArray[np.uint16] = field(repr=False)

    @classmethod
    def make(cls, ascending: Sequence[str]) -> Vocabulary:
        """Of words in ascending order, each once."""
        encoded = [word.encode() for word in ascending]
        text = b"\n" + b"".join(word + b"\n" for word in encoded)
        ends = np.cumsum([1, *(len(word) + 1 for word in encoded)])
        codes = _codes(ascending)
        return cls(
            np.frombuffer(text, np.uint8),
            ends[:-1].astype(np.int64),
            _letters(codes),
            np.array([min(len(word), LONGEST) for word in ascending], np.uint8),
            codes,
        )

    def arrays(self) -> Arrays:
        """What `Vocabulary(**…)` takes."""
        return {name: getattr(self, name) for name in ("text", "at", "letters", "sizes", "codes")}

    @cached_property
    def words(self) -> list[str]:
        """All words."""
        return self.text.tobytes().decode().split("\n")[1:-1]

    def alike(self, word: str) -> list[tuple[float, Ids]]:
        """Numbers of the words that `word` may mean, with how much they count.

        The word itself, those that begin with it, what it begins with save its last two letters,
        those that have it inside; only where there is none of these, those a typing error away:
        one in words of 3 to 5 letters, two in longer ones.
        """
        known = self.words
        low = bisect_left(known, word)
        high = bisect_left(known, word + _LAST, low)
        same = low < high and known[low] == word
        found = [(EXACT, np.arange(low, low + same)), (START, np.arange(low + same, high))]
        stems = [bisect_left(known, word[:-n]) for n in (1, 2) if len(word) > n]
        ends = [at for n, at in enumerate(stems, 1) if at < len(known) and known[at] == word[:-n]]
        found.append((START, np.array(ends, np.int64)))
        if len(word) > 3:
            found.append((INSIDE, self._inside(word)))
        found = [(quality, ids) for quality, ids in found if ids.size]
        return found or self._misspelt(word)

    def similar(self, word: str, among: Ids, n: int = 200) -> list[str]:
        """Up to `n` of the words numbered `among` that share most letters with `word`."""
        mine = _letters(_codes([word]))[0]
        theirs = self.letters[among]
        share = np.bitwise_count(theirs & mine) / np.maximum(np.bitwise_count(theirs | mine), 1)
        best = np.argsort(-share, kind="stable")[:n]
        return [self.words[i] for i in among[best]]

    def _inside(self, word: str) -> Ids:
        """Words that have `word` inside, not at their beginning."""
        spots = [m.start() for m in re.finditer(re.escape(word.encode()), self.text.data)]
        ids = np.searchsorted(self.at, np.array(spots, np.int64), side="right") - 1
        return np.unique(ids[self.at[ids] != spots])

    def _misspelt(self, word: str) -> list[tuple[float, Ids]]:
        most = 0 if len(word) < 3 else 1 if len(word) < 6 else 2
        if not most:
            return []
        asked = _codes([word])[0][: len(word)]
        mine = _letters(asked[None])[0]
        fits = np.abs(self.sizes.astype(np.int16) - asked.size) <= most
        among = np.flatnonzero(fits & (np.bitwise_count(self.letters ^ mine) <= 2 * most))
        whole, _ = distances(asked, self.codes[among], self.sizes[among])
        found = [(n, among[whole == n]) for n in range(1, most + 1)]
        if any(ids.size for _, ids in found):
            return [(NEAR / n**0.5, ids[:_MOST]) for n, ids in found if ids.size]
        if len(word) < 5:
            return []
        longer = (self.sizes > asked.size) & (np.bitwise_count(mine & ~self.letters) <= 1)
        among = np.flatnonzero(longer)
        _, start = distances(asked, self.codes[among], self.sizes[among])
        ids = among[start == 1]
        return [(NEAR_START, ids[:_MOST])] if ids.size else []


def distances(
    asked: npt.NDArray[np.uint16], codes: npt.NDArray[np.uint16], sizes: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Typing errors between `asked` (m,) and each word; and the best beginning of each word.

    A letter that is missing, surplus or another counts one, and so do two neighbours in the wrong
    order (optimal string alignment). `codes` is (V, 24), `sizes` (V,) at most 24.
    """
    n = len(codes)
    columns = np.ascontiguousarray(codes.T)
    width = int(sizes.max(initial=0))
    before2 = before = np.repeat(np.arange(width + 1, dtype=np.uint8)[:, None], n, axis=1)
    for i, letter in enumerate(asked, 1):
        row = np.empty_like(before)
        row[0] = i
        for j in range(1, width + 1):
            other = columns[j - 1] != letter
            best = np.minimum(before[j - 1] + other, np.minimum(before[j], row[j - 1]) + 1)
            if i > 1 and j > 1:
                swapped = (columns[j - 2] == letter) & (columns[j - 1] == asked[i - 2])
                best = np.where(swapped, np.minimum(best, before2[j - 2] + 1), best)
            row[j] = best
        before2, before = before, row
    whole = before[sizes, np.arange(n)]
    within = np.arange(width + 1)[:, None] <= sizes
    return whole, np.where(within, before, 255).min(axis=0).astype(np.uint8)


def _codes(asked: Sequence[str]) -> npt.NDArray[np.uint16]:
    """(V, 24) letters as numbers, 0 beyond the end."""
    padded = np.array([word[:LONGEST] for word in asked], f"<U{LONGEST}")
    return padded.view(np.uint32).reshape(len(asked), LONGEST).astype(np.uint16)


def _letters(codes: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint64]:
    """(V,) which letters each word has, as one bit of 64 each."""
    found = np.zeros(len(codes), np.uint64)
    for column in codes.T:
        bit = np.uint64(1) << (column & 63).astype(np.uint64)
        found |= np.where(column > 0, bit, np.uint64(0))
    return found
