"""The examples in docs/lint.md have the codes that they stand for."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from proml_lab.promote.lint import CHECKS
from tests.promote.lint.cases import KEY, WIDGET, ran, shown, stream
from tests.promote.lint.conftest import Check, code, codes, parameters
from tests.promote.lint.test_codes import SECTIONS

IMPORTS = """
import os, uuid, time, json
from datetime import date
import numpy as np, polars as pl
from sklearn.model_selection import train_test_split
flights = scores = rows = retrain = client = connect = load = fit = slider = spec = test_from = None
"""
OUTPUTS = {
    "PN071": [stream(f"AWS_KEY={KEY}")],
    "PN100": [shown(**{"text/html": "a" * 1_100_000})],
    "PN101": [shown(**WIDGET)],
}
"""What the code of an example shows, where the outputs matter."""
AS_PARAMETERS = ("PN003", "PN004")
BARE = ("PN001", "PN002", "PN021", "PN020", *AS_PARAMETERS)
"""Examples that are read without the imports in front."""
AWAY = "../" * 20 + "srv"
"""The workspace of a test lies in a temporary folder, in which anything may be written."""
_CELL = re.compile(r"^# cell \d+(, tagged 'parameters')?\n", re.MULTILINE)
_IN = re.compile(r"^In ?\[([\d ]+)\]: (.*)$")
_OUT = re.compile(r"^Out\[(\d+)\]: (.*)$")


def example(name: str) -> str:
    """The one block of code in a section."""
    return re.findall(r"```\w*\n(.*?)```", SECTIONS[name], re.DOTALL)[0]


def cells_of(name: str) -> list[dict[str, Any]]:
    source = example(name)
    if name in AS_PARAMETERS:
        return [parameters(source)]
    if _CELL.search(source):
        _, *parts = _CELL.split(source)
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return [parameters(part) if tag else code(part) for tag, part in pairs]
    if source.startswith("In"):
        return [parameters(), *numbered(source)]
    if name == "PN110":
        return [parameters(), code("1", metadata=json.loads(source))]
    source = source.replace("AKIA…", KEY)
    source = source.replace("../../shared", f"{AWAY}/shared")
    head = [] if name in BARE else [code(IMPORTS)]
    tagged = [] if name == "PN001" else [parameters()]
    if name in OUTPUTS:
        return [*tagged, ran(source, 1, *OUTPUTS[name])]
    return [*tagged, *head, code(source)]


def numbered(source: str) -> list[dict[str, Any]]:
    """``In[3]: x`` and ``Out[3]: 1`` as cells that were run."""
    found: list[dict[str, Any]] = []
    for line in source.splitlines():
        if given := _IN.match(line):
            count = given[1].strip()
            found.append(code(given[2], execution_count=int(count) if count else None))
        elif given := _OUT.match(line):
            found[-1]["outputs"].append(
                {
                    "output_type": "execute_result",
                    "metadata": {},
                    "data": {"text/plain": given[2]},
                    "execution_count": int(given[1]),
                }
            )
    return found


@pytest.mark.parametrize("name", CHECKS)
def test_an_example_has_its_code(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "cleaning.py").write_text("")  # PN081: a module in a folder on PYTHONPATH
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    metadata = json.loads(example(name)) if name == "PN007" else None
    cells = [parameters()] if metadata else cells_of(name)
    found = check(*cells, bare=True, metadata=metadata)
    assert name in codes(found), found.all
