"""Words alike: against a plain edit distance, over random words."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest

from proml_lab.marketplace.find.vocabulary import (
    EXACT,
    INSIDE,
    NEAR,
    NEAR_START,
    START,
    Vocabulary,
    distances,
)


def plain(a: str, b: str) -> int:
    """Optimal string alignment, by its recursion."""

    @cache
    def of(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        best = min(of(i - 1, j) + 1, of(i, j - 1) + 1, of(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
        if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            best = min(best, of(i - 2, j - 2) + 1)
        return best

    return of(len(a), len(b))


def some_words(rng: random.Random, n: int, letters: str = "abc") -> list[str]:
    return sorted({"".join(rng.choices(letters, k=rng.randint(1, 9))) for _ in range(n)})


@pytest.mark.parametrize("seed", range(5))
def test_distances_are_those_of_the_recursion(seed: int) -> None:
    rng = random.Random(seed)
    known = some_words(rng, 60)
    made = Vocabulary.make(known)
    for word in some_words(rng, 8):
        asked = np.array([ord(letter) for letter in word], np.uint16)
        whole, start = distances(asked, made.codes, made.sizes)
        assert whole.tolist() == [plain(word, other) for other in known]
        begun = [min(plain(word, other[:n]) for n in range(len(other) + 1)) for other in known]
        assert start.tolist() == begun


def alike(known: list[str], word: str) -> dict[str, float]:
    """By the rule, word for word."""
    found: dict[str, float] = {}
    for other in known:
        stem = word.startswith(other) and 0 < len(word) - len(other) < 3
        if other == word:
            found[other] = EXACT
        elif other.startswith(word) or stem:
            found[other] = START
        elif len(word) > 3 and word in other:
            found[other] = INSIDE
    if found or len(word) < 3:
        return found
    most = 1 if len(word) < 6 else 2
    near = {other: n for other in known if 0 < (n := plain(word, other)) <= most}
    if near:
        return {other: NEAR / n**0.5 for other, n in near.items()}
    if len(word) < 5:
        return {}
    begun = [o for o in known if min(plain(word, o[:n]) for n in range(len(o) + 1)) == 1]
    return dict.fromkeys([o for o in begun if len(o) > len(word)], NEAR_START)


@pytest.mark.parametrize("seed", range(10))
def test_words_alike_are_those_of_the_rule(seed: int) -> None:
    rng = random.Random(seed)
    letters = "abcdefghij"[: 3 + seed]
    known = some_words(rng, 40, letters)
    made = Vocabulary.make(known)
    assert made.words == known
    for word in some_words(rng, 30, letters):
        found = [(quality, ids.tolist()) for quality, ids in made.alike(word)]
        got = {known[i]: quality for quality, ids in found for i in ids}
        want = alike(known, word)
        assert all(len(ids) <= 16 for quality, ids in found if quality < INSIDE)
        assert got.items() <= want.items()
        assert len(got) == len(want) or min(want.values()) < INSIDE


def test_long_words_and_words_of_other_scripts() -> None:
    known = sorted(["a" * 30, "a" * 40, "погода", "日本語"])
    made = Vocabulary.make(known)
    assert [known[i] for _, ids in made.alike("a" * 30) for i in ids] == ["a" * 30, "a" * 40]
    assert [known[i] for _, ids in made.alike("пагода") for i in ids] == ["погода"]
    assert made.alike("zz") == []


def test_no_words_at_all() -> None:
    assert Vocabulary.make([]).alike("delay") == []
