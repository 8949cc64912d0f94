"""Small notebooks, a workspace of its own, and one promoted three times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from proml_lab.promote import Artifact, promote

PARAMETERS = """
n_rows: int = 400  # rows to make
depth = 3
"""
IMPORTS = """
import numpy as np, polars as pl
from proml_lab.contracts import Dataset, Origin
from proml_lab.learners import fit
from proml_lab.promote import record
from proml_lab.spec import ModelSpec
"""
FIT = '''
rng = np.random.default_rng(3)
frame = pl.DataFrame({"x": rng.normal(size=n_rows), "who": rng.choice(["a", "b", "c"], n_rows)})
late = rng.random(n_rows) < 1 / (1 + np.exp(-2 * frame["x"].to_numpy()))
frame = frame.with_columns(late=pl.Series(late))
origin = Origin("shop.visits", "visits.parquet", "f" * 32, n_rows, ("x", "who"), "all")
data = Dataset(frame, label="late", features=("x", "who"), origins=(origin,))
spec = ModelSpec.parse(f"""
name: visits
description: Who comes late.
label: late
spine: {{source: visits}}
split: {{by: random}}
learner: {{trees: {{num_leaves: {2 ** depth}, n_trees: 20}}}}
""")
model = fit(spec, data)
'''
LIGHT = """
from dataclasses import replace
import polars as pl
from proml_lab.contracts import Dataset
from proml_lab.learners import fit
from proml_lab.promote import record
from proml_lab.spec import ModelSpec
frame = pl.DataFrame({"x": [1.0, 2.0] * 9, "late": [0, 1] * 9})
data = Dataset(frame, label="late", features=("x",))
text = "{name: tiny, label: late, spine: {source: made}, split: {by: random}, learner: baseline}"
model = replace(fit(ModelSpec.parse(text), data), test=None)
record({"model": model, "accuracy": 0.5})
"""
KEEP = """
from pathlib import Path
folder = Path(__import__("os").environ["PROML_WORKSPACE"])
frame.write_parquet(folder / "frame.parquet")
np.save(folder / "scores.npy", model.predict(frame))
"""
RECORD = """
from proml_lab.evaluate import compare
from proml_lab.explain import explain
board = compare(fit(spec.but(learner="baseline"), data), model, resamples=50)
record({"model": model, "metrics": board, "drivers": explain(model)})
"""

Write = Callable[..., Path]


def make_workspace(folder: Path) -> Path:
    """A workspace without views."""
    (folder / "features").mkdir(parents=True)
    (folder / "proml.toml").write_text("")
    return folder


def write_notebook(path: Path, *cells: str, parameters: str | None = "") -> Path:
    """A notebook of code cells after a title and, unless None, a `parameters` cell."""
    made = [new_markdown_cell("# A title")]
    if parameters is not None:
        made.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    made += [new_code_cell(cell.strip()) for cell in cells]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=made), path)
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return make_workspace(tmp_path / "workspace")


@pytest.fixture
def write(workspace: Path) -> Write:
    """``write(*cells, parameters=…)``: a notebook in the workspace."""

    def written(*cells: str, name: str = "some.ipynb", parameters: str | None = "") -> Path:
        return write_notebook(workspace / name, *cells, parameters=parameters)

    return written


@dataclass(frozen=True)
class Promoted:
    """Version 2 is 1 again, 3 has another `depth`; read-only by agreement."""

    workspace: Path
    notebook: Path
    artifacts: tuple[Artifact, ...]
    steps: tuple[tuple[float, str], ...]


@pytest.fixture(scope="session")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Promoted:
    folder = make_workspace(tmp_path_factory.mktemp("promoted") / "workspace")
    cells = (IMPORTS, FIT, KEEP, RECORD)
    notebook = write_notebook(folder / "work" / "visits.ipynb", *cells, parameters=PARAMETERS)
    steps: list[tuple[float, str]] = []

    def tell(part: float, words: str) -> None:
        steps.append((part, words))

    made = [
        promote(notebook, "visits", values, workspace=folder, progress=tell)
        for values in ({"depth": 2}, {"depth": 2}, {})
    ]
    return Promoted(folder, notebook, tuple(made), tuple(steps))
