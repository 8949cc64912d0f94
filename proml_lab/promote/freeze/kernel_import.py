"""Runs in the kernel, in front of what needs it: does something to a module once it is loaded.

Standard library only. `randomness.startup` sends it with each source that names `when_loaded`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

Step = Callable[[ModuleType], None]


def when_loaded(steps: Mapping[str, Step]) -> None:
    """Call each step with the module of that name: now if it is loaded, else when it is."""
    later = {}
    for name, step in steps.items():
        if name in sys.modules:
            step(sys.modules[name])
        else:
            later[name] = step
    sys.meta_path.insert(0, _Finder(later))


class _Finder(MetaPathFinder):
    """Finds what the other finders find, with a loader that takes the step."""

    def __init__(self, later: dict[str, Step]) -> None:
        self.later = later

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        step = self.later.pop(fullname, None)
        if step is None:
            return None
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(fullname, path, target)
                if spec is not None and spec.loader is not None:
                    spec.loader = _Loader(spec.loader, step)
                    return spec
        return None


class _Loader(Loader):
    """A module's own loader, and one step after it."""

    def __init__(self, inner: Loader, step: Step) -> None:
        self.inner = inner
        self.step = step

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        spec.loader = self.inner
        made = self.inner.create_module(spec)
        spec.loader = self
        return made

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.inner
        if module.__spec__ is not None:
            module.__spec__.loader = self.inner
        self.inner.exec_module(module)
        self.step(module)
