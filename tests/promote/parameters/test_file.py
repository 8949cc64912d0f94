"""Files of values: YAML and JSON, with the place of every mistake."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from proml_lab.errors import SpecError
from proml_lab.promote.parameters import read_files


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
        ("p.yaml", "n: 1\nm: 2\nn: 3", r"p.yaml:3: n: this field stands twice"),
        ("p.yaml", "- 1", r"p.yaml:1: the document is a list.*\nHint: .* 'n_trees: 300'"),
        ("p.yaml", "", r"p.yaml:1: the document is empty"),
        ("p.yaml", "day: 2013-13-01", r"p.yaml:1: day: found '2013-13-01'; month must be in 1..12"),
        ("p.json", '{"n": 1,\n "n": 2}', r"p.json:2: n: this field stands twice"),
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
