"""A process that dies, or finds the disk full, at any step; and two that publish at once."""

from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest

from proml_lab.marketplace.publish.publish import publish
from proml_lab.marketplace.workspace import Workspace, open_workspace
from tests.marketplace.publish.conftest import Git, rain, spine
from tests.soak import FACTOR

DOCUMENT = "view: shop.rain\nentities: [shop]\nevent_time: hour\n"
N_STEPS = 13
STEP = """
import errno, os, signal, sys
import polars as pl
from pathlib import Path
from proml_lab.marketplace.publish.publish import publish
from tests.marketplace.publish.conftest import rain
root, last, how = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
rows = rain(30).with_columns(wet=pl.lit(1))
done = 0
def hook(event, args):
    global done
    names = [str(a) for a in args[:2] if isinstance(a, str | Path | bytes)]
    wrote = event in ("os.rename", "os.link") or (
        event == "open" and isinstance(args[1], str) and "w" in args[1]
    )
    if wrote and any(name.startswith(str(root)) for name in names):
        done += 1
        if done == last and how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if done >= last and how == "full" and event != "os.rename":
            raise OSError(errno.ENOSPC, "No space left on device")
sys.addaudithook(hook)
try:
    publish(sys.argv[4], workspace=root, rows=rows, yes=True)
finally:
    print(done)
"""


def run(place: Workspace, step: int, how: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", STEP, str(place.root), str(step), how, DOCUMENT]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def state(place: Workspace) -> tuple[int, tuple[int, ...]]:
    """(version of the view, its published versions), all of which must join."""
    again = open_workspace(place.root)
    catalog = again.catalog
    assert catalog.versions is not None
    numbers = catalog.versions.numbers("shop.rain")
    wanted = [{f"shop.rain@{n}": {f"r{n}": "rain"}} for n in numbers]
    joined = again.training_set(spine(5), [*wanted, "shop.rain.rain"], cutoff="at")
    assert set(joined.frame.select("^r.*$").row(0)) == {5.0}
    return catalog.view("shop.rain").version, numbers


def rows() -> pl.DataFrame:
    """What `STEP` publishes."""
    return rain(30).with_columns(wet=pl.lit(1))


@pytest.mark.parametrize("step", range(1, N_STEPS + 1) if FACTOR > 1 else (1, 4, 8, 9, 10, 12))
def test_a_process_that_dies_at_a_step(place: Workspace, git: Git, step: int) -> None:
    publish(DOCUMENT, workspace=place, rows=rain(20), yes=True)
    dead = run(place, step, "kill")
    assert dead.returncode == -9, dead.stderr
    assert state(place) in [(1, (1,)), (1, (1, 2)), (2, (1, 2))]
    publish(DOCUMENT, workspace=place, rows=rows(), yes=True)
    assert state(place) == (2, (1, 2))
    assert git("status", "--short") == ""
    assert not list(place.root.rglob("*.publishing"))


def test_the_steps_above_are_all(place: Workspace, git: Git) -> None:
    publish(DOCUMENT, workspace=place, rows=rain(20), yes=True)
    done = run(place, 0, "not")
    assert int(done.stdout.splitlines()[-1]) == N_STEPS, done.stderr


@pytest.mark.parametrize("step", [1, 3, 4, 6])
def test_a_disk_that_is_full(place: Workspace, git: Git, step: int) -> None:
    publish(DOCUMENT, workspace=place, rows=rain(20), yes=True)
    failed = run(place, step, "full")
    assert "PublicationError: The view cannot be written: no space left" in failed.stderr
    assert state(place) == (1, (1,))
    assert git("status", "--short") == ""
    assert not list(place.root.rglob("*.publishing"))
    publish(DOCUMENT, workspace=place, rows=rows(), yes=True)
    assert state(place) == (2, (1, 2))


def test_two_at_once_lose_nothing(place: Workspace, git: Git) -> None:
    """Each adds a column of its own to the same view; one of them is told to look again."""
    publish(DOCUMENT, workspace=place, rows=rain(20), yes=True)
    code = (
        "import sys; from pathlib import Path\n"
        "from proml_lab.marketplace.publish.publish import publish\n"
        "from tests.marketplace.publish.conftest import rain\n"
        "rows = rain(20).with_columns(**{sys.argv[2]: 1})\n"
        f"publish({DOCUMENT!r}, workspace=sys.argv[1], rows=rows, yes=True)\n"
    )
    words = [sys.executable, "-c", code, str(place.root)]
    both = [
        subprocess.Popen([*words, name], stderr=subprocess.PIPE, text=True) for name in ("a", "b")
    ]
    said = [one.communicate()[1] for one in both]
    codes = [one.returncode for one in both]
    assert sorted(codes) == [0, 1], said
    (complaint,) = [text for text, code in zip(said, codes, strict=True) if code]
    assert "changed without a new version: against version 2, published by ann@" in complaint
    assert state(place) == (2, (1, 2))
    winner = "ab"[codes.index(0)]
    assert list(place.catalog.view("shop.rain").features) == ["rain", winner]


def test_two_views_at_once_are_both_published(place: Workspace, git: Git) -> None:
    code = (
        "import sys\nfrom proml_lab.marketplace.publish.publish import publish\n"
        "from tests.marketplace.publish.conftest import rain\n"
        f"text = {DOCUMENT!r}.replace('rain', sys.argv[2])\n"
        "publish(text, workspace=sys.argv[1], rows=rain(), yes=True)\n"
    )
    words = [sys.executable, "-c", code, str(place.root)]
    both = [subprocess.Popen([*words, name]) for name in ("snow", "hail")]
    assert [one.wait() for one in both] == [0, 0]
    assert {view.view for view in place.catalog.views} == {"shop.snow", "shop.hail"}
    assert sorted(git("log", "--format=%s").splitlines()[:2]) == [
        *("Publish shop.hail@1", "Publish shop.snow@1")
    ]
    assert git("status", "--short") == ""
