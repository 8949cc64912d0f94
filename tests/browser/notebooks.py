"""Notebooks that the browser tests open: small, quick, and each good for one thing."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = """
from typing import Literal

seconds: float = 0.0  # how long each step works
n_rows: int = 400  # rows to learn from
carrier: Literal["all", "AA", "UA"] = "all"  # whose flights
loud: bool = False  # print every step
"""

ROWS = """
import time

import numpy as np
import polars as pl

rng = np.random.default_rng(7)
frame = pl.DataFrame({"x": rng.normal(size=n_rows), "late": rng.random(n_rows) < 0.3})
time.sleep(seconds)
"""

FIT = """
# Fit the baseline
from proml_lab import Dataset, ModelSpec, fit

spec = ModelSpec.parse('''
name: tiny-model
label: late
spine: {source: rows}
split: {by: random}
learner: baseline
''')
time.sleep(seconds)
model = fit(spec, Dataset(frame, label="late", features=("x",)))
"""

OUTPUT = """
from proml_lab.promote import record

record({"model": model})
"""

WORK = """
# Work for a while
time.sleep(seconds)
"""

BROWSE = """
%load_ext proml_lab
%proml browse -o shop
"""

FAIL = """
share = frame.share
model = share
"""


def tiny(folder: Path) -> Path:
    """Can be promoted in seconds."""
    return _write(folder / "01_tiny_model.ipynb", PARAMETERS, ROWS, FIT, WORK, OUTPUT)


def failing(folder: Path) -> Path:
    """Its fourth cell raises."""
    return _write(folder / "failing.ipynb", PARAMETERS, ROWS, FAIL, OUTPUT)


def browse(folder: Path) -> Path:
    """Shows the feature browser; its second cell says what was picked."""
    return _write(folder / "browse.ipynb", None, BROWSE, "shop.picked")


def plain(folder: Path) -> Path:
    """Has no parameters cell."""
    return _write(folder / "plain.ipynb", None, "print('hello')")


def _write(path: Path, parameters: str | None, *sources: str) -> Path:
    cells = [new_markdown_cell(f"# {path.stem}", id="title")]
    if parameters is not None:
        tagged = {"tags": ["parameters"]}
        cells.append(new_code_cell(parameters.strip(), id="parameters", metadata=tagged))
    cells += [
        new_code_cell(source.strip(), id=f"cell-{number}") for number, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path
