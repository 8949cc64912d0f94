"""Which features the promoted artifacts of a workspace use: plain rows for `marketplace.know`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.errors import ArtifactError, RegistryError, SpecError
from proml_lab.marketplace.know.checkout import last_changes
from proml_lab.marketplace.know.kept import keep_uses
from proml_lab.marketplace.know.mentions import mentions, state
from proml_lab.marketplace.know.usage import Use
from proml_lab.promote import bundle
from proml_lab.promote.artifact import registry_of
from proml_lab.promote.freeze.data import INDEX
from proml_lab.spec import ModelSpec

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace
    from proml_lab.promote.registry import Registry

_SPINE = "spine"


@dataclass(frozen=True)
class Uses:
    """Uses of features in a workspace; `notes` tell of what could not be read, and why."""

    uses: tuple[Use, ...]
    notes: tuple[str, ...] = ()


def uses(workspace: Workspace, *, aliases: bool = True) -> Uses:
    """Every use of a feature by the specs, notebooks and artifacts of `workspace`.

    They are kept in `workspace.profiles`, for whoever searches. Without `aliases` no registry is
    asked for those of artifacts.
    """
    now = state(workspace.root, workspace.artifacts)
    told = mentions(workspace.root, workspace.catalog)
    found = promoted(workspace, aliases=aliases)
    every = Uses((*told.uses, *found.uses), (*told.notes, *found.notes))
    keep_uses(workspace.profiles, every.uses, now, aliases=aliases)
    return every


def promoted(workspace: Workspace, *, aliases: bool = True) -> Uses:
    """Every use of a feature by the artifacts of `workspace`.

    They are read from their folders; what cannot be read is told in `notes`. Nothing is run, and
    no registry is asked where no artifact uses a feature, or without `aliases`.
    """
    registry = registry_of(workspace)
    found: list[Use] = []
    notes: list[str] = []
    for name in registry.names():
        for version in registry.present(name):
            try:
                found += _of_artifact(registry.place(name, version))
            except (ArtifactError, SpecError) as error:
                notes.append(error.message)
    found = _with_aliases(found, registry, notes) if aliases else found
    changes = last_changes(workspace.root, sorted({use.notebook for use in found if use.notebook}))
    people = {name: change.who for name, change in changes.items()}
    named = tuple(replace(use, who=people.get(use.notebook, "")) for use in found)
    return Uses(named, tuple(notes))


def _of_artifact(folder: Path) -> Iterator[Use]:
    """The uses of one artifact: a column of a view, under the feature's own name.

    Raises
    ------
    ArtifactError
        A file of it is missing, or is not as it should be.
    """
    manifest = bundle.read_manifest(folder)
    with bundle.readable(folder):
        requested = ModelSpec.read(folder / "spec.proml.yaml").requested()
        for path in sorted((folder / "data").glob("*.json")):
            if path.name == INDEX:
                continue
            told = json.loads(path.read_text(encoding="utf-8"))
            view = told["view"]
            names = requested.get(view) or {}
            view, _, number = view.partition("@")
            for column in told["columns"] if view != _SPINE else ():
                yield Use(
                    view=view,
                    feature=names.get(column, column),
                    kind="artifact",
                    name=manifest.key,
                    model=manifest.name,
                    version=manifest.version,
                    learner=manifest.model.get("learner", ""),
                    dataset=manifest.model.get("data", ""),
                    notebook=manifest.notebook,
                    when=datetime.fromisoformat(manifest.created),
                    pinned=bool(number),
                )


def _with_aliases(found: list[Use], registry: Registry, notes: list[str]) -> list[Use]:
    """`found` with the aliases that their artifacts have now."""
    if not found:
        return found
    try:
        registry.probe()
        known = {f"{v.name}@{v.version}": v.aliases for v in registry.versions()}
    except RegistryError as error:
        notes.append(f"Aliases are not known: {error.message}")
        return found
    return [replace(use, aliases=known.get(use.name, ())) for use in found]
