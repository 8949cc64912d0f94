"""Names of sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import SourceError
from proml_lab.marketplace.source.naming import find, names, source_name
from tests.promote.stranger import open_folder, unprivileged


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data" / "parts").mkdir(parents=True)
    for name in ("one.csv", "two.arrow", "three.csv.gz", "note.txt", ".hidden.csv"):
        (tmp_path / "data" / name).write_text("")
    return tmp_path


def test_a_source_is_a_file_or_a_folder_of_any_format(root: Path) -> None:
    assert find("parts", root, "data") == "data/parts"
    assert find("one", root, "data") == find("data/one.csv", root, "data") == "data/one.csv"
    assert find("three", root, "data") == "data/three.csv.gz"
    assert find("s3://b/a.parquet", root, "data") == "s3://b/a.parquet"
    assert names(root / "data") == ["one", "parts", "three", "two"]
    assert names(root / "nowhere") == []


def test_what_a_place_is_called(root: Path) -> None:
    called = [source_name(place) for place in sorted((root / "data").iterdir())]
    assert called == [None, None, "one", "parts", "three", "two"]


def test_a_source_that_is_not_there(root: Path) -> None:
    with pytest.raises(SourceError) as caught:
        find("thre", root, "data")
    assert str(caught.value).splitlines() == [
        f"There is no source 'thre' in {root}/data.",
        "Hint: did you mean 'three'?",
    ]


def test_a_source_that_the_system_does_not_give() -> None:
    with open_folder() as folder:
        (folder / "sources").mkdir(mode=0o700)
        with unprivileged(), pytest.raises(SourceError, match=r"'a' in .* cannot be read: Perm"):
            find("a", folder, "sources")
        with pytest.raises(SourceError, match="cannot be read: File name too long"):
            find("a" * 300, folder, "sources")
