"""One lock tells whether a run is under way."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import RegistryError
from proml_lab.promote.lock import lock
from proml_lab.promote.run.presence import RUNNING, at_rest, clear, is_idle, running


def test_a_run_under_way_is_not_at_rest(tmp_path: Path) -> None:
    keep = tmp_path / "one"
    with running(keep):
        assert not is_idle(keep)
        with at_rest(keep) as free:
            assert not free
    assert not keep.exists()


def test_what_is_at_rest_stays_so_while_it_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "kernel.log").touch()
    assert is_idle(tmp_path)
    with (
        at_rest(tmp_path) as free,
        pytest.raises(RegistryError, match="cannot be taken"),
        lock(tmp_path / RUNNING, patience_s=0.0),
    ):
        assert free
    assert [path.name for path in tmp_path.iterdir()] == ["kernel.log"]


def test_an_empty_folder_is_about_to_begin(tmp_path: Path) -> None:
    assert not is_idle(tmp_path)


def test_a_run_whose_process_died_is_idle(tmp_path: Path) -> None:
    (tmp_path / RUNNING).touch()
    assert is_idle(tmp_path)
    assert (tmp_path / RUNNING).exists()


def test_a_lock_that_cannot_be_taken(tmp_path: Path) -> None:
    (tmp_path / RUNNING).write_text("not empty, and no database " * 40)
    with pytest.raises(RegistryError, match="file is not a database"), running(tmp_path):
        pass
    assert not is_idle(tmp_path)


def test_what_is_cleared_is_all_but_the_lock(tmp_path: Path) -> None:
    with running(tmp_path):
        for name in ("prepared.ipynb", "executed.ipynb", "run.jsonl", "outputs/x"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        clear(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [RUNNING]
