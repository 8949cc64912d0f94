from __future__ import annotations

import random
from pathlib import Path

import pytest

from proml_lab.errors import WorkspaceError
from proml_lab.marketplace.states import states


def test_files_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    rng = random.Random(0)
    for _ in range(40):
        folder = tmp_path / "features" / "/".join(rng.choices("ab-_.9x", k=rng.randint(0, 3)))
        if ".." not in folder.parts:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{rng.choice('abc')}{rng.choice(['.yaml', '.yml', '.txt'])}").touch()
    (tmp_path / "features" / "versions" / "a").mkdir(parents=True)
    (tmp_path / "features" / "versions" / "a" / "1.yaml").touch()
    (tmp_path / "features" / "link").symlink_to(tmp_path)
    found = [Path(file) for file, _, _ in states(tmp_path, ["features"])]
    every = [p for p in (tmp_path / "features").rglob("*") if p.suffix in (".yaml", ".yml")]
    want = sorted(p for p in every if not {"versions", "link"} & set(p.parts))
    assert found == want


def test_a_state_is_when_a_file_changed_and_its_size(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.yaml").write_text("12345")
    stat = (tmp_path / "a" / "x.yaml").stat()
    assert states(tmp_path, ["a"]) == ((str(tmp_path / "a" / "x.yaml"), stat.st_mtime_ns, 5),)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"a is not there.\nHint: make it, or change"):
        states(tmp_path, ["a"])
