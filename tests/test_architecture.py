"""The layers of docs/architecture.md, held by reading every import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "proml_lab"
LAYERS = (
    {
        "errors",
        "exclusive",
        "git",
        "interrupt",
        "promoting",
        "words",
        "duration",
        "document",
        "tree",
        "expression",
        "fingerprint",
        "spec",
        "contracts",
        "calibration",
        "label",
        "model",
    }
    | {"places", "split", "folds", "leak", "statefolder", "table", "encoding", "kernels"},
    {"plots"},
    {"marketplace", "learners", "evaluate", "explain"},
    {"authoring", "validation", "promote"},
    {"widgets", "magics", "server", "cli", "__main__"},
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
HEAVY = {
    "torch", "lightgbm", "sklearn", "shap", "plotly", "mlflow", "ray", "papermill", "pandas",
    "numba", "anywidget", "ipywidgets", "scipy", "duckdb", "jupyterlab", "notebook",
}  # fmt: skip
MAY_ALWAYS = {("kernels", "numba"), ("widgets", "anywidget"), ("widgets", "ipywidgets")}
MODULES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


SHOW = "_repr_mimebundle_"


def imports(path: Path, *, at_import: bool = False, without: str = "") -> Iterator[tuple[str, int]]:
    """(dotted name, line) of what a module imports.

    `at_import`: only what runs when it is imported; `without`: a function to leave out.
    """
    todo: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            if not at_import:
                todo.extend(node.body)
            todo.extend(node.orelse)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not at_import and node.name != without:
                todo.extend(ast.iter_child_nodes(node))
        else:
            todo.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_from_its_own_package_and_from_below(path: Path) -> None:
    mine = part_of(path)
    if mine == "__init__":
        return
    for name, line in imports(path, without=SHOW):
        if not name.startswith("proml_lab."):
            continue
        theirs = name.split(".")[1]
        if theirs not in LEVEL:
            continue
        sideways = LEVEL[theirs] == LEVEL[mine] and LEVEL[mine] not in (0, 3, 4)
        assert theirs == mine or not sideways, f"{path}:{line}: {mine} imports {theirs} sideways"
        assert LEVEL[theirs] <= LEVEL[mine], f"{path}:{line}: {mine} imports {theirs} from above"


def test_every_part_has_its_layer() -> None:
    parts = {part_of(path) for path in MODULES} - {"__init__"}
    assert parts == set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_heavy_is_imported_with_a_module(path: Path) -> None:
    for name, line in imports(path, at_import=True):
        top = name.split(".")[0]
        allowed = (part_of(path), top) in MAY_ALWAYS
        assert top not in HEAVY or allowed, f"{path}:{line}: import {top} where it is used"


def test_promote_names_no_learner() -> None:
    learners = {"trees", "linear", "baseline", "game", "deep"}
    for path in (PACKAGE / "promote").rglob("*.py"):
        for name, line in imports(path):
            assert not learners & set(name.split(".")), f"{path}:{line}"


def test_import_loads_nothing_heavy() -> None:
    code = "import sys, proml_lab; print(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not (HEAVY | {"polars", "numpy", "pydantic"}) & set(run.stdout.split())


def test_modules_stay_short() -> None:
    long = {
        str(path.relative_to(ROOT)): n
        for path in MODULES
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long
