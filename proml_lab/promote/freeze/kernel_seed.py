"""Runs in the kernel before the first cell: one seed for every generator with a state of its own.

Standard library only, and complete in itself: its source is sent to the kernel, whatever is
installed there. Libraries that are not loaded yet are seeded when they are; none is loaded here.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def begin(seed: int) -> None:
    """Seed `random` now, and numpy, polars and torch now or when they are imported."""
    random.seed(seed)
    later = {}
    for name, prepare in _PREPARED.items():
        if name in sys.modules:
            prepare(sys.modules[name], seed)
        else:
            later[name] = prepare
    sys.meta_path.insert(0, _Seeder(seed, later))


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


_PREPARED: dict[str, Callable[[Any, int], None]] = {
    "numpy.random": _numpy,
    "polars": _polars,
    "torch": _torch,
}


class _Seeder(MetaPathFinder):
    """Finds what the other finders find, and seeds it once it is loaded."""

    def __init__(self, seed: int, later: dict[str, Callable[[Any, int], None]]) -> None:
        self.seed = seed
        self.later = later

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self.later:
            return None
        prepare = self.later.pop(fullname)
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(fullname, path, target)
                if spec is not None and spec.loader is not None:
                    spec.loader = _Loader(spec.loader, lambda module: prepare(module, self.seed))
                    return spec
        return None


class _Loader(Loader):
    """A module's own loader, and one step after it."""

    def __init__(self, inner: Any, then: Callable[[ModuleType], None]) -> None:
        self.inner = inner
        self.then = then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        spec.loader = self.inner
        made: ModuleType | None = self.inner.create_module(spec)
        spec.loader = self
        return made

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.inner
        if module.__spec__ is not None:
            module.__spec__.loader = self.inner
        self.inner.exec_module(module)
        self.then(module)
