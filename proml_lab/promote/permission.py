"""Whether we may write somewhere, asked before any work is done for it."""

from __future__ import annotations

import os
from pathlib import Path

ASK = "ask whoever owns it to let you write there"
"""What helps against what `forbidden` says."""


def forbidden(*paths: Path) -> str:
    """Why the first of `paths` that may not be written, or made, cannot be; else nothing."""
    effective = os.access in os.supports_effective_ids
    for path in paths:
        there = path
        while not os.access(there, os.F_OK, effective_ids=effective) and there != there.parent:
            there = there.parent  # it is not there, or hidden from us
        mode = os.W_OK | os.X_OK if there.is_dir() else os.W_OK
        if not os.access(there, mode, effective_ids=effective):
            return f"you may not write to {there}"
    return ""
