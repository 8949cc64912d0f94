"""Whether this process runs a notebook for a promotion, which must give the same again later."""

from __future__ import annotations

import os

OUTPUTS = "PROML_OUTPUTS"
"""Environment variable that a promotion sets: the folder of what the notebook declares."""


def promoting() -> bool:
    """Whether what happens now happens in the run of a promotion."""
    return OUTPUTS in os.environ
