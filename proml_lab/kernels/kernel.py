"""How hot loops are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba.core.registry import CPUDispatcher

from proml_lab.interrupt import held_back

F = TypeVar("F", bound=Callable[..., object])


class _Kernel(CPUDispatcher):
    """Compiled code that an interrupt cannot tear.

    Numba turns what a loop returns into arrays by steps that run Python. An interrupt that came
    meanwhile is raised in one of these, which ends the process. So it waits until they are done:
    no longer than it had to anyway, because compiled loops do not look at signals.
    """

    def __call__(self, *values: object) -> object:
        with held_back():
            return super().__call__(*values)


def kernel(function: F) -> F:
    """Compile `function` at its first call, for the types of that; kept on disk, without the GIL.

    Other kernels may call it too.
    """
    compiled = _Kernel(function, targetoptions={"nopython": True, "nogil": True})
    compiled.enable_caching()
    return cast(F, compiled)
