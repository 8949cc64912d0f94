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


@pytest.mark.parametrize(
    "cell",
    [
        "import sys\nsys.path.append({0!r})\nimport outside_mod",
        "import sys\nsys.path.insert(0, '../../outside')\nimport outside_mod",
        "import sys\nsys.path.extend([{0!r}])\nfrom outside_mod import x",
        "import sys\nsys.path += [{0!r}]\nimport outside_mod",
        "import sys\nsys.path = [{0!r}] + sys.path\nimport outside_mod",
        "from sys import path\nfrom pathlib import Path\n"
        "path.append(str(Path.cwd().parent.parent / 'outside'))\nimport outside_mod",
        "import site\nsite.addsitedir({0!r})\nimport outside_mod",
        "import sys, importlib\nsys.path.append({0!r})\nimportlib.import_module('outside_mod')",
        "%run {0}/outside_mod.py",
        "%run -i ../../outside/outside_mod.py",
        "import runpy\nrunpy.run_path({0!r} + '/outside_mod.py')",
        "import sys\nsys.path.insert(0, {0!r})\nimport wave2, polars",
    ],
)
def test_folders_outside_that_the_notebook_adds_itself(
    check: Check, tmp_path: Path, cell: str
) -> None:
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("outside_mod", "polars"):
        (folder / f"{name}.py").write_text("x = 1")
    found = check(cell.format(str(folder)))
    told = [f for f in found.findings if f.code == "PN081"]
    assert told
    assert all("outside" in finding.seen for finding in told)
    if "wave2" in cell:
        assert [f.seen.split(":")[0] for f in told] == ["import wave2", "import polars"]


@pytest.mark.parametrize(
    "cell",
    [
        "import sys\nsys.path.append('../lib')\nimport inside_mod",
        "import sys\nsys.path.append(input())\nimport outside_mod",
        "import sys\nsys.path += ['../lib', '/srv/gone']\nimport inside_mod, polars",
        "import sys\n'/srv/lib' in sys.path",
        "%run ../lib/inside_mod.py",
        "%run",
    ],
)
def test_folders_inside_are_fine(check: Check, tmp_path: Path, cell: str) -> None:
    check()
    folder = tmp_path / "workspace" / "lib"
    folder.mkdir()
    (folder / "inside_mod.py").write_text("x = 1")
    assert "PN081" not in codes(check(cell))
