"""A disk that is full from some step of a promotion on; each step: `make soak`."""

from __future__ import annotations

import pytest

from tests.promote.survival.place import RUN, Place, go_on, told_of_full_disk

FULL = (
    f"open {RUN}/running.ipynb",
    "INSERT INTO model_versions",
    f"open {RUN}/bundle/signature",
)


@pytest.mark.slow
def test_a_disk_that_is_full_at_one_step_after_the_other(disk: Place) -> None:
    for step in FULL:
        there = disk.whole() if disk.runs.exists() else []
        ended = disk.promote(step, 1, "full")
        disk.make_room()
        assert disk.whole() == there, step
        told_of_full_disk(disk, ended)
    go_on(disk, [])
