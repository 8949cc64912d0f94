"""The data of a bundle: sources, what became of their files, and the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proml_lab.errors import ArtifactError
from proml_lab.promote.inputs import Input, moment, of_source, read, span
from tests.promote.conftest import Promoted


def test_every_source_and_the_fate_of_its_file(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.mkdir()
    view = {"n_rows": 3, "fingerprint": "f" * 32, "columns": ["x"], "until": None}
    for name, source in {"a.b": "a.parquet", "big": "big.csv", "made": "frame"}.items():
        told = {**view, "view": name, "source": source}
        (place / f"{name}.json").write_text(json.dumps(told))
    spine = {**view, "view": "spine", "source": "gone.csv"}
    spine["until"] = "2014-01-01T02:59:00+00:00"
    (place / "spine.json").write_text(json.dumps(spine))
    files = [
        {"path": "a.parquet", "kept": True},
        {"path": "big.csv", "kept": False, "why": "over snapshot_limit"},
        {"path": "other.txt", "kept": True},
        {"path": ".env", "kept": False, "why": "may hold secrets"},
        {"path": "token", "kept": False, "why": "may hold secrets"},
    ]
    (place / "index.json").write_text(json.dumps({"files": files}))
    found = read(tmp_path)
    assert [(one.view, one.missing) for one in found.sources] == [
        ("spine", "not read in this run"),
        ("a.b", ""),
        ("big", "over snapshot_limit"),
        ("made", "made by the notebook"),
    ]
    spine_row = Input(
        *("spine", "gone.csv", 3, "f" * 32, ("x",), "2014-01-01T02:59:00+00:00"),
        "not read in this run",
    )
    assert found.sources[0] == spine_row
    assert found.others == 3
    assert found.missing == ("2 files: may hold secrets", "1 file: over snapshot_limit")


@pytest.mark.parametrize("text", [None, "{", "[]", '{"files": [{}]}', '{"files": 3}'])
def test_an_index_that_is_not_one_is_told(tmp_path: Path, text: str | None) -> None:
    folder = tmp_path / "shop" / "3"
    (folder / "data").mkdir(parents=True)
    if text is not None:
        (folder / "data" / "index.json").write_text(text)
    said = r"\w+Error: " if text else "data/index.json is missing"
    with pytest.raises(ArtifactError, match=f"^The artifact in .*3 is damaged: {said}"):
        read(folder)


def test_of_a_promoted_bundle(promoted: Promoted) -> None:
    (source,) = read(promoted.artifacts[2].path).sources
    assert (source.view, source.n_rows, source.until) == ("shop.visits", 400, None)


def test_moments_and_periods() -> None:
    assert moment("2014-01-01T02:59:00Z") == "2014-01-01 02:59"
    assert span("2013-01-01T05:00:00+00:00", "2013-10-31T23:00:00+00:00") == (
        "2013-01-01 to 2013-10-31"
    )


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("a/rain.csv", ["a/rain.csv"]),
        ("./a/rain.csv", ["a/rain.csv"]),
        ("a", ["a/deep/rain.csv", "a/rain.csv"]),
        ("a/*.csv", ["a/deep/rain.csv", "a/rain.csv"]),
        ("t of sqlite:///shop.db", ["shop.db", "shop.db-wal"]),
        ("t of named", ["b.duckdb", "b.duckdb.wal"]),
        ("t of other", []),
        ("t of postgresql://shop.db", []),
        ("s3://a/rain.csv", []),
        ("frame", []),
    ],
)
def test_which_files_a_source_is_read_from(source: str, wanted: list[str]) -> None:
    files = ["a/rain.csv", "a/deep/rain.csv", "shop.db", "shop.db-wal", "b.duckdb", "b.duckdb.wal"]
    databases = {"named": "duckdb:///b.duckdb?x=1", "other": "postgresql://host/shop.db"}
    assert of_source(source, databases, files) == wanted
