"""Notebooks as JSON, in a workspace of their own, and what lint says of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proml_lab.promote import LintReport, lint

Cell = str | dict[str, Any]
Check = Callable[..., LintReport]


def code(source: str, **fields: Any) -> dict[str, Any]:
    """A code cell; `fields` are metadata, outputs, execution_count."""
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {**cell, "source": source, **fields}


def text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def parameters(source: str = "") -> dict[str, Any]:
    return code(source, metadata={"tags": ["parameters"]})


def write_cells(path: Path, *cells: Cell, metadata: dict[str, Any] | None = None) -> Path:
    """A notebook of these cells; a text is the source of a code cell."""
    made = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    for number, cell in enumerate(made):
        cell["id"] = f"cell-{number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": made}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """``check(*cells)``: lint's report on a parameters cell and these, in ``workspace/work``."""
    root = tmp_path / "workspace"

    def checked(
        *cells: Cell, metadata: dict[str, Any] | None = None, bare: bool = False, **options: Any
    ) -> LintReport:
        (root / "features").mkdir(parents=True, exist_ok=True)
        (root / "proml.toml").touch()
        head = [] if bare else [parameters()]
        path = write_cells(root / "work" / "a.ipynb", *head, *cells, metadata=metadata)
        return lint(path, workspace=root, **options)

    return checked


def codes(report: LintReport) -> list[str]:
    return [finding.code for finding in report.findings]
