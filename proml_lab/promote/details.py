"""One artifact in full: where it stands, what it had to reach, what it was made from."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.errors import RegistryError, WorkspaceError
from proml_lab.promote import inputs
from proml_lab.promote.artifact import Artifact, locate, opened, registry_of, sound
from proml_lab.promote.gates.words import overridden
from proml_lab.promote.gc import size
from proml_lab.promote.inputs import moment, span

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_COLUMNS = ("part", "name", "value", "note")
_TITLES = {
    "version": "The version",
    "gate": "What it had to reach",
    "metric": "On held-out rows",
    "parameter": "Parameters",
    "lint": "Lint",
    "data": "Data",
    "environment": "Environment",
    "file": "Files",
}
Row = tuple[str, str, str, str]


@dataclass(frozen=True, eq=False)
class Details:
    """Everything that is known of `artifact`, a row each; `aliases` are those that it has now."""

    artifact: Artifact
    aliases: tuple[str, ...]
    table: pl.DataFrame = field(repr=False)

    def frame(self) -> pl.DataFrame:
        """``part`` (version, gate, metric, parameter, lint, data, environment, file), ``name``,
        ``value``, ``note``; an empty text where there is nothing to say.
        """
        return self.table

    def __str__(self) -> str:
        from proml_lab.plots import html

        texts = [self.artifact.key]
        for title, rows in self._parts():
            texts += ["", title, html.text_table(rows, max_rows=rows.height)]
        return "\n".join(texts)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from proml_lab.plots import html

        tables = [
            html.table(rows, caption=title, max_rows=rows.height) for title, rows in self._parts()
        ]
        return html.bundle(str(self), html.heading(f"Artifact {self.artifact.key}"), *tables)

    def _parts(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """(title, its rows) of each part, columns that say nothing left out."""
        for part, title in _TITLES.items():
            rows = self.table.filter(pl.col("part") == part).drop("part")
            if rows.height:
                yield title, rows if (rows["note"] != "").any() else rows.drop("note")


def show(
    artifact: Artifact | str | Path, *, workspace: Workspace | str | Path | None = None
) -> Details:
    """Everything that is known of an artifact, or of what `load_artifact` takes for one.

    Raises
    ------
    UnknownNameError, ArtifactError
        It is not there, or damaged.
    """
    found = artifact if isinstance(artifact, Artifact) else sound(locate(artifact, workspace), None)
    aliases = _aliases(found, workspace)
    rows = [
        *_version(found, aliases),
        *_gates(found),
        *_metrics(found),
        *(("parameter", name, str(value), "") for name, value in found.parameters.items()),
        *_lint(found),
        *_data(found),
        *_environment(found),
        *_files(found),
    ]
    table = pl.DataFrame(rows, schema=dict.fromkeys(_COLUMNS, pl.String), orient="row")
    return Details(found, aliases, table)


def _aliases(artifact: Artifact, workspace: Workspace | str | Path | None) -> tuple[str, ...]:
    """Its aliases, if it is a version of this workspace's registry."""
    try:
        registry = registry_of(opened(workspace, artifact.path))
        if registry.place(artifact.name, artifact.version) != artifact.path:
            return ()
        registry.probe()
        found = {v.version: v.aliases for v in registry.versions(artifact.name)}
    except (RegistryError, WorkspaceError):  # a bundle can be read without either
        return ()
    return found.get(artifact.version, ())


def _version(artifact: Artifact, aliases: tuple[str, ...]) -> Iterator[Row]:
    manifest = artifact.manifest
    facts: dict[str, str] = {
        "status": manifest.status,
        "overridden": overridden(manifest.override) if manifest.override else "",
        "aliases": ", ".join(aliases),
        "model": str(artifact).partition(": ")[2],
        "promoted": f"{artifact.created:%Y-%m-%d %H:%M} UTC",
        "notebook": manifest.notebook,
        "previous": manifest.previous or "",
        "parents": ", ".join(manifest.parents),
    }
    yield from (("version", name, value, "") for name, value in facts.items() if value)


def _gates(artifact: Artifact) -> Iterator[Row]:
    for gate in artifact.manifest.gates:
        yield "gate", f"{gate.gate} {gate.limit}", gate.verdict, gate.why


def _metrics(artifact: Artifact) -> Iterator[Row]:
    for row in artifact.metrics.to_dicts():
        name = " ".join(filter(None, [row["metric"], row["group"]]))
        value = "not defined" if row["value"] is None else f"{row['value']:.4g}"
        known = row["low"] is not None and row["high"] is not None
        interval = f"{row['low']:.4g} to {row['high']:.4g}" if known else ""
        better = f"{row['direction']} is better" if row["direction"] else ""
        yield "metric", name, value, ", ".join(filter(None, [interval, better]))


def _lint(artifact: Artifact) -> Iterator[Row]:
    """What lint said of the notebook."""
    for entry in artifact.manifest.lint:
        place = f"cell {entry.cell}" if entry.cell else "notebook"
        muted = f", muted in the {entry.muted}" if entry.muted else ""
        reason = f": {entry.reason}" if entry.reason else ""
        yield "lint", entry.code, entry.seen, f"{entry.severity}, {place}{muted}{reason}"


def _data(artifact: Artifact) -> Iterator[Row]:
    """The sources and what was kept of them, then the rows that were made of them."""
    manifest = artifact.manifest
    for one in inputs.read(artifact.path).sources:
        until = f"known up to {moment(one.until)} UTC" if one.until else ""
        kept = f"no copy: {one.missing}" if one.missing else "a copy is kept"
        told = ", ".join(filter(None, [f"{one.n_rows:,} rows", until, kept]))
        yield "data", one.view, told, one.fingerprint
    trained, held = manifest.trained, manifest.held_out
    period = span(trained.first, trained.last) if trained else ""
    yield "data", "training rows", period, manifest.model["data"]
    if held is not None:
        when = f", {span(held.first, held.last)}" if held.first and held.last else ""
        yield "data", "held-out rows", f"{held.n_rows:,} rows{when}", held.rows


def _environment(artifact: Artifact) -> Iterator[Row]:
    folder = artifact.path / "environment"
    ground: Mapping[str, object] = json.loads((folder / "platform.json").read_text("utf-8"))
    for name, value in ground.items():
        if isinstance(value, str | int | float):
            yield "environment", name, str(value), ""
    lock = tomllib.loads((folder / "pylock.toml").read_text("utf-8"))
    yield "environment", "packages", str(len(lock["packages"])), "environment/pylock.toml"


def _files(artifact: Artifact) -> Iterator[Row]:
    files = artifact.manifest.files
    held = sum(entry.bytes for entry in files.values())
    yield "file", "folder", str(artifact.path), ""
    yield "file", "report", str(artifact.report), "open it in a browser"
    yield "file", "files", f"{len(files)} files", size(held)
