"""What is noted of reading, in a fresh Python as in a kernel."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import polars as pl
import pytest

from proml_lab.promote.freeze import reads


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "parts").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "parts/0.csv", "parts/1.csv"):
        (folder / name).write_text("x\n1\n")
    pl.DataFrame({"x": [1]}).write_parquet(folder / "t.parquet")
    return folder


def noted(root: Path, code: str) -> list[dict[str, object]]:
    """The lines that running `code` in a fresh Python leaves, the first one apart."""
    keep = root.parent / "keep"
    keep.mkdir()
    text = reads.source(keep, root) + "\n" + textwrap.dedent(code)
    subprocess.run([sys.executable, "-c", text], cwd=root, check=True)
    lines = (keep / "reads.jsonl").read_text().splitlines()
    assert "started_ns" in json.loads(lines[0])
    return [json.loads(line) for line in lines[1:]]


def paths(root: Path, code: str) -> list[object]:
    return [line["path"] for line in noted(root, code) if "path" in line]


def test_what_python_opens_to_read_is_noted_once(root: Path) -> None:
    code = """
    import os, pathlib, sqlite3
    open("a.txt").close(); open(b"a.txt", "rb").close()
    pathlib.Path("b.txt").read_text()
    open("out.txt", "w").write("x")
    os.close(os.open("parts/0.csv", os.O_RDONLY))
    open(0, closefd=False)
    for missing in ("nothing", "a\\0b"):
        try:
            open(missing)
        except (OSError, ValueError):
            pass
    os.listdir(".")
    """
    found = noted(root, code)
    assert [line["path"] for line in found] == ["a.txt", "b.txt", "parts/0.csv"]
    stat = (root / "a.txt").stat()
    assert (found[0]["bytes"], found[0]["mtime_ns"]) == (stat.st_size, stat.st_mtime_ns)


@pytest.mark.parametrize(
    ("call", "seen"),
    [
        ("import polars as pl; pl.read_parquet('t.parquet')", ["t.parquet"]),
        ("import polars as pl; pl.scan_csv(source='parts/*.csv')", ["parts/0.csv", "parts/1.csv"]),
        ("import polars as pl; pl.scan_csv(['a.txt', 'b.txt'])", ["a.txt", "b.txt"]),
        ("import polars; polars.scan_csv('parts')", ["parts/0.csv", "parts/1.csv"]),
        ("import polars, io; polars.read_csv(io.BytesIO(b'x'))", []),
        ("import pyarrow.parquet as pq; pq.read_table('t.parquet')", ["t.parquet"]),
        ("import pyarrow.parquet as pq; pq.ParquetFile('t.parquet')", ["t.parquet"]),
        ("import pyarrow.dataset as ds; ds.dataset('t.parquet')", ["t.parquet"]),
        ("import duckdb; duckdb.sql(\"select * from 't.parquet'\").fetchall()", ["t.parquet"]),
        ("import pandas as pd; pd.read_parquet('t.parquet')", ["t.parquet"]),
        ("import pandas as pd; pd.read_csv('a.txt')", ["a.txt"]),
    ],
)
def test_libraries_that_open_files_themselves(root: Path, call: str, seen: list[str]) -> None:
    assert sorted(map(str, paths(root, call))) == seen


def test_what_lies_outside_is_told_by_its_kind_alone(root: Path) -> None:
    (root.parent / "far.csv").write_text("x\n1\n")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("")
    code = f"""
    import json.tool, html.entities
    open({str(root.parent / "far.csv")!r}).read()
    open("../far.csv").read()
    open(".git/config").read()
    """
    assert noted(root, code) == [{"outside": "temporary folder", "suffix": ".csv"}]


def test_links_are_followed_to_where_they_lead(root: Path) -> None:
    (root.parent / "far.csv").write_text("x\n1\n")
    (root / "near.csv").symlink_to(root.parent / "far.csv")
    (root.parent / "door").symlink_to(root)
    code = f"open('near.csv').read(); open({str(root.parent / 'door' / 'a.txt')!r}).read()"
    assert paths(root, code) == ["near.csv", "a.txt"]


def test_a_library_that_is_there_already_is_asked_too(root: Path) -> None:
    keep = root.parent / "keep"
    keep.mkdir()
    begin = reads.source(keep, root)
    code = f"import polars as pl\n{begin}\npl.read_parquet('t.parquet')"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    assert '"t.parquet"' in (keep / "reads.jsonl").read_text()


def test_children_note_too_and_one_that_closed_the_note_goes_on(root: Path) -> None:
    code = """
    import os
    for closed in (False, True):
        if not os.fork():
            if closed:
                os.closerange(3, 100)
            open("b.txt" if closed else "a.txt").close()
            os._exit(0)
        assert os.wait()[1] == 0
    """
    assert paths(root, code) == ["a.txt"]


def test_databases_and_lakes_are_noted_by_their_files(root: Path) -> None:
    pl.DataFrame({"x": [1]}).write_delta(root / "lake")
    log = next((root / "lake" / "_delta_log").glob("*.json"))
    code = """
    import sqlite3
    import duckdb
    from pathlib import Path
    from proml_lab.marketplace.source import Source, open_table

    with duckdb.connect("made.duckdb") as file:
        file.execute("CREATE TABLE t AS SELECT 1 AS x")
    sqlite3.connect("file:none%20there.db?mode=rwc", uri=True).close()
    for said in (
        {"database": "duckdb:///a b.duckdb", "table": "t"},
        {"database": "sqlite:///a b.db", "table": "t"},
        {"delta": "lake"},
    ):
        open_table(Source(**said), Path("."), role="x").read()
    """
    with duckdb.connect(str(root / "a b.duckdb")) as file:
        file.execute("CREATE TABLE t AS SELECT 1 AS x")
    lite = sqlite3.connect(root / "a b.db")
    lite.execute("CREATE TABLE t AS SELECT 1 AS x")
    lite.close()
    found = paths(root, code)
    assert {"a b.duckdb", "a b.db", f"lake/_delta_log/{log.name}"} <= set(found)
    assert sum(str(path).endswith(".parquet") for path in found) == 1
