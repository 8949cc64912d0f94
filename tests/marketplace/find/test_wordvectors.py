"""Models of words: where their words stand, what their numbers are, and what is refused."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from proml_lab.errors import SourceError
from proml_lab.marketplace.find import wordvectors
from proml_lab.marketplace.find.wordvectors import MOST_NUMBERS, WordVectors, open_model

LINES = "delay 1 0 0\nlate 0.8 0.6 0\nWind 0 0 2\n2013 0 1 0\nwind 9 9 9\nsky 0 -1 0\n"


def model(folder: Path, text: str | bytes, name: str = "words.vec") -> WordVectors:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return open_model(file, folder)


def by_hand(text: str, word: str) -> list[float]:
    """The first line of the word, less the mean of all words, of length 1."""
    unit: dict[str, list[float]] = {}
    for line in text.splitlines():
        name, *said = line.split()
        size = sum(float(x) ** 2 for x in said) ** 0.5
        if name.isalpha():
            unit.setdefault(name.lower(), [float(x) / size for x in said])
    centre = [sum(column) / len(unit) for column in zip(*unit.values(), strict=True)]
    moved = [x - c for x, c in zip(unit[word], centre, strict=True)]
    size = sum(x * x for x in moved) ** 0.5
    return [x / size for x in moved]


@pytest.mark.parametrize("text", [LINES, f"6 3\n{LINES}", LINES.replace("\n", " \n"), LINES[:-1]])
def test_words_have_their_vectors(tmp_path: Path, text: str) -> None:
    found = model(tmp_path, text).vectors(["late", "zebra", "wind", "late"])
    assert found.shape == (4, 3)
    np.testing.assert_allclose(found[0], by_hand(LINES, "late"), atol=1e-6)
    np.testing.assert_allclose(found[2], by_hand(LINES, "wind"), atol=1e-6)
    assert not found[1].any()
    np.testing.assert_array_equal(found[3], found[0])


def test_no_words_have_no_vectors(tmp_path: Path) -> None:
    assert model(tmp_path, LINES).vectors([]).shape == (0, 3)


def test_tokens_of_several_words_are_passed_over(tmp_path: Path) -> None:
    text = LINES + "new york 1 1 1\nnew-york 1 1 1\n"
    found = model(tmp_path, text)
    assert not found.vectors(["new", "york", "new york"]).any()
    assert found.hashes.size == 4


def test_where_words_stand_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = model(tmp_path, LINES)
    wordvectors._model.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(wordvectors, "_read", None)
        again = open_model(tmp_path / "words.vec", tmp_path)
    np.testing.assert_array_equal(again.vectors(["sky"]), before.vectors(["sky"]))
    other = model(tmp_path, LINES.replace("sky", "fog"))
    assert other.vectors(["fog"]).any()
    assert not other.vectors(["sky"]).any()


def test_a_damaged_note_is_made_anew(tmp_path: Path) -> None:
    model(tmp_path, LINES)
    note = tmp_path / ".proml" / "search.model"
    whole = note.read_bytes()
    wordvectors._model.cache_clear()
    note.unlink()
    note.write_bytes(whole[:-3] + b"xxx")
    assert open_model(tmp_path / "words.vec", tmp_path).vectors(["sky"]).any()
    assert note.read_bytes() == whole


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "is no word vectors as text"),
        (b"6 3\n", "has no words"),
        (b"word 1 2 3", "is no word vectors as text"),
        (b"1 2 3 4\n", "has no words"),
        (bytes(range(11, 75)) + b"\0\xff\n", "is no word vectors as text"),
        (b"6 3\nlate 1 2 3\nsky 1 2\n", "Line 3 of the model .* has 2 numbers, not 3"),
        (b"late 1 2 3\n\nsky 1 2 3\n", "Line 2 of the model .* has 0 numbers, not 3"),
        (b"late 1 nan 3\n", "has something else than 3 numbers for 'late'"),
        (b"late 1 inf 3\n", "has something else than 3 numbers for 'late'"),
        (b"late 1 two 3\n", "has something else than 3 numbers for 'late'"),
        (b"late" + b" 1" * (MOST_NUMBERS + 1) + b"\n", "has 1,025 numbers a word"),
        (pickle.dumps({"late": [1.0]}), "is a pickle or an archive, which is not opened"),
        (b"PK\3\4 1 2\n", "is a pickle or an archive, which is not opened"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, text: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said) as raised:
        model(tmp_path, text)
    assert len(str(raised.value).splitlines()) == 2
    assert raised.value.hint.startswith("the setting search.model of the workspace names")


def test_a_model_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "words.vec"
    with file.open("wb") as out:
        out.truncate(5_000_000_000)
    with pytest.raises(SourceError, match=r"has 5\.0 GB; at most 3 GB are read.\nHint: keep its"):
        open_model(file, tmp_path)


def test_a_model_that_is_not_there_or_goes(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: No such file or directory"):
        open_model(tmp_path / "none.vec", tmp_path)
    found = model(tmp_path, LINES)
    found.file.unlink()
    with pytest.raises(SourceError, match="cannot be read: No such file or directory"):
        found.vectors(["sky"])


def test_folders_and_pipes_are_no_models(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.vec")
    for file in (tmp_path, tmp_path / "pipe.vec"):
        with pytest.raises(SourceError, match="is no file"):
            open_model(file, tmp_path)


def test_a_model_that_changes_while_it_is_read(tmp_path: Path) -> None:
    found = model(tmp_path, LINES)
    found.file.write_text(LINES.replace("sky", "fog"))
    with pytest.raises(SourceError, match=r"changed while it was read\.\nHint: search again"):
        found.vectors(["sky"])


def test_numbers_of_rare_words_are_looked_at_when_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wordvectors, "N_COMMON", 1)
    found = model(tmp_path, "late 1 2\nsky 1 nan\n")
    assert found.vectors(["late"]).shape == (1, 2)
    with pytest.raises(SourceError, match="something else than 2 numbers for 'sky'"):
        found.vectors(["sky"])


def test_only_the_first_words_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordvectors, "N_WORDS", 2)
    assert model(tmp_path, LINES).hashes.size == 2
