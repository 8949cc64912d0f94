"""A notebook with code beside it that draws random numbers, promoted twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from proml_lab.promote import Artifact, promote
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
