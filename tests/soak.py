"""How long property tests run: in `make soak` fifty times as long."""

from __future__ import annotations

import os

FACTOR = 50 if os.environ.get("PROML_SOAK") else 1


def seeds(n: int) -> range:
    """Seeds for a test that is run `n` times, or fifty times that."""
    return range(n * FACTOR)
