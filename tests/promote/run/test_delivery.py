"""What a run hands to the artifact."""

from __future__ import annotations

from pathlib import Path

from proml_lab.promote.run.delivery import deliver


def test_the_notebook_is_one_file_under_two_names(tmp_path: Path) -> None:
    keep, folder = tmp_path / "keep", tmp_path / "notebook"
    (keep / "whole").mkdir(parents=True)
    folder.mkdir()
    for name in ("executed.ipynb", "cells.json", "whole/cell-001.txt"):
        (keep / name).write_text(name)
    deliver(keep, folder)
    assert (folder / "executed.ipynb").samefile(keep / "executed.ipynb")
    assert (folder / "cells.json").read_text() == "cells.json"
    assert (folder / "whole" / "cell-001.txt").read_text() == "whole/cell-001.txt"
    assert not (keep / "whole").exists()
