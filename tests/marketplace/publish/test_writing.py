from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proml_lab.errors import PublicationError
from proml_lab.marketplace.publish.writing import alone, write_all


def test_files_are_written_and_moved(tmp_path: Path) -> None:
    moved = tmp_path / "rows"
    moved.write_bytes(b"rows")
    places = [tmp_path / "a" / "x.yaml", tmp_path / "b" / "rows"]
    write_all({places[0]: b"one", places[1]: moved})
    assert [place.read_bytes() for place in places] == [b"one", b"rows"]
    assert sorted(file.name for file in tmp_path.rglob("*") if file.is_file()) == [
        *("rows", "rows", "x.yaml")
    ]


def test_what_cannot_be_staged_leaves_all_as_it_was(tmp_path: Path) -> None:
    first = tmp_path / "x.yaml"
    first.write_bytes(b"old")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PublicationError, match=r"cannot be written: (not a directory|file exists)"):
        write_all({first: b"new", tmp_path / "file" / "y.yaml": b"y"})
    assert first.read_bytes() == b"old"
    assert {file.name for file in tmp_path.iterdir()} == {"x.yaml", "file"}


def test_what_a_dead_process_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".x.yaml-0123abcd.publishing").write_bytes(b"half")
    write_all({tmp_path / "x.yaml": b"x"})
    assert {file.name for file in tmp_path.iterdir()} == {"x.yaml"}


def test_one_waits_for_another_and_a_dead_one_lets_go(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from proml_lab.marketplace.publish.writing import alone\n"
        "with alone(Path(sys.argv[1])):\n    print('in', flush=True); sys.stdin.read()\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with (
            pytest.raises(PublicationError, match="Another process is publishing here"),
            alone(tmp_path, patience_s=0.1),
        ):
            pass
        other.kill()
    with alone(tmp_path, patience_s=0.1):
        pass


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / ".proml").write_text("a file")
    with pytest.raises(PublicationError, match=r"Nothing can be written to"), alone(tmp_path):
        pass
    assert os.listdir(tmp_path) == [".proml"]


def test_folders_that_were_made_in_vain_go_again(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_bytes(b"")
    files = {
        tmp_path / "features" / "shop" / "x.yaml": b"x",
        tmp_path / "there" / "y.yaml": b"y",
        tmp_path / "file" / "z.yaml": b"z",
    }
    with pytest.raises(PublicationError, match="cannot be written"):
        write_all(files)
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["file", "there"]
