"""Aliases of versions: which one is the champion, and back to the one before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.promote.artifact import opened, registry_of, sound

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace


@dataclass(frozen=True)
class Move:
    """An alias of `name` that now points at `version`; `before` had it until now, or None."""

    name: str
    alias: str
    version: int
    before: int | None

    def frame(self) -> pl.DataFrame:
        """One row: ``name``, ``alias``, ``version``, ``before``."""
        return pl.DataFrame([vars(self)])

    def __str__(self) -> str:
        key = f"{self.name}@{self.version}"
        if self.before == self.version:
            return f"{key} is {self.alias} already."
        was = f", in place of {self.name}@{self.before}" if self.before is not None else ""
        return f"{key} is now {self.alias}{was}."

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        return html.bundle(str(self), html.lead(str(self)))


def alias(
    name: str, alias: str, version: int, *, workspace: Workspace | str | Path | None = None
) -> Move:
    """Let `alias`, such as ``champion``, mean this version of `name`.

    Raises
    ------
    UnknownNameError
        There is no such version.
    NameNotAllowedError
        The alias cannot be given.
    GateError
        The version is rejected by its gates.
    ArtifactError
        Its folder is here, and could not be loaded.
    RegistryError
        The registry cannot be read or written.
    """
    registry = registry_of(opened(workspace))
    registry.probe(writing=True)
    if (place := registry.place(name, version)).is_dir():
        sound(place)
    return Move(name, alias, version, registry.alias(name, alias, version))


def rollback(
    name: str, alias: str = "champion", *, workspace: Workspace | str | Path | None = None
) -> Move:
    """Give `alias` back to the version that had it before.

    Once more goes back one further. The versions themselves stay as they are.

    Raises
    ------
    UnknownNameError
        There is no `name`, or no version of it has the alias.
    RegistryError
        No version had it before, or the registry cannot be read or written.
    """
    registry = registry_of(opened(workspace))
    registry.probe(writing=True)
    before, version = registry.rollback(name, alias)
    return Move(name, alias, version, before)
