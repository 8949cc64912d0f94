"""What helps where something could not be written."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from proml_lab.promote.run.room import cure


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_wants_space(number: int) -> None:
    assert cure(OSError(number, "x"), Path("a")) == "free some space on the disk of a"


def test_all_else_wants_permissions() -> None:
    found = cure(PermissionError(errno.EACCES, "x"), Path("a"))
    assert found == "check the folder a and its permissions"
