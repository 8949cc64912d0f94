"""In the soak only: kill -9 and a full disk at every step or any moment, and of moved aliases."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from tests.promote.survival.place import Place, every, go_on, is_moved, told_of_full_disk
from tests.soak import seeds

SHARES = 10


def reset(place: Place) -> None:
    """The workspace as it was when it was saved."""
    for path in place.root.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(place.root.with_name("before"), place.root, dirs_exist_ok=True)


def steps(place: Place) -> list[tuple[str, int]]:
    """Promote once, save the workspace, and promote again: the steps of that.

    They are sorted: threads may change their order, and the shares must meet all of them.
    """
    assert place.promote().status == 0
    shutil.copytree(place.root, place.root.with_name("before"))
    return sorted(every(place.promote().steps))


@pytest.mark.parametrize("share", range(SHARES))
def test_kill_9_at_every_step(place: Place, share: int) -> None:
    for step, nth in steps(place)[share::SHARES]:
        for moment in ("before", "after"):
            reset(place)
            killed = place.promote(step, nth, moment)
            assert killed.status == -signal.SIGKILL, (step, nth, moment, killed)
            there = place.whole()
            assert len(there) == 1 + is_moved(killed, step, moment), (step, nth, moment)
            go_on(place, there)


@pytest.mark.parametrize("share", range(SHARES))
def test_a_full_disk_at_every_step(disk: Place, share: int) -> None:
    for step, nth in steps(disk)[share::SHARES]:
        reset(disk)
        ended = disk.promote(step, nth, "full")
        disk.make_room()
        there = disk.whole()
        if there == [1]:
            told_of_full_disk(disk, ended)
        go_on(disk, there)


@pytest.mark.parametrize("seed", seeds(1))
def test_kill_9_at_any_moment(place: Place, seed: int) -> None:
    """Of the command itself, from its start; its length is that of a whole promotion."""
    words = place.order("promote", str(place.workspace / "some.ipynb"), "--name", "tiny").command
    command = [sys.executable, "-m", "proml_lab", *words]
    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.monotonic() - began
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.Random(seed).random() * seconds)
    process.kill()
    process.wait()
    go_on(place, place.whole())


@pytest.mark.parametrize("verb", ["alias", "rollback"])
def test_kill_9_of_a_moving_alias_at_every_step(place: Place, verb: str) -> None:
    """It is on one version, the one before or the one asked for, and can be moved again."""
    for number in ("1", "2"):
        assert place.promote().status == 0
        assert place.stage.run(place.order("alias", "tiny", "champion", number)).status == 0
    words = ("rollback", "tiny") if verb == "rollback" else ("alias", "tiny", "champion", "1")
    moving = place.order(*words)
    shutil.copytree(place.root, place.root.with_name("before"))
    taken = every(place.stage.run(moving).steps)
    assert len(taken) > 2
    for step, nth in taken:
        for moment in ("before", "after"):
            reset(place)
            killed = place.stage.run(replace(moving, step=step, nth=nth, moment=moment))
            assert killed.status == -signal.SIGKILL, (step, nth, moment, killed)
            assert place.whole() == [1, 2]
            (version,) = [
                row["version"] for row in place.answer("artifacts") if row["aliases"] == "champion"
            ]
            assert version in (1, 2), (step, nth, moment)
            asked = place.stage.run(place.order("alias", "tiny", "champion", "1"))
            assert asked.status == 0, asked.said
