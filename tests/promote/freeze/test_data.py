"""What the bundle says of each source and file."""

from __future__ import annotations

import json
from pathlib import Path

from proml_lab.contracts import Origin
from proml_lab.marketplace.settings import WorkspaceConfig
from proml_lab.marketplace.workspace import Workspace
from proml_lab.promote.freeze.data import write
from proml_lab.promote.freeze.reads import Read, Reads


def test_sources_files_and_settings(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name in ("rain.parquet", "mine.py", "note.txt"):
        (root / name).write_text("x")
    config = WorkspaceConfig(registry="https://me:word@host", rows=9, snapshot_limit="1kB")
    code = tmp_path / "bundle" / "code" / "files"
    code.mkdir(parents=True)
    (code / "mine.py").write_text("x")
    types = {"a": "Int64"}
    until = "2024-01-01T00:00:00+00:00"
    origins = [
        Origin(
            *("index", "rain.parquet", "f" * 32, 5, ("a",), "a: a", types, until),
            *(2, "m" * 16, {"a": "b"}, 4, "d" * 32),
        ),
        Origin("index", "frame", "e" * 32, 6, ()),
    ]
    names = ("mine.py", "note.txt", "rain.parquet")
    reads = Reads(tuple(Read(name, "opened") for name in names), (("elsewhere", ".csv"),))
    folder = tmp_path / "bundle" / "data"
    write(
        folder, Workspace(root, config), reads, origins=origins, cutoff="at", held=tmp_path / "rows"
    )
    assert json.loads((folder / "index-2.json").read_text()) == {
        "view": "index",
        "source": "rain.parquet",
        "fingerprint": "f" * 32,
        "n_rows": 5,
        "columns": ["a"],
        "query": "a: a",
        "cutoff": "at",
        "until": until,
        "schema": types,
        "version": 2,
        "meaning": "m" * 16,
        "features": {"a": "b"},
        "n_seen": 4,
        "seen": "d" * 32,
    }
    timeless = json.loads((folder / "index-3.json").read_text())
    assert (timeless["cutoff"], timeless["until"]) == (None, None)
    index = json.loads((folder / "index.json").read_text())
    assert index["limit"] == 1000
    assert index["outside"] == [{"place": "elsewhere", "suffix": ".csv"}]
    assert index["rows"] == []
    assert index["settings"]["rows"] == 9
    assert not {"registry", "trusted_keys", "trusted_identities", "sign_with"} & set(
        index["settings"]
    )
    assert [row["path"] for row in index["files"]] == ["note.txt", "rain.parquet"]
    assert index["files"][1]["table"] == {"fingerprint": "f" * 32, "n_rows": 5, "schema": types}
