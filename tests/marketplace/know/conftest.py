"""A small catalogue with a derived view, and texts that use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proml_lab.marketplace.workspace import Workspace, open_workspace

SALES = """
view: shop.sales
source: sources/sales.parquet
entities: [id]
event_time: time
known_at: seen
features:
  price: float
  cheap: {type: boolean, sql: price < limit}
  n_7d: {type: integer, aggregate: count, window: 7d, where: price > 0}
"""
WORTH = """
view: shop.worth
inputs: {price: shop.sales.price, n: shop.sales.n_7d}
features:
  worth: {type: float, sql: price * n}
  plain: {type: float, column: price}
"""
SPEC = """
name: churn
label: late
spine: {source: labels, entities: [id], cutoff: at}
features: [{shop.worth: [worth]}, shop.sales.cheap]
"""


def notebook(*cells: str) -> str:
    """The JSON of a notebook with these code cells."""
    made = [{"cell_type": "code", "source": [line], "metadata": {}} for line in cells]
    made.append({"cell_type": "markdown", "source": ["shop.sales.price"], "metadata": {}})
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    """Views, a spec and a notebook; the source is not written."""
    root = tmp_path / "shop"
    (root / "features").mkdir(parents=True)
    (root / "proml.toml").touch()
    (root / "features" / "sales.yaml").write_text(SALES)
    (root / "features" / "worth.yaml").write_text(WORTH)
    (root / "churn.proml.yaml").write_text(SPEC)
    (root / "try.ipynb").write_text(notebook("%proml dataset --features shop.sales.n_7d -o d"))
    return open_workspace(root)
