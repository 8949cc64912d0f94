"""A workspace on which promotions are stopped, and what must hold of it after each."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from proml_lab import verify
from tests.promote.conftest import LIGHT, make_workspace, write_notebook
from tests.promote.survival.injection import FILLER, Ended, Order, Stage

RUN = "workspace/.proml/runs/RUN"
NO_ROOM = (
    "No space left on device",
    "File too large",
    "database or disk is full",
    "disk I/O error",
)
MOVED = f"rename {RUN}/bundle workspace/.proml/artifacts/tiny/N"


@dataclass(frozen=True)
class Place:
    """A folder with a workspace and its notebook, and the stage on which commands are run."""

    root: Path
    stage: Stage
    is_disk: bool = False

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def runs(self) -> Path:
        return self.workspace / ".proml" / "runs"

    def order(self, *words: str) -> Order:
        return Order((*words, "--workspace", str(self.workspace)), str(self.root))

    def promote(self, step: str = "", nth: int = 1, moment: str = "before") -> Ended:
        """Promote, stopped at a step if one is given."""
        order = self.order("promote", str(self.workspace / "some.ipynb"), "--name", "tiny")
        limited = moment == "full" and not self.is_disk
        return self.stage.run(replace(order, step=step, nth=nth, moment=moment, limited=limited))

    def answer(self, *words: str) -> list[dict[str, Any]]:
        """What a command answers as JSON."""
        ended = self.stage.run(self.order(*words, "--json"))
        assert ended.status == 0, ended.said
        found: list[dict[str, Any]] = json.loads(ended.said[ended.said.index("[") :])
        return found

    def whole(self) -> list[int]:
        """The registry opens, and every version is whole; which have their folder in place."""
        rows = self.answer("artifacts")
        assert {row["state"] for row in rows} <= {"whole"}
        folders = list((self.workspace / ".proml" / "artifacts" / "tiny").glob("*"))
        for folder in folders:
            found = verify(folder, workspace=self.workspace)
            assert found, found
            assert found.key == f"tiny@{folder.name}"
        there = sorted(int(folder.name) for folder in folders)
        assert {row["version"] for row in rows} <= set(there)
        return there

    def registered(self) -> list[int]:
        return sorted(row["version"] for row in self.answer("artifacts"))

    def cut_off(self) -> set[str]:
        """Runs that were killed, or had no room to be put together, and could lose something."""
        begun = {path.parent for path in self.runs.glob("*/*ed.ipynb")}  # prepared, executed
        signs = ("running.lock", "running.ipynb")
        return {path.name for path in begun if any((path / sign).exists() for sign in signs)}

    def make_room(self) -> None:
        (self.root / FILLER).unlink(missing_ok=True)

    def left(self) -> set[str]:
        """All that stands in the folder of runs."""
        return {path.name for path in self.runs.iterdir()}


def named(ended: Ended) -> set[str]:
    """The runs that a promotion has said were cut off."""
    return set(re.findall(r"^The run (\S+) was cut off ", ended.said, re.M))


def every(steps: tuple[str, ...]) -> list[tuple[str, int]]:
    """Each step with its number among those of its kind."""
    seen: Counter[str] = Counter()
    found = []
    for step in steps:
        seen[step] += 1
        found.append((step, seen[step]))
    return found


def is_moved(ended: Ended, step: str, moment: str) -> bool:
    """Whether the bundle came to its place before the promotion was stopped."""
    return MOVED in ended.steps and (step, moment) != (MOVED, "before")


def told_of_full_disk(place: Place, ended: Ended) -> None:
    """One line that says what ran out and where, and a hint; between, the cell that it struck."""
    assert ended.status == 1, ended.said
    assert "ESCAPED" not in ended.said
    assert "Traceback" not in ended.said
    said = ended.said[ended.said.index("proml: ") :]
    fact, *cell, hint = said.splitlines()
    assert not cell or " in cell " in fact, said
    assert any(words in fact for words in NO_ROOM), fact
    assert str(place.root) in fact or str(place.root) in hint, said
    assert hint.startswith("Hint: free some space"), hint


def go_on(place: Place, before: list[int]) -> None:
    """Promote again: the next number, nothing lost, what was cut off named and kept."""
    unnamed, old = place.cut_off(), place.left()
    again = place.promote()
    assert again.status == 0, again.said
    assert named(again) == unnamed
    there = place.whole()
    assert there[:-1] == before
    assert f"\ntiny@{there[-1]} " in again.said
    assert place.registered() == there
    assert place.left() <= old
    for name in place.left() & unnamed:
        assert f"what it did is in {place.runs}/{name}/executed.ipynb" in again.said
        assert (place.runs / name / "executed.ipynb").is_file()
    for name in unnamed - place.left():
        assert f"{name} was cut off after tiny@{before[-1]} was in its place" in again.said
    with sqlite3.connect(place.workspace / ".proml" / "registry.db") as registry:
        states = registry.execute("SELECT DISTINCT status, lifecycle_stage FROM runs").fetchall()
    registry.close()
    assert set(states) <= {("FINISHED", "active"), ("RUNNING", "deleted"), ("FINISHED", "deleted")}


def make_place(root: Path, stage: Stage, *, is_disk: bool = False) -> Place:
    """A workspace in `root`, without any version."""
    write_notebook(make_workspace(root / "workspace") / "some.ipynb", LIGHT)
    return Place(root, stage, is_disk)
