"""A promoted model: what is in its folder, checked before it is used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.contracts import Floats
from proml_lab.errors import UnknownNameError, UsageError, WorkspaceError, choose, unknown
from proml_lab.promote import bundle, recorded
from proml_lab.promote.bundle import Manifest
from proml_lab.promote.registry import Registry
from proml_lab.spec import ModelSpec

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace
    from proml_lab.model import Model

METRIC_COLUMNS = {
    "metric": pl.String,
    "group": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "direction": pl.String,
    "verdict": pl.String,
    "n_rows": pl.Int64,
}
_LOADED = ("model", "spec.proml.yaml", "reports")


@dataclass(frozen=True, eq=False)
class Artifact:
    """One version of a promoted model.

    `path` is its folder, `manifest` what the folder's manifest says.
    """

    path: Path
    manifest: Manifest = field(repr=False)

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def version(self) -> int:
        return self.manifest.version

    @property
    def key(self) -> str:
        """``name@version``, as `load_artifact` takes it."""
        return self.manifest.key

    @property
    def parameters(self) -> Mapping[str, object]:
        """Every parameter of the notebook with its value in this run."""
        return self.manifest.parameters

    @property
    def created(self) -> datetime:
        return datetime.fromisoformat(self.manifest.created)

    @property
    def report(self) -> Path:
        """The page that tells about it: open it in a browser."""
        return self.path / bundle.REPORT

    @property
    def card(self) -> str:
        """The same in words, as Markdown."""
        return (self.path / bundle.CARD).read_text(encoding="utf-8")

    @property
    def spec(self) -> ModelSpec:
        return ModelSpec.read(self.path / "spec.proml.yaml")

    @cached_property
    def model(self) -> Model:
        """The model; its files are checked against the manifest first.

        Raises
        ------
        ArtifactError
            A file of the model is missing, changed, or not one of the manifest's.
        """
        from proml_lab.learners import load

        bundle.verify(self.path, self.manifest, ["model"])
        return load(self.path / "model")

    def predict(self, frame: object) -> Floats:
        """(n,) what the model says for each row of `frame`; see `Model.predict`."""
        return self.model.predict(frame)

    @property
    def metrics(self) -> pl.DataFrame:
        """One row a metric and group: its value on held-out rows, its interval, its direction."""
        rows = json.loads((self.path / bundle.METRICS).read_text(encoding="utf-8"))["metrics"]
        return pl.DataFrame(rows, schema=METRIC_COLUMNS)

    def __str__(self) -> str:
        return (
            f"{self.key}: {self.manifest.model['learner']} model of {self.manifest.model['label']}"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html
        from proml_lab.promote.lint import told

        parameters = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        facts = pl.DataFrame(
            {
                "what": [
                    "model",
                    "status",
                    "parameters",
                    "lint",
                    "promoted",
                    "report",
                    "load it with",
                ],
                "": [
                    str(self).partition(": ")[2],
                    self.manifest.status,
                    parameters or "none",
                    told(self.manifest.lint) or "nothing to mend",
                    f"{self.created:%Y-%m-%d %H:%M} UTC",
                    str(self.report),
                    f'load_artifact("{self.key}")',
                ],
            }
        )
        plain = "\n".join([self.key, html.text_table(facts), html.text_table(self.metrics)])
        return html.bundle(
            plain,
            html.heading(f"Artifact {self.key}"),
            html.table(facts),
            html.table(self.metrics, caption="On held-out rows"),
        )


def load_artifact(key: str | Path, workspace: Workspace | str | Path | None = None) -> Artifact:
    """The artifact ``name@version``, the newest of ``name``, ``name@alias``, or one in a folder.

    Its manifest is checked against its signature, and its model, spec and metrics against the
    manifest, before it is handed over. Whose key signed it is not asked: `verify` does that.

    Raises
    ------
    UnknownNameError
        No such name, version or alias.
    ArtifactError
        A file is missing, changed, or not one of the manifest's, or the signature does not hold.
    MissingExtraError
        What checks signatures is not installed; `learners.load` reads a model folder without.
    """
    artifact = sound(locate(key, workspace))
    recorded.note_parent(artifact.key)
    return artifact


def sound(folder: Path, parts: Iterable[str] | None = _LOADED) -> Artifact:
    """The artifact in `folder`, if its `parts` are as they were signed; None for all of it.

    Raises
    ------
    ArtifactError, MissingExtraError
        As `load_artifact`.
    """
    from proml_lab.promote.trust.seal import sealed

    return Artifact(folder, sealed(folder, parts))


def previous(artifact: Artifact) -> Artifact | None:
    """The version before, or None if there is none or its folder is gone."""
    if not artifact.manifest.previous:
        return None
    folder = artifact.path.parent / artifact.manifest.previous.rpartition("@")[2]
    return Artifact(folder, bundle.read_manifest(folder)) if folder.is_dir() else None


def opened(workspace: Workspace | str | Path | None, near: Path | None = None) -> Workspace:
    """The workspace itself, or the one in or above that folder; else here, else above `near`."""
    from proml_lab.marketplace.workspace import Workspace, open_workspace

    if isinstance(workspace, Workspace):
        return workspace
    if workspace is not None or near is None:
        return open_workspace(workspace)
    try:
        return open_workspace()
    except WorkspaceError:
        return open_workspace(near)


def registry_of(workspace: Workspace) -> Registry:
    """The registry that a workspace names, and the folder of its bundles."""
    return Registry(workspace.registry, workspace.artifacts)


def locate(key: str | Path, workspace: Workspace | str | Path | None) -> Path:
    """The folder of ``name@version``, the newest of ``name``, ``name@alias``; or a folder given.

    Raises
    ------
    UnknownNameError
        No such name, version or alias.
    """
    text = str(key)
    if isinstance(key, Path) or "/" in text or "\\" in text or text == ".":
        return Path(key).expanduser().absolute()
    name, at, version = text.partition("@")
    if not name or (at and not version):
        raise UsageError(
            f"{text!r} names no artifact.", hint="give 'name', 'name@version' or a folder."
        )
    try:
        registry = registry_of(opened(workspace))
    except WorkspaceError:
        if (Path(text) / bundle.MANIFEST).is_file():
            return Path(text).absolute()
        raise
    if version.isdigit() and (place := registry.place(name, int(version))).is_dir():
        return place  # what is in it, whoever reads it looks at
    there = registry.present(name)
    if not there:
        raise _absent(registry, name)
    if not version:
        return registry.place(name, there[-1])
    if not version.isdigit():
        return registry.place(name, _aliased(registry, name, version, there))
    if int(version) not in there:
        raise unknown(f"{name!r} version", version, map(str, there))
    return registry.place(name, int(version))


def _absent(registry: Registry, name: str) -> UnknownNameError:
    """The error for a `name` of which no version is here, though some may be registered."""
    versions = registry.versions(name)
    if not versions:
        return unknown("artifact", name, registry.names())
    listed = ", ".join(str(v.version) for v in versions[:8])
    return UnknownNameError(
        f"No folder of {name!r} is in this workspace; registered are versions {listed}.",
        hint="bring one here: 'proml export' where it was promoted, then 'proml import' here.",
    )


def _aliased(registry: Registry, name: str, alias: str, there: list[int]) -> int:
    aliases = {a: v.version for v in registry.versions(name) for a in v.aliases}
    if alias not in aliases:
        known = f"{choose(alias, aliases).rstrip('.?')}; " if aliases else ""
        numbers = ", ".join(map(str, there))
        raise UnknownNameError(
            f"There is no {name!r} alias {alias!r}.",
            hint=f"{known}versions are {numbers}, and {name!r} alone is the newest.",
        )
    return aliases[alias]
