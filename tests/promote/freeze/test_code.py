"""Local modules of a run: noted, kept, put back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from proml_lab.promote.freeze import code
from proml_lab.promote.freeze.code import Imported
from proml_lab.promote.freeze.git import Checkout

KERNEL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell({source!r})
sys.path[:0] = [{root!r}, {aside!r}, {known!r}, {known!r} + "/library"]
shell.run_cell("import mine.part")
shell.run_cell("import strange, packed, linked, json, polars, threadpoolctl")
shell.run_cell("1 / 0")
"""


def note(tmp_path: Path) -> Imported:
    root, aside, known = (tmp_path / name for name in ("root", "aside", "known"))
    for path in (root / "mine" / "part.py", root / "mine" / "__init__.py"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {path.name}\n")
    for folder, name in ((aside, "strange"), (known, "packed")):
        folder.mkdir()
        (folder / f"{name}.py").write_text("")
    library = known / "library"
    library.mkdir()
    (known / "real.py").write_text("")
    (library / "linked.py").symlink_to(known / "real.py")
    text = code.source(tmp_path / "outputs", root, [known / "packed.py", library])
    places = {"root": str(root), "aside": str(aside), "known": str(known)}
    program = KERNEL.format(source=text, **places)
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return Imported.read(tmp_path / "outputs")


def test_the_kernel_notes_local_modules_and_those_from_elsewhere(tmp_path: Path) -> None:
    found = note(tmp_path)
    assert found.modules == {"mine": "mine/__init__.py", "mine.part": "mine/part.py"}
    assert "strange" in found.elsewhere
    assert not {"packed", "linked", "json", "polars"} & set(found.elsewhere)
    assert all({"library", "version", "threads"} <= row.keys() for row in found.threads)


def test_modules_are_kept_and_put_back(tmp_path: Path) -> None:
    imported = note(tmp_path)
    git = Checkout("c" * 40, "main", True, b"--- a\n", 6)
    code.write(tmp_path / "code", tmp_path / "root", imported, git)
    kept = json.loads((tmp_path / "code" / "modules.json").read_text())
    assert kept["modules"] == imported.modules
    facts = json.loads((tmp_path / "code" / "git.json").read_text())
    assert facts == {"commit": "c" * 40, "branch": "main", "dirty": True, "diff_bytes": 6}
    assert (tmp_path / "code" / "diff.patch").read_bytes() == b"--- a\n"
    back = code.restore(tmp_path / "code", tmp_path / "back")
    assert back == ("mine/__init__.py", "mine/part.py")
    assert (tmp_path / "back" / "mine" / "part.py").read_text() == "# part.py\n"


def test_without_a_note_and_git_there_is_an_empty_list(tmp_path: Path) -> None:
    code.write(tmp_path / "code", tmp_path, Imported.read(tmp_path), None)
    assert [p.name for p in (tmp_path / "code").iterdir()] == ["modules.json"]
    assert code.restore(tmp_path / "code", tmp_path / "back") == ()


def test_a_module_that_was_removed_during_the_run_is_left_out(tmp_path: Path) -> None:
    code.write(tmp_path / "code", tmp_path, Imported({"gone": "gone.py"}), None)
    assert json.loads((tmp_path / "code" / "modules.json").read_text())["modules"] == {}


def test_links_are_not_put_back(tmp_path: Path) -> None:
    files = tmp_path / "code" / "files"
    files.mkdir(parents=True)
    (files / "link.py").symlink_to("/etc/hostname")
    assert code.restore(tmp_path / "code", tmp_path / "back") == ()
