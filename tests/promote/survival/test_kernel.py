"""kill -9 of the kernel in each cell of a promotion."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import RunError
from proml_lab.promote import artifacts, promote
from tests.promote.conftest import LIGHT, make_workspace, write_notebook


@pytest.mark.parametrize("cell", [1, 2, 3])
def test_kill_9_of_the_kernel_in_every_cell(tmp_path: Path, cell: int) -> None:
    workspace = make_workspace(tmp_path / "workspace")
    cells = ["print('first')", LIGHT, "print('third')"]
    path = write_notebook(workspace / "a.ipynb", *cells)
    die = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    cells[cell - 1] += f"\n{die}"
    with pytest.raises(RunError, match=rf"failed in cell {cell + 2} of 5: the kernel died"):
        promote(write_notebook(workspace / "b.ipynb", *cells), "some", workspace=workspace)
    assert not len(artifacts(workspace=workspace))
    (kept,) = (workspace / ".proml" / "runs").iterdir()
    assert (kept / "executed.ipynb").is_file()
    assert promote(path, "some", workspace=workspace).version == 1
