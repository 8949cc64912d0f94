"""Put a run's results into the layout of an artifact, all but its number."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.contracts import Origin
from proml_lab.promote import bundle, card, example, freeze, groups, notebook, pyfunc, report
from proml_lab.promote.bundle import FileEntry, InputEntry, Manifest
from proml_lab.promote.freeze import Ground, data
from proml_lab.promote.freeze.reads import Reads
from proml_lab.promote.freeze.rows import ROWS
from proml_lab.promote.gates import held_out
from proml_lab.promote.gates.standing import Standing
from proml_lab.promote.notebook import NotebookInfo
from proml_lab.promote.recorded import Metric, Recorded
from proml_lab.promote.run.delivery import deliver
from proml_lab.promote.run.recovery import BUNDLE
from proml_lab.promote.trust import Signer, crate, leave_key, sign
from proml_lab.spec import ModelSpec

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace


@dataclass(frozen=True)
class Draft:
    """A bundle without its report and manifest, and what these two will say."""

    folder: Path
    spec: ModelSpec
    origins: tuple[Origin, ...]
    recorded: Recorded
    metrics: tuple[Metric, ...]
    parameters: Mapping[str, object]
    model: Mapping[str, str]
    inputs: tuple[str, ...]
    n_rows: int
    seed: int
    files: Mapping[str, FileEntry]
    standing: Standing


def assemble(
    info: NotebookInfo,
    keep: Path,
    recorded: Recorded,
    ground: Ground,
    reads: Reads,
    *,
    workspace: Workspace,
    parameters: Mapping[str, object],
    standing: Standing,
) -> Draft:
    """Write the bundle of a run into ``keep/bundle``.

    Parameters
    ----------
    info
        The notebook as it was read.
    keep
        The run's folder with ``executed.ipynb`` and ``outputs/``, which is used up.
    recorded
        What the notebook declared.
    ground
        What it stood on.
    reads
        Which files it read.
    workspace
        Where these are.
    parameters
        Every parameter's value, as JSON.
    standing
        The verdicts of its gates, and the held-out rows that they were measured on.
    """
    folder = keep / BUNDLE
    (folder / "notebook").mkdir(parents=True)
    given = keep / "outputs"
    (given / "model").rename(folder / "model")
    if (given / "reports").is_dir():
        (given / "reports").rename(folder / "reports")
    draft = _draft(folder, recorded, parameters=parameters, seed=ground.seed, standing=standing)
    if standing.held is not None:
        held_out.store(standing.held, folder)
        groups.store(standing.held.folder, folder)
    example.store(given, folder / "model")
    pyfunc.describe(folder / "model", ground.environment)
    notebook.write(notebook.clean(info.node), folder / "notebook" / "source.ipynb")
    deliver(keep, folder / "notebook")
    shutil.copyfile(folder / "model" / "spec.proml.yaml", folder / "spec.proml.yaml")
    freeze.write(ground, folder)
    cutoff = draft.spec.spine.cutoff
    data.write(
        folder / "data",
        workspace,
        reads,
        origins=draft.origins,
        cutoff=cutoff,
        held=keep / ROWS,
    )
    rows = [metric.row() for metric in draft.metrics]
    bundle.write_json(folder / bundle.METRICS, {"metrics": rows})
    (folder / bundle.CARD).write_text(card.write(draft), encoding="utf-8", newline="\n")
    bundle.prune(folder)
    return replace(draft, files=bundle.index(folder))


def _draft(
    folder: Path,
    recorded: Recorded,
    *,
    parameters: Mapping[str, object],
    seed: int,
    standing: Standing,
) -> Draft:
    """What the model in `folder` and the run say of themselves."""
    head = json.loads((folder / "model" / "model.json").read_text(encoding="utf-8"))
    spec = ModelSpec.read(folder / "model" / "spec.proml.yaml")
    return Draft(
        folder=folder,
        spec=spec,
        origins=tuple(Origin(**origin) for origin in head["origins"]),
        recorded=recorded,
        metrics=tuple(recorded.own()),
        parameters=parameters,
        model={
            "learner": head["learner"],
            "task": spec.label.task,
            "label": spec.label.column,
            "data": head["data"],
        },
        inputs=tuple(head["inputs"]),
        n_rows=head["n_rows"],
        seed=seed,
        files={},
        standing=standing,
    )


def seal(
    draft: Draft,
    *,
    name: str,
    version: int,
    created: str,
    path: str,
    previous: str | None,
    key: Signer,
    passed_environment: tuple[str, ...] = (),
) -> Manifest:
    """Write what says the version: report, crate, manifest and, last of all, the signature."""
    manifest = Manifest(
        name=name,
        version=version,
        created=created,
        notebook=path,
        parameters=dict(draft.parameters),
        seed=draft.seed,
        previous=previous,
        parents=tuple(draft.recorded.parents),
        seconds=dict(draft.recorded.seconds),
        model=dict(draft.model),
        inputs=tuple(
            InputEntry(view=o.view, fingerprint=o.fingerprint, n_rows=o.n_rows)
            for o in draft.origins
        ),
        lint=draft.standing.lint,
        reports=dict(draft.recorded.reports),
        status=draft.standing.status,
        gates=draft.standing.gates,
        override=draft.standing.override,
        held_out=draft.standing.rows,
        trained=draft.standing.trained,
        files={},
        volatile=bundle.volatile(draft.files),
        passed_environment=passed_environment,
    )
    page = draft.folder / bundle.REPORT
    page.write_text(report.page(draft, manifest), encoding="utf-8", newline="\n")
    late = (bundle.REPORT, *leave_key(draft.folder, key))
    files = {**draft.files, **{name: bundle.entry(draft.folder / name) for name in late}}
    lead = draft.spec.description or f"Predicts {draft.spec.label.column}."
    graph = crate.describe(manifest, files, description=lead)
    bundle.write_json(draft.folder / bundle.CRATE, graph)
    files[bundle.CRATE] = bundle.entry(draft.folder / bundle.CRATE)
    manifest = manifest.model_copy(update={"files": files})
    bundle.write_json(draft.folder / bundle.MANIFEST, manifest.model_dump(mode="json"))
    sign(draft.folder, key)
    return manifest
