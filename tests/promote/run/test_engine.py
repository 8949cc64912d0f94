"""papermill itself, with our engine."""

from __future__ import annotations

import io
from pathlib import Path

import nbformat
import pytest
from papermill.exceptions import PapermillExecutionError
from papermill.execute import execute_notebook

from tests.promote.conftest import write_notebook


def test_papermill_finds_it_and_runs_by_it(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", "print(n)", "n * 2", parameters="n = 1")
    heard = io.StringIO()
    execute_notebook(
        path,
        tmp_path / "b.ipynb",
        {"n": 21},
        engine_name="proml",
        kernel_name="python3",
        language="python",
        progress_bar={"disable": True},
        stdout_file=heard,
    )
    node = nbformat.read(tmp_path / "b.ipynb", as_version=4)
    nbformat.validate(node)
    assert [c.outputs for c in node.cells[3:]] == [
        [{"output_type": "stream", "name": "stdout", "text": "21\n"}],
        [{"output_type": "execute_result", "data": {"text/plain": "42"}, "metadata": {}}
         | {"execution_count": 4}],
    ]  # fmt: skip
    assert heard.getvalue() == "21\n"
    assert node.metadata.papermill.exception is None
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.ipynb", "b.ipynb"]


def test_what_raises_is_papermills_own_error_and_is_kept(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", "print('one')", "1 / 0")
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
        execute_notebook(
            path,
            tmp_path / "b.ipynb",
            engine_name="proml",
            kernel_name="python3",
            language="python",
            progress_bar=False,
        )
    assert "one\\n" in (tmp_path / "b.ipynb").read_text()
