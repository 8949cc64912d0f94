from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import SpecError
from proml_lab.marketplace.find.synonyms import Synonyms, read_synonyms

LISTS = "synonyms:\n- [delay, lateness]\n- [eta, estimated time of arrival]\n- [delay, slip]\n"


def test_words_and_phrases_have_their_synonyms(tmp_path: Path) -> None:
    (tmp_path / "synonyms.yaml").write_text(LISTS)
    groups = read_synonyms(tmp_path).groups
    assert groups(["delay", "x"]) == [(("delay",), (("lateness",), ("slip",))), (("x",), ())]
    phrase = ("estimated", "time", "arrival")
    assert groups(["eta"]) == [(("eta",), (phrase,))]
    assert groups([*phrase, "slip"]) == [(phrase, (("eta",),)), (("slip",), (("delay",),))]
    assert groups(["estimated", "time"]) == [(("estimated",), ()), (("time",), ())]


def test_without_a_list_every_word_stands_for_itself(tmp_path: Path) -> None:
    assert read_synonyms(tmp_path) == Synonyms()
    assert Synonyms().groups(["a", "b"]) == [(("a",), ()), (("b",), ())]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("synonyms:\n- [delay]\n", "at least two that differ are needed"),
        ("synonyms:\n- [delay, Delay]\n", "at least two that differ are needed"),
        ("synonyms:\n- [delay, '--']\n", "'--', which has no word in it"),
        ("synonims: []\n", "did you mean 'synonyms'"),
        ("synonyms:\n- delay\n", "synonyms.yaml:2: "),
    ],
)
def test_a_wrong_list_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "synonyms.yaml").write_text(text)
    with pytest.raises(SpecError, match=said) as raised:
        read_synonyms(tmp_path)
    assert f"{tmp_path / 'synonyms.yaml'}:" in str(raised.value)
