"""Rows that a run kept: copied once, up to a limit, and put where a run finds them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import ArtifactError
from proml_lab.marketplace.settings import WorkspaceConfig
from proml_lab.marketplace.source import Source
from proml_lab.marketplace.source.files import Files
from proml_lab.marketplace.source.kept import Kept, key
from proml_lab.marketplace.workspace import Workspace
from proml_lab.promote.freeze.rows import missing, restore, variables, write

FRAME = pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "c": [1.5, 2.5, 3.5]})


def keep(held: Path, name: str, *readings: list[str], limit: int = 10**6) -> Source:
    """Read columns of a source, which is a file here, as a run would read a table on a server."""
    file = held.parent / f"{name}.parquet"
    FRAME.write_parquet(file)
    source = Source(path=str(file))
    table = Kept(Files(source, Path(), role="It"), source, held / key(source), limit=limit)
    for columns in readings:
        assert table.read(columns).equals(FRAME.select(columns))
    return source


def test_only_readings_that_no_other_has_all_of_are_copied(tmp_path: Path) -> None:
    source = keep(tmp_path / "held", "one", ["a"], ["b"], ["a", "b"], ["a", "c"])
    (row,) = write(tmp_path / "data", tmp_path / "held", limit=10**6)
    copied = sorted((tmp_path / "data" / "rows" / key(source)).glob("*/*.parquet"))
    assert [set(pl.read_parquet_schema(file)) for file in copied] in (
        [{"a", "b"}, {"a", "c"}],
        [{"a", "c"}, {"a", "b"}],
    )
    n_bytes = sum(file.stat().st_size for file in copied)
    assert row == {
        "source": source.path,
        "key": key(source),
        "columns": ["a", "b", "c"],
        "n_rows": 3,
        "bytes": n_bytes,
        "kept": True,
    }


def test_the_small_first_up_to_the_limit(tmp_path: Path) -> None:
    held = tmp_path / "held"
    keep(held, "large", ["a", "b", "c"])
    small = keep(held, "small", ["a"])
    keep(held, "vast", ["a"], limit=1)
    found = write(tmp_path / "data", held, limit=1200)
    told = {Path(str(row["source"])).stem: (row["kept"], row.get("why")) for row in found}
    over = (False, "over snapshot_limit")
    assert told == {"large": over, "small": (True, None), "vast": over}
    assert [place.name for place in (tmp_path / "data" / "rows").iterdir()] == [key(small)]
    assert missing(found) == [
        f"rows of {tmp_path}/{name}.parquet are not in the artifact (over snapshot_limit): they "
        "are read where they are now"
        for name in ("large", "vast")
    ]


def test_nothing_was_kept(tmp_path: Path) -> None:
    assert write(tmp_path / "data", tmp_path / "held", limit=5) == []


def test_restored_rows_are_read_by_the_next_run(tmp_path: Path) -> None:
    source = keep(tmp_path / "held", "one", ["a", "b"])
    rows = write(tmp_path / "data", tmp_path / "held", limit=10**6)
    root = tmp_path / "root"
    restore(tmp_path / "data", root, rows)
    (tmp_path / "one.parquet").unlink()
    run = tmp_path / "run"
    told = variables(run, Workspace(root, WorkspaceConfig(snapshot_limit="5kB")))
    assert told == {"PROML_ROWS": str(run / "rows"), "PROML_ROWS_LIMIT": "5000"}
    table = Kept(Files(source, Path(), role="It"), source, run / "rows" / key(source), limit=0)
    assert table.read(["a", "b"]).equals(FRAME.select("a", "b"))
    assert table.schema() == FRAME.schema
    assert table.n_rows() == 3


def test_rows_under_a_name_that_is_no_key_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"it names the rows '\.\./x', which no run keeps"):
        restore(tmp_path, tmp_path, [{"key": "../x", "kept": True}])
