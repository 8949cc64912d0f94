"""One seed for a whole run: what the kernel's process and its first lines are given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from proml_lab.promote.freeze import kernel_import, kernel_seed

PARAMETER = "seed"


def seed_of(parameters: Mapping[str, object]) -> int:
    """The notebook's parameter `seed` if that is a whole number, else 0."""
    given = parameters.get(PARAMETER)
    return given if isinstance(given, int) and not isinstance(given, bool) else 0


def variables(seed: int) -> dict[str, str]:
    """What must be in a process's environment before it starts.

    ``PYTHONHASHSEED`` decides hash(str) and so the order of sets; ``CUBLAS_WORKSPACE_CONFIG`` makes
    NVIDIA's linear algebra sum in one order.
    """
    return {"PYTHONHASHSEED": str(seed % 2**32), "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}


def source(seed: int) -> str:
    """Python that seeds the kernel it runs in; see `kernel_seed`."""
    return startup(kernel_seed.__file__, seed)


def startup(module: str, *arguments: object) -> str:
    """Python that runs the module in the file `module` apart from the notebook's names.

    Its function `begin` is called with `arguments`, which are written as literals.
    """
    name = f"proml_{Path(module).stem}"
    texts = [Path(file).read_text(encoding="utf-8") for file in (kernel_import.__file__, module)]
    run = ", ".join(f"exec(compile({text!r}, {name!r}, 'exec'), space)" for text in texts)
    given = ", ".join(repr(argument) for argument in arguments)
    return f"(lambda space: ({run}, space['begin']({given})))({{'__name__': {name!r}}}) and None"
