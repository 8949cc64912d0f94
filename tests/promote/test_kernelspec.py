"""Kernels that notebooks name: of this Python, of another, of another language, of none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from proml_lab.errors import NotebookError
from proml_lab.promote.kernelspec import another, require_python


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of kernels that Jupyter finds before its own: ``mine``, ``old``, ``calc``."""
    mine = [sys.executable, "-m", "ipykernel_launcher"]
    old = [str(tmp_path / "bin" / "python"), "-m", "ipykernel_launcher"]
    made = {"mine": (mine, "python"), "old": (old, "python"), "calc": (["calc"], "Calc")}
    for name, (argv, language) in made.items():
        folder = tmp_path / "kernels" / name
        folder.mkdir(parents=True)
        spec = {"argv": argv, "language": language, "display_name": name}
        (folder / "kernel.json").write_text(json.dumps(spec))
    (tmp_path / "kernels" / "broken").mkdir()
    (tmp_path / "kernels" / "broken" / "kernel.json").write_text("{")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return tmp_path


def named(name: str, **said: str) -> dict[str, object]:
    return {"kernelspec": {"name": name, "display_name": name, **said}}


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        named("python3"),
        named("Python3"),
        named("mine"),
        named("old"),
        named("gone", language="python"),
        named("gone") | {"language_info": {"name": "ipython"}},
    ],
)
def test_python_by_what_the_notebook_or_the_kernel_says(
    kernels: Path, metadata: dict[str, object]
) -> None:
    require_python(metadata, where="a.ipynb")


def test_another_language_is_refused(kernels: Path) -> None:
    with pytest.raises(NotebookError, match=r"^a.ipynb is written in Calc\."):
        require_python(named("calc"), where="a.ipynb")
    with pytest.raises(NotebookError, match=r"^a.ipynb is written in R\."):
        require_python(named("mine", language="R"), where="a.ipynb")


@pytest.mark.parametrize("name", ["gone", "broken"])
def test_a_kernel_that_nobody_knows_is_refused_with_the_choices(kernels: Path, name: str) -> None:
    said = rf"a.ipynb names the kernel '{name}', which is not installed here, and no language\."
    with pytest.raises(NotebookError, match=said) as caught:
        require_python(named(name), where="a.ipynb")
    assert "there are " in caught.value.hint
    assert "mine, old" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("python3", ""),
        ("mine", ""),
        ("old", "the kernel 'old', which is another Python than this one"),
        ("gone", "the kernel 'gone', which is not installed here"),
    ],
)
def test_a_kernel_that_is_another_one(kernels: Path, name: str, said: str) -> None:
    got = another(named(name))
    assert got.endswith(said)
    assert bool(got) == bool(said)
