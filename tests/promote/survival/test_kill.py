"""kill -9 of promotions, one after the other in one workspace; each step: `make soak`."""

from __future__ import annotations

import signal

import pytest

from tests.promote.survival.place import MOVED, RUN, Place, go_on, is_moved, named

CHAIN = (
    ("CREATE TABLE model_versions", "before"),
    ("process", "after"),
    (f"open {RUN}/bundle/manifest.json", "after"),
    (MOVED, "before"),
    (MOVED, "after"),
)


@pytest.mark.slow
def test_kill_9_of_one_promotion_after_the_other(place: Place) -> None:
    n_moved = 0
    for step, moment in CHAIN:
        unnamed = place.cut_off()
        killed = place.promote(step, 1, moment)
        assert killed.status == -signal.SIGKILL, (step, killed)
        assert named(killed) == unnamed, step
        n_moved += is_moved(killed, step, moment)
        assert len(place.whole()) == n_moved
    go_on(place, place.whole())
    assert {row["kind"] for row in place.answer("gc", "--yes")} >= {"run"}
    assert place.left() == set()
