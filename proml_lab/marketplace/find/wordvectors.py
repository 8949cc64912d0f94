"""Word vectors of a local model: a text file, a line a word with its numbers; never downloaded."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b, sha256
from itertools import count
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from proml_lab.errors import SourceError
from proml_lab.marketplace.find import shelf
from proml_lab.marketplace.find.words import words
from proml_lab.statefolder import state_folder

Floats = npt.NDArray[np.float32]
LARGEST = 3_000_000_000
"""Bytes that a model may have."""
N_WORDS = 3_000_000
"""Words that are taken of a model, from its beginning on: there the frequent ones stand."""
MOST_NUMBERS = 1024
"""Numbers that a word may have."""
N_COMMON = 5000
"""Words, the first of a model, whose mean is taken off all vectors."""
_LONGEST = 1 << 16
_FORMAT = 1
_FILE = "search.model"
_HINT = (
    "the setting search.model of the workspace names a text file with a word and its numbers a "
    "line, as word2vec, GloVe and fastText write them."
)


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Where the line of each word of a model begins; its numbers stay in `file`.

    `state` tells one content of the file from another; `hashes` (N,) of the words ascend, `at`
    (N,) are the bytes at which their lines begin, `centre` (d,) is the mean of frequent words.
    """

    file: Path
    state: str
    hashes: npt.NDArray[np.uint64] = field(repr=False)
    at: npt.NDArray[np.int64] = field(repr=False)
    centre: Floats = field(repr=False)

    def vectors(self, asked: Sequence[str]) -> Floats:
        """(m, d) a vector of length 1 for each word, zeros for one that the model has not.

        Raises
        ------
        SourceError
            The model cannot be read, or what it says of one of the words is no vector.
        """
        found = np.zeros((len(asked), self.centre.size), np.float32)
        if not asked or not self.hashes.size:
            return found
        mine = np.array([_hash(word) for word in asked], np.uint64)
        spots = np.minimum(np.searchsorted(self.hashes, mine), self.hashes.size - 1)
        there = np.flatnonzero(self.hashes[spots] == mine)
        with _opened(self.file) as lines:
            for i in map(int, there):
                lines.seek(int(self.at[spots[i]]))
                line = lines.readline(_LONGEST)
                if _word(line.partition(b" ")[0]) != asked[i]:
                    raise SourceError(
                        f"{self.file} changed while it was read.", hint="search again."
                    )
                found[i] = _unit(_numbers(self.file, line, self.centre.size) - self.centre)
        return found


def open_model(file: Path, root: Path) -> WordVectors:
    """The model in `file`; where its words stand is kept in ``.proml/search.model`` of `root`.

    It is read whole once a state: size and time of change.

    Raises
    ------
    SourceError
        It cannot be read, is too large, or is no word vectors as text.
    """
    try:
        stat = file.stat()
    except OSError as error:
        raise SourceError(
            f"The model {file} cannot be read: {error.strerror}.", hint=_HINT
        ) from None
    if not file.is_file():  # a pipe would be waited for
        raise _refused(f"The model {file} is no file.")
    said = json.dumps([_FORMAT, str(file), stat.st_size, stat.st_mtime_ns])
    return _model(file, root, sha256(said.encode()).hexdigest(), stat.st_size)


@lru_cache(maxsize=2)
def _model(file: Path, root: Path, state: str, size: int) -> WordVectors:
    kept = shelf.read(state_folder(root, _FILE))
    if kept is None or kept[0].get("state") != state:
        made = _read(file, state, size)
        arrays: shelf.Arrays = {"hashes": made.hashes, "at": made.at, "centre": made.centre}
        shelf.write(state_folder(root, _FILE), {"state": state}, arrays)
        return made
    return WordVectors(file, state, **kept[1])


def _read(file: Path, state: str, size: int) -> WordVectors:
    if size > LARGEST:
        raise SourceError(
            f"The model {file} has {size / 1e9:.1f} GB; at most {LARGEST / 1e9:.0f} GB are read.",
            hint="keep its first lines, which are the frequent words: head -n 400001 OLD > NEW.",
        )
    places: dict[int, int] = {}
    common: list[Floats] = []
    with _opened(file) as lines:
        n_numbers, at = _beginning(file, lines)
        for number in count(1 + (at > 0)):
            line = lines.readline(_LONGEST)
            if not line or len(places) == N_WORDS:
                break
            n = line.strip().count(b" ")
            if n < n_numbers:
                raise _refused(
                    f"Line {number} of the model {file} has {n} numbers, not {n_numbers}."
                )
            word = _word(line.partition(b" ")[0]) if n == n_numbers else ""
            if word and places.setdefault(_hash(word), at) == at and len(common) < N_COMMON:
                common.append(_numbers(file, line, n_numbers))
            at += len(line)
    if not places:
        raise _refused(f"The model {file} has no words.")
    hashes = np.fromiter(places, np.uint64, len(places))
    order = np.argsort(hashes)
    spots = np.frombuffer(array("q", places.values()), np.int64)
    return WordVectors(file, state, hashes[order], spots[order], np.mean(common, axis=0))


def _beginning(file: Path, lines: BinaryIO) -> tuple[int, int]:
    """How many numbers each word has, and where the first word's line begins, where `lines` is
    then: after a line that only says how many words and numbers there are, if there is one.
    """
    first = lines.readline(_LONGEST)
    if first[:1] == b"\x80" or first[:2] == b"PK":
        raise _refused(f"The model {file} is a pickle or an archive, which is not opened.")
    try:
        fields = first.decode().split()
    except UnicodeDecodeError:
        fields = []
    headed = len(fields) == 2 and all(one.isdecimal() for one in fields)
    n_numbers = int(fields[1]) if headed else len(fields) - 1
    if not first:
        raise _refused(f"The model {file} is empty.")
    if not first.endswith(b"\n") or b"\0" in first or n_numbers < 2:
        raise _refused(f"The model {file} is no word vectors as text.")
    if n_numbers > MOST_NUMBERS:
        raise _refused(
            f"The model {file} has {n_numbers:,} numbers a word; at most {MOST_NUMBERS:,} are read."
        )
    lines.seek(len(first) if headed else 0)
    return n_numbers, lines.tell()


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise SourceError(
            f"The model {file} cannot be read: {error.strerror}.", hint=_HINT
        ) from None


def _word(token: bytes) -> str:
    """The word as texts are looked through for it; "" for what is no single word of letters."""
    if token.isalpha() and token.islower():
        return token.decode()
    found = words(token.decode("utf-8", "replace"))
    return found[0] if len(found) == 1 and found[0].isalpha() else ""


def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")


def _numbers(file: Path, line: bytes, n: int) -> Floats:
    """(n,) the numbers of a word's line as a vector of length 1; zeros where all are."""
    word, *said = line.split()
    try:
        found = np.array([float(one) for one in said], np.float64)
    except ValueError:
        found = np.array([np.nan])
    if found.size != n or not np.isfinite(found).all():
        name = word.decode("utf-8", "replace")
        raise _refused(f"The model {file} has something else than {n} numbers for {name!r}.")
    return _unit(found)


def _unit(vector: npt.NDArray[np.floating]) -> Floats:
    size = float(np.sqrt(vector @ vector))
    return (vector / size if size > 0 else vector * 0).astype(np.float32)


def _refused(said: str) -> SourceError:
    return SourceError(said, hint=_HINT)
