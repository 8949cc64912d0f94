"""The ground of a run: environment, code, and randomness, taken before it and written after."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from proml_lab.contracts import Progress
from proml_lab.promote.freeze import code, environment, fresh, randomness, wheels
from proml_lab.promote.freeze.code import Imported
from proml_lab.promote.freeze.environment import Frozen
from proml_lab.promote.freeze.git import Checkout, checkout


@dataclass(frozen=True)
class Ground:
    """What a run stands on.

    Attributes
    ----------
    root
        The workspace, below which a module is local.
    outputs
        Where the kernel notes what it imports.
    seed
        Of every generator of random numbers.
    python
        The interpreter of the kernel.
    unlike
        Packages of a fresh environment that have the right version and yet other files.
    """

    root: Path
    outputs: Path
    environment: Frozen = field(repr=False)
    git: Checkout | None = field(repr=False)
    seed: int = 0
    python: str = sys.executable
    unlike: tuple[str, ...] = ()

    @property
    def variables(self) -> dict[str, str]:
        """Variables that the kernel's process needs; in a fresh environment none of others."""
        alone = {} if self.python == sys.executable else {"PYTHONPATH": "", "VIRTUAL_ENV": ""}
        return {**randomness.variables(self.seed), **alone}

    @property
    def startup(self) -> tuple[str, ...]:
        """Sources that the kernel runs before the first cell."""
        editable = [p for p in self.environment.packages if p.editable]
        known = [place for package in editable for place in wheels.modules(package).values()]
        note = code.source(self.outputs, self.root, known)
        return (randomness.source(self.seed), note)


def take(
    keep: Path,
    outputs: Path,
    root: Path,
    parameters: Mapping[str, object],
    *,
    fresh_env: bool = False,
    lock: Path | None = None,
    progress: Progress | None = None,
) -> Ground:
    """Freeze the present environment into ``keep/environment``, and note git's state.

    With `fresh_env` the run's interpreter is one of a new environment, built from that lock; with
    `lock`, the ``environment/`` of an artifact, of one that is built from the lock there.

    Raises
    ------
    RunError
        The fresh environment cannot be built.
    """
    frozen = environment.freeze(keep / "environment")
    python, unlike = sys.executable, tuple[str, ...]()
    if fresh_env or lock is not None:
        made = fresh.build(lock or frozen.folder, progress)
        python, unlike = made.python, made.unlike
        if lock is None:
            environment.complete(frozen, made.downloads)
    seed = randomness.seed_of(parameters)
    return Ground(root, outputs, frozen, checkout(root), seed, python, unlike)


def write(ground: Ground, folder: Path) -> None:
    """Put ``environment/`` and ``code/`` into the bundle `folder`, once the run is over."""
    imported = Imported.read(ground.outputs)
    place = folder / "environment"
    ground.environment.folder.rename(place)
    facts = environment.read_platform(place)
    environment.write_platform(place, {**facts, "threads": list(imported.threads)})
    code.write(folder / "code", ground.root, imported, ground.git)
