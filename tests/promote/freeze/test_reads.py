"""From a kernel's notes and the notebook's code to the files that a run read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from proml_lab.promote.freeze.reads import Read, Reads, read


def note(keep: Path, *rows: dict[str, object]) -> None:
    keep.mkdir(exist_ok=True)
    lines = [json.dumps(row) for row in ({"started_ns": 10**18}, *rows)]
    (keep / "reads.jsonl").write_text("\n".join(lines) + "\n")


def put(root: Path, name: str, mtime_ns: int = 10**17) -> dict[str, object]:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return {"path": name, "bytes": 1, "mtime_ns": mtime_ns}


def test_what_was_opened_what_is_named_and_what_the_run_made(tmp_path: Path) -> None:
    root, keep = tmp_path / "root", tmp_path / "keep"
    opened, made = put(root, "a.csv"), put(root, "made.csv", 10**18 + 5)
    altered = {**put(root, "altered.csv"), "bytes": 3}
    for name in ("work/near.csv", "far.csv", "data/one file.csv", "p/0.csv", "p/1.csv", "x"):
        put(root, name)
    put(root, "written.csv", 10**18 + 5)
    put(root, "site-packages/lib.csv")
    gone = {"path": "gone.csv", "bytes": 1, "mtime_ns": 5}
    outside = {"outside": "elsewhere", "suffix": ".csv"}
    note(keep, opened, made, altered, gone, outside, outside)
    code = [
        "con.sql(\"select * from 'data/one file.csv'\")  # it's x, or a.csv",
        "read('near.csv'); read(root / \"far.csv\"); read('p/*.csv')",
        "read('written.csv', '../keep/reads.jsonl', '/etc/passwd', 'site-packages/lib.csv')",
        "a.b, 1.5, './', '..', '**/\\0.', 'work'",
    ]
    found = read(keep, root, code=code, folder=root / "work")
    assert found.outside == (("elsewhere", ".csv"),)
    assert found.files == (
        Read("a.csv", "opened"),
        Read("altered.csv", "opened", changed=True),
        Read("data/one file.csv", "named"),
        Read("far.csv", "named"),
        Read("gone.csv", "opened", changed=True),
        Read("p/0.csv", "named"),
        Read("p/1.csv", "named"),
        Read("work/near.csv", "named"),
    )


def test_a_kernel_that_noted_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, tmp_path, code=["'a.csv'"], folder=tmp_path) == Reads()


def test_the_log_beside_a_database_belongs_to_it(tmp_path: Path) -> None:
    """It has the newest rows; if it was written since, a copy of the database is of no moment."""
    root, keep = tmp_path / "root", tmp_path / "keep"
    opened = [put(root, name) for name in ("calm.db", "busy.db", "calm.duckdb")]
    put(root, "calm.db-wal")
    put(root, "calm.duckdb.wal")
    put(root, "busy.db-wal", 10**18 + 5)
    note(keep, *opened)
    found = read(keep, root, code=[], folder=root)
    assert found.files == (
        Read("busy.db", "opened", changed=True),
        Read("busy.db-wal", "opened", changed=True),
        Read("calm.db", "opened"),
        Read("calm.db-wal", "opened"),
        Read("calm.duckdb", "opened"),
        Read("calm.duckdb.wal", "opened"),
    )
