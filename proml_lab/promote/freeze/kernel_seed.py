"""Runs in the kernel before the first cell: one seed for every generator with a state of its own.

Standard library only, and complete in itself: its source is sent to the kernel, whatever is
installed there. Libraries that are not loaded yet are seeded when they are; none is loaded here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # in the kernel its source stands in front of this one
    from proml_lab.promote.freeze.kernel_import import when_loaded


def begin(seed: int) -> None:
    """Seed `random` now, and numpy, polars and torch now or when they are imported."""
    random.seed(seed)
    when_loaded({name: partial(prepare, seed=seed) for name, prepare in _PREPARED.items()})


def _numpy(module: Any, seed: int) -> None:
    """The legacy generator, which scikit-learn too draws from where it is given no seed."""
    module.seed(seed % 2**32)


def _polars(module: Any, seed: int) -> None:
    module.set_random_seed(seed % 2**64)


def _torch(module: Any, seed: int) -> None:
    """Every device's generator; algorithms that always sum in the same order, where there are."""
    module.manual_seed(seed)
    module.use_deterministic_algorithms(True, warn_only=True)
    module.backends.cudnn.benchmark = False
    module.backends.cudnn.deterministic = True


_PREPARED: dict[str, Callable[..., None]] = {
    "numpy.random": _numpy,
    "polars": _polars,
    "torch": _torch,
}
