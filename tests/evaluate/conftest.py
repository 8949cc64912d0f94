"""Scores with a known quality, ties and both classes."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray]:
    """(y, p): 500 labels of 0 and 1, probabilities with many ties."""
    rng = np.random.default_rng(0)
    p = rng.random(500).round(2).clip(0.01, 0.99)
    return (rng.random(500) < p).astype(float), p
