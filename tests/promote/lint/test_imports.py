"""Imports: what is not here, and what is here but belongs to nobody."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.promote.lint.conftest import Check, codes


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path of modules, outside of the workspace."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    return folder


def test_a_module_from_a_folder_outside_is_told_with_its_place(
    check: Check, elsewhere: Path
) -> None:
    (elsewhere / "stray_module.py").write_text("x = 1")
    (elsewhere / "stray_package").mkdir()
    found = check("import stray_module, numpy", "from stray_package.a import b")
    assert [(f.code, f.cell, f.seen) for f in found.findings] == [
        ("PN081", 2, f"import stray_module: {elsewhere / 'stray_module.py'}"),
        ("PN081", 3, f"import stray_package: {elsewhere / 'stray_package'}"),
    ]


def test_modules_of_the_workspace_are_fine(check: Check, tmp_path: Path) -> None:
    check()
    (tmp_path / "workspace" / "work" / "beside_it.py").write_text("x = 1")
    (tmp_path / "workspace" / "in_root").mkdir()
    assert codes(check("import beside_it", "from in_root import a")) == []


def test_installed_packages_and_pythons_own_are_fine(check: Check) -> None:
    cell = "import polars, yaml, nbformat, pytest, json, os.path, proml_lab, __future__, sys"
    assert codes(check(cell)) == []


def test_a_module_is_told_once(check: Check) -> None:
    cell = "import surely_not_there\nimport surely_not_there.part"
    assert codes(check(cell, cell)) == ["PN080"]
