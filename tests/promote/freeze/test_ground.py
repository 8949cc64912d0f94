"""A notebook with code beside it that draws random numbers, promoted twice."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from proml_lab.promote import Artifact, promote
from proml_lab.promote.freeze import fresh
from tests.promote.conftest import LIGHT, make_workspace, write_notebook
from tests.promote.freeze.test_git import run
from tests.promote.test_promotion import files

DRAWS = """
import random
import numpy as np
from lib.helper import double
order = "".join({"a", "b", "c", "d", "e", "f", "g"})
record({
    "draw": random.random(), "legacy": double(np.random.rand()),
    "text": hash("text") % 10_000, "order": int(order, 36) % 10_000,
})
"""


@dataclass(frozen=True)
class Twice:
    workspace: Path
    first: Artifact
    second: Artifact


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Twice:
    folder = make_workspace(tmp_path_factory.mktemp("twice") / "workspace")
    (folder / "lib").mkdir()
    (folder / "lib" / "helper.py").write_text("def double(x):\n    return x\n")
    (folder / ".gitignore").write_text(".proml\n")
    notebook = write_notebook(folder / "some.ipynb", LIGHT, DRAWS, parameters="seed: int = 4")
    run(folder, "init", "-q", "-b", "main")
    run(folder, "add", "."), run(folder, "commit", "-q", "-m", "first")
    (folder / "lib" / "helper.py").write_text("def double(x):\n    return 2 * x\n")
    made = [promote(notebook, "tiny", workspace=folder) for _ in range(2)]
    return Twice(folder, *made)


def test_the_same_seed_gives_the_same_numbers_and_bytes(twice: Twice) -> None:
    assert twice.first.manifest.seed == 4
    one, two = files(twice.first.path), files(twice.second.path)
    assert {n for n in one if one[n] != two[n]} <= set(twice.first.manifest.volatile)
    numbers = dict(twice.first.metrics.select("metric", "value").iter_rows())
    assert numbers["draw"] == pytest.approx(0.23604808973743452)  # random.Random(4).random()


def test_the_code_is_kept_with_gits_state(twice: Twice) -> None:
    place = twice.first.path / "code"
    kept = json.loads((place / "modules.json").read_text())
    assert kept["modules"] == {"lib.helper": "lib/helper.py"}
    assert "2 * x" in (place / "files" / "lib" / "helper.py").read_text()
    facts = json.loads((place / "git.json").read_text())
    assert facts["commit"] == run(twice.workspace, "rev-parse", "HEAD")
    assert (facts["branch"], facts["dirty"]) == ("main", True)
    assert "+    return 2 * x" in (place / "diff.patch").read_text()


def test_the_threads_of_the_kernel_are_told(twice: Twice) -> None:
    facts = json.loads((twice.first.path / "environment" / "platform.json").read_text())
    assert facts["cpu"]
    assert {row["library"] for row in facts["threads"]} >= {"openblas"}


def test_a_fresh_environment_runs_the_notebook_and_completes_the_lock(
    twice: Twice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of pip, which would ask an index: an environment that sees the present packages."""
    monkeypatch.setenv(fresh.CACHE, str(tmp_path / "cache"))
    wheel = "https://files.example/polars-1-py3-none-any.whl"

    def build(place: Path, folder: Path, asked: Sequence[str]) -> None:
        assert any(line.startswith("polars==") for line in asked)
        assert all((folder / line).is_file() for line in asked if line.startswith("wheels"))
        place.mkdir(parents=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "venv"], check=True)
        (site,) = (place / "venv").glob("lib/python3*/site-packages")
        (site / "present.pth").write_text("\n".join(p for p in sys.path if p))
        mark = {"downloads": {"polars": [wheel, "a" * 64]}}
        (place / "complete.json").write_text(json.dumps(mark))

    monkeypatch.setattr(fresh, "_build", build)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "others"))
    where = "import os, sys\nprint(sys.prefix, repr(os.environ['PYTHONPATH']))"
    notebook = write_notebook(twice.workspace / "where.ipynb", LIGHT, where)
    made = promote(notebook, "fresh", workspace=twice.workspace, fresh_env=True)
    assert str(tmp_path / "cache") in (made.path / "notebook" / "executed.ipynb").read_text()
    assert "others" not in (made.path / "notebook" / "executed.ipynb").read_text()
    lock = (made.path / "environment" / "pylock.toml").read_text()
    (polars,) = (p for p in tomllib.loads(lock)["packages"] if p["name"] == "polars")
    assert polars["wheels"] == [{"url": wheel, "hashes": {"sha256": "a" * 64}}]
