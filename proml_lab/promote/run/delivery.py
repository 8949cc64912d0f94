"""What a run leaves for the artifact."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from proml_lab.promote.run import times
from proml_lab.promote.run.cells import WHOLE
from proml_lab.promote.run.execute import EXECUTED


def deliver(keep: Path, folder: Path) -> None:
    """Put the executed notebook, what its cells took and outputs that were cut into `folder`.

    The notebook is not written once more where the disk allows two names for one file.
    """
    try:
        os.link(keep / EXECUTED, folder / EXECUTED)
    except OSError:
        shutil.copyfile(keep / EXECUTED, folder / EXECUTED)
    shutil.copyfile(keep / times.NAME, folder / times.NAME)
    if (keep / WHOLE).is_dir():
        (keep / WHOLE).rename(folder / WHOLE)
