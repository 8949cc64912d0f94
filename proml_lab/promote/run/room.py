"""What helps where something could not be written."""

from __future__ import annotations

import errno
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def cure(error: OSError, place: Path) -> str:
    """What to do about it, for a hint: `place` is where it was to be written."""
    if error.errno in _FULL:
        return f"free some space on the disk of {place}"
    return f"check the folder {place} and its permissions"
