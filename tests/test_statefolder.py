"""The folder of a workspace that git is not to see."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import proml_lab
from proml_lab.promote.freeze import kernel_reads
from proml_lab.statefolder import IGNORE, NAME, REGISTRY, make_folder, state_folder
from tests.test_git import run

PACKAGE = Path(proml_lab.__file__).parent
MANY = """
import sys
from pathlib import Path
from proml_lab.statefolder import make_folder
for i in range(300):
    make_folder(Path(sys.argv[1]) / str(i) / ".proml" / "layouts")
"""
FULL = """
import resource, sys
from pathlib import Path
from proml_lab.statefolder import make_folder
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
make_folder(Path(sys.argv[1]) / ".proml" / "profiles")
"""


def test_nothing_is_made_by_asking_where(tmp_path: Path) -> None:
    assert state_folder(tmp_path) == tmp_path / ".proml"
    assert state_folder(tmp_path, "artifacts", "m") == tmp_path / ".proml" / "artifacts" / "m"
    assert REGISTRY == "sqlite:///.proml/registry.db"
    assert not any(tmp_path.iterdir())


def test_git_sees_nothing_of_it(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q")
    make_folder(state_folder(tmp_path, "profiles", "sketches"))
    (tmp_path / ".proml" / "registry.db").write_text("x", encoding="utf-8")
    (tmp_path / ".proml" / "profiles" / "v.parquet").write_text("x", encoding="utf-8")
    (tmp_path / "proml.toml").write_text("", encoding="utf-8")
    assert run(tmp_path, "status", "--porcelain", "-uall") == "?? proml.toml"
    run(tmp_path, "add", "-A")
    assert run(tmp_path, "ls-files") == "proml.toml"


def test_one_that_was_made_without_gets_it_at_the_next_write(tmp_path: Path) -> None:
    (tmp_path / ".proml" / "runs").mkdir(parents=True)
    make_folder(tmp_path / ".proml" / "runs")
    assert (tmp_path / ".proml" / IGNORE).read_bytes() == b"*\n"


def test_what_a_user_tells_git_stays(tmp_path: Path) -> None:
    (tmp_path / ".proml").mkdir()
    (tmp_path / ".proml" / IGNORE).write_text("*\n!artifacts\n", encoding="utf-8")
    make_folder(tmp_path / ".proml" / "runs")
    assert (tmp_path / ".proml" / IGNORE).read_text(encoding="utf-8") == "*\n!artifacts\n"


def test_only_a_workspaces_own_folder_is_hidden(tmp_path: Path) -> None:
    make_folder(tmp_path / "online" / "store")
    make_folder(tmp_path / ".proml" / "restored" / ".proml" / "artifacts")
    assert [file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob(IGNORE)] == [
        ".proml/restored/.proml/.gitignore"
    ]


def test_two_processes_leave_whole_files_and_nothing_else(tmp_path: Path) -> None:
    both = [subprocess.Popen([sys.executable, "-c", MANY, str(tmp_path)]) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    for i in range(300):
        here = tmp_path / str(i) / ".proml"
        assert sorted(path.name for path in here.iterdir()) == [IGNORE, "layouts"]
        assert (here / IGNORE).read_bytes() == b"*\n"


def test_where_it_cannot_be_written_the_folder_is_there_all_the_same(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], check=True)
    assert [path.name for path in (tmp_path / ".proml").iterdir()] == ["profiles"]
    make_folder(tmp_path / ".proml" / "profiles")
    assert (tmp_path / ".proml" / IGNORE).read_bytes() == b"*\n"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".proml").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match="proml"):
        make_folder(tmp_path / ".proml" / "runs")


def test_one_module_knows_its_name() -> None:
    """And one that runs in kernels where nothing of ours can be imported."""
    assert NAME in kernel_reads.SKIPPED
    knowing = {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == NAME
    }
    by_another_meaning = {"promote/trust/archive.py", "magics/compare.py", "plots/style.py"}
    assert knowing - by_another_meaning == {
        "statefolder.py",
        "promote/freeze/kernel_reads.py",
    }
