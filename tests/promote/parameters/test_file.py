"""Files of values: YAML and JSON, with the place of every mistake."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from proml_lab.errors import SpecError
from proml_lab.promote.parameters import Unread, gather_files, read_files


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_values_and_places_of_yaml_and_json(tmp_path: Path) -> None:
    first = written(tmp_path, "a.yaml", "# words\nn: 3\nday: 2013-11-01\nlist:\n  - 1\nlast: x\n")
    second = written(tmp_path, "b.json", '{\n\t"n": 4,\n\t"text": "a\\u00e9\\/\\ud83d\\ude00"\n}\n')
    found = read_files([first, second])
    want = {"n": 4, "day": dt.date(2013, 11, 1), "list": [1], "last": "x", "text": "aé/😀"}
    assert found.values == want
    lines = {name: place.rpartition("/")[2] for name, place in found.places.items()}
    assert lines == {
        "n": "b.json:2", "day": "a.yaml:3", "list": "a.yaml:4", "last": "a.yaml:6",
        "text": "b.json:3",
    }  # fmt: skip
    assert read_files([]).values == {}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("p.yaml", "n: 1\nm: [1", r"p.yaml:2: this is not valid YAML"),
        ("p.yaml", "n: 1\nm: 2\nn: 3", r"p.yaml:3: 'n' stands twice, in line 1 too"),
        ("p.yaml", "- 1", r"p.yaml:1: the document is a list.*\nHint: .* 'n_trees: 300'"),
        ("p.yaml", "", r"p.yaml:1: the document is empty"),
        ("p.yaml", "day: 2013-13-01", r"p.yaml:1: day: found '2013-13-01'; month must be in 1..12"),
        ("p.json", '{"n": 1,\n "n": 2}', r"p.json:2: 'n' stands twice, in line 1 too"),
        ("p.json", '{"n": 1,\n m: 2}', r"p.json:2: this is not valid JSON: Expecting property"),
    ],
)
def test_a_broken_file_is_told_with_its_line(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(SpecError, match=said):
        read_files([written(tmp_path, name, text)])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"no.yaml: there is no such file"):
        read_files([tmp_path / "no.yaml"])


def test_what_can_be_read_is_read_although_something_cannot(tmp_path: Path) -> None:
    text = "n: 9\nday: 2013-13-40\nn: 8\nrate: .5\ndeep: {a: 1, a: 2}\nmade: !!python/none x\n"
    first = written(tmp_path, "a.yaml", text)
    second = written(tmp_path, "b.json", '{"m": 1, "k": 2,\n "m": 3}')
    third = written(tmp_path, "c.yaml", "a: [")
    found = gather_files([first, second, third, tmp_path / "no.yaml"])
    read = {name: value for name, value in found.values.items() if not isinstance(value, Unread)}
    assert read == {"rate": 0.5, "k": 2}
    unread = {n: v.message for n, v in found.values.items() if isinstance(v, Unread)}
    assert unread["n"] == "'n' stands twice, in line 1 too."
    assert unread["day"] == "day: found '2013-13-40'; month must be in 1..12."
    assert unread["deep"] == "deep.a: this field stands twice."
    assert unread["made"].startswith("'made' is not valid YAML: a value marked with '!'")
    assert unread["m"] == "'m' stands twice, in line 1 too."
    assert [error.message.rpartition("/")[2][:7] for error in found.broken] == [
        "c.yaml:",
        "no.yaml",
    ]
    lines = {name: place.rpartition("/")[2] for name, place in found.places.items()}
    assert (lines["n"], lines["day"], lines["m"]) == ("a.yaml:3", "a.yaml:2", "b.json:2")
    with pytest.raises(SpecError, match=r"(?s)c.yaml:1.*no.yaml.*a.yaml:3: 'n'.*a.yaml:2: day"):
        read_files([first, third, tmp_path / "no.yaml"])


def test_names_are_read_as_written_and_merged_fields_too(tmp_path: Path) -> None:
    text = "base: &b {on: 1, k: 2}\n<<: *b\nk: 3\nyes: 4\n1: 5\n"
    found = read_files([written(tmp_path, "a.yaml", text)])
    assert found.values == {"base": {True: 1, "k": 2}, "on": 1, "k": 3, "yes": 4, "1": 5}


def test_a_later_file_replaces_what_could_not_be_read(tmp_path: Path) -> None:
    first = written(tmp_path, "a.yaml", "day: 2013-13-40\n")
    second = written(tmp_path, "b.yaml", "day: 2013-12-30\n")
    assert read_files([first, second]).values == {"day": dt.date(2013, 12, 30)}
