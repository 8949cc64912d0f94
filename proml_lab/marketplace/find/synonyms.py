"""Words that mean the same here: a small list beside the workspace's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import Field, field_validator

from proml_lab import document
from proml_lab.document import Document
from proml_lab.marketplace.find.words import telling, words

FILE = "synonyms.yaml"
Words = tuple[str, ...]


class SynonymList(Document):
    """What ``synonyms.yaml``, beside ``proml.toml``, may say."""

    synonyms: tuple[tuple[str, ...], ...] = Field(
        description="lists of words, or of short phrases, that mean the same"
    )

    @field_validator("synonyms")
    @classmethod
    def _lists_of_words(cls, lists: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        for one in lists:
            for text in one:
                if not words(text):
                    raise ValueError(f"found {text!r}, which has no word in it")
            if len({tuple(telling(words(text))) for text in one}) < 2:
                raise ValueError(f"found {list(one)}; at least two that differ are needed")
        return lists


@dataclass(frozen=True)
class Synonyms:
    """Lists of phrases that mean the same, each phrase as its words."""

    lists: tuple[tuple[Words, ...], ...] = field(default=())

    def groups(self, asked: Sequence[str]) -> list[tuple[Words, tuple[Words, ...]]]:
        """The words `asked`, in order, as (words that belong together, what else says the same).

        The longest phrase of the lists that begins at a word is taken together.
        """
        found: list[tuple[Words, tuple[Words, ...]]] = []
        at = 0
        while at < len(asked):
            sizes = range(min(self._longest, len(asked) - at), 0, -1)
            tried = (tuple(asked[at : at + n]) for n in sizes)
            own = next((one for one in tried if one in self._same), (asked[at],))
            found.append((own, self._same.get(own, ())))
            at += len(own)
        return found

    @cached_property
    def _same(self) -> Mapping[Words, tuple[Words, ...]]:
        found: dict[Words, dict[Words, None]] = {}
        for one in self.lists:
            for phrase in one:
                found.setdefault(phrase, {}).update(dict.fromkeys(p for p in one if p != phrase))
        return {phrase: tuple(others) for phrase, others in found.items()}

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._same), default=1)


def read_synonyms(root: Path) -> Synonyms:
    """The synonyms of the workspace in `root`; none where it has no list.

    Raises
    ------
    SpecError
        The list cannot be read: every mistake, with file and line.
    """
    file = root / FILE
    try:
        stat = file.stat()
    except OSError:
        return Synonyms()
    return _read(file, (stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=8)
def _read(file: Path, _state: tuple[int, int]) -> Synonyms:
    """Read once per state of the file."""
    said = document.read(file, SynonymList).synonyms
    return Synonyms(tuple(tuple(tuple(telling(words(text))) for text in one) for one in said))
