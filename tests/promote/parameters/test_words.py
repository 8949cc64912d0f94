"""``-p name=value``: what each word gives, and what is wrong with it."""

from __future__ import annotations

import pytest

from proml_lab.errors import ParameterError
from proml_lab.promote.parameters import gather_words, read_words


def test_names_and_texts() -> None:
    assert read_words(["n=3", " who = a=b ", "empty="]) == {"n": "3", "who": " a=b ", "empty": ""}


def test_every_wrong_word_is_told_at_once() -> None:
    words = ["n", "m=1", "m=1", "m=3", "=5", "k=1", "k", "ok=1"]
    with pytest.raises(ParameterError) as caught:
        read_words(words)
    assert str(caught.value).splitlines() == [
        "-p n has no value (write -p n=VALUE).",
        "-p m stands twice: 1 and 1 (give it once; for a sweep write -p m=1,1 --sweep).",
        "-p =5 names no parameter (write -p name=value).",
        "-p k has no value (write -p k=VALUE).",
    ]
    assert gather_words(words)["ok"] == "1"
