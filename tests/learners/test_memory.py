from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab import learners
from proml_lab.errors import DataError
from proml_lab.learners import memory, registry
from proml_lab.learners.memory import free_memory, require_room
from tests.learners.conftest import make_rows

PAGE = Path(__file__).parents[2] / "docs" / "learners.md"


def system(root: Path, **files: str) -> Path:
    names = {"meminfo": "proc/meminfo"}
    for name, text in files.items():
        path = root / names.get(name, f"sys/fs/cgroup/memory.{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


INFO = "MemTotal: 9000 kB\nMemAvailable:    4000 kB\nSwapFree:  1000 kB\nHugePages_Total: 0\n"


def test_what_is_free_is_what_the_system_says(tmp_path: Path) -> None:
    assert free_memory(system(tmp_path, meminfo=INFO)) == 5000 * 1024
    assert free_memory(system(tmp_path, max="max\n", current="7\n")) == 5000 * 1024


def test_a_container_has_no_more_than_its_limit(tmp_path: Path) -> None:
    system(tmp_path, meminfo=INFO, max="3000000\n", current="1000000\n")
    assert free_memory(tmp_path) == 2_000_000
    system(tmp_path, stat="anon 5\ninactive_file 400000\n")
    assert free_memory(tmp_path) == 2_400_000
    assert free_memory(system(tmp_path, current="9000000\n", stat="")) == 0


def test_a_system_that_does_not_say_has_all_of_its_memory(tmp_path: Path) -> None:
    assert free_memory(tmp_path) >= 10**8
    assert 10**6 < free_memory() < 10**15


class Ours:
    name = "ours"


def test_a_fit_that_has_no_room_is_refused() -> None:
    linear = registry.get("linear")
    assert linear.copies == 2.0
    require_room(linear, 10**6, 20, free=320_000_000)
    message = (
        r"'linear' would take about 0\.3 GB of memory for 1,000,000 training rows of "
        r"20 features; 0\.3 GB are free\.\nHint: take fewer rows"
    )
    with pytest.raises(DataError, match=message):
        require_room(linear, 10**6, 20, free=319_999_999)
    with pytest.raises(DataError, match=r"about 1\.6 MB .* 10,000 .* 0\.0 MB are free"):
        require_room(Ours(), 10**4, 20, free=0)


def test_every_learner_of_ours_says_what_it_takes() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "none for baseline, 1.25 for trees, 2 for\nlinear, 3 for game" in text
    copies = {"baseline": 0.0, "trees": 1.25, "linear": 2.0, "game": 3.0}
    assert {name: registry.get(name).copies for name in copies} == copies


def test_a_fit_asks_before_it_begins(spec, monkeypatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)
    with pytest.raises(DataError, match="480 training rows of 5 features"):
        learners.fit(spec("linear"), make_rows())
    learners.fit(spec("baseline"), make_rows())
