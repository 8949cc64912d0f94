from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from proml_lab.marketplace.find import shelf

ARRAYS = {
    "a": np.arange(7, dtype=np.int64),
    "b/c": np.ones((3, 2), np.uint8),
    "none": np.empty(0, np.float32),
}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    shelf.write(tmp_path / "new" / "x", {"key": "k", "values": {"é": [1]}}, ARRAYS)
    found = shelf.read(tmp_path / "new" / "x")
    assert found is not None
    assert found[0] == {"key": "k", "values": {"é": [1]}}
    assert found[1].keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[1][name], array, strict=True)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["x"]


def test_nothing_is_read_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "short").write_bytes(shelf.MAGIC)
    for name in ("absent", "empty", "short", "."):
        assert shelf.read(tmp_path / name) is None


@pytest.mark.parametrize("part", [0.0, 0.1, 0.3, 0.5, 0.8, 0.99])
def test_a_flipped_byte_or_a_lost_end_is_seen(tmp_path: Path, part: float) -> None:
    file = tmp_path / "x"
    shelf.write(file, {"key": "k"}, ARRAYS)
    whole = file.read_bytes()
    at = int(part * len(whole))
    file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    flipped = shelf.read(file)
    file.write_bytes(whole[:at])
    assert (flipped, shelf.read(file)) == (None, None)


def test_where_nothing_can_be_written_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shelf.write(tmp_path / "file" / "x", {}, ARRAYS)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
