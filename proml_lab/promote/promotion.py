"""From a notebook to an artifact: check, run, freeze, bundle, register."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab.contracts import Progress
from proml_lab.errors import ProMLError, RegistryError, RunError, SigningError
from proml_lab.promote import assemble, bundle, freeze
from proml_lab.promote.artifact import Artifact, opened, registry_of
from proml_lab.promote.checking import check
from proml_lab.promote.freeze import Ground, reads, rows
from proml_lab.promote.gates import standing
from proml_lab.promote.gates.entry import overriding
from proml_lab.promote.lint import LintReport, after
from proml_lab.promote.notebook import NotebookInfo, prepared
from proml_lab.promote.parameters import Value
from proml_lab.promote.recorded import Recorded
from proml_lab.promote.registry import Record, Registry
from proml_lab.promote.run import execute, recovery, times
from proml_lab.promote.run.cells import Limits
from proml_lab.promote.run.environment import passed
from proml_lab.promote.run.presence import clear, running
from proml_lab.promote.run.room import cure
from proml_lab.promote.run.times import CellFacts
from proml_lab.promote.trust import Signer, signature, signer
from proml_lab.promoting import OUTPUTS
from proml_lab.spec import check_name
from proml_lab.statefolder import make_folder

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace

_RUN, _FREEZE, _REGISTER = 0.9, 0.92, 0.95


def promote(
    notebook: str | Path,
    name: str,
    parameters: Mapping[str, object] | None = None,
    *,
    override: str | None = None,
    workspace: Workspace | str | Path | None = None,
    strict: bool = False,
    progress: Progress | None = None,
    fresh_env: bool = False,
    cell_timeout: float | None = None,
    timeout: float | None = None,
) -> Artifact:
    """Run a notebook in a fresh kernel and register what it declares as a new version of `name`.

    Parameters
    ----------
    notebook
        Path of an ``.ipynb`` file with one cell tagged `parameters`. It declares its outputs by
        ``%proml output model=…``. Its kernel works in the notebook's own folder, as in
        JupyterLab, or in the workspace's root if the notebook lies outside of the workspace.
    name
        What the artifact is called; the registry gives the version.
    parameters
        Values for parameters of the notebook; the others keep their defaults.
    override
        Why the version may be used even if a gate of its spec fails; it is recorded with the
        account's name and the time.
    workspace
        Where the registry is; by default the workspace around the current folder, else around
        the notebook.
    strict
        Let warnings of lint stop the promotion too.
    progress
        Called with the part done and a few words. Runs of earlier promotions that a crash cut off
        are named first.
    fresh_env
        Run in a new virtual environment with the packages of this one, built by pip and kept in
        the user's cache; the artifact then also says which files the packages are.
    cell_timeout, timeout
        Seconds that each cell, and all of them, may take.

    Returns
    -------
    The artifact, in ``.proml/artifacts/<name>/<version>`` of the workspace.

    Raises
    ------
    NameNotAllowedError, NotebookError, ParameterError, WorkspaceError, RegistryError, SigningError
        Before anything is run; NotebookError also for what lint finds.
    RunError
        A cell raised or took too long, the kernel died, no model was declared, the disk is full,
        or the fresh environment cannot be built. Nothing is registered; the run is kept in
        ``.proml/runs``.
    GateError
        A gate of the spec failed or could not be checked. The version is registered as
        ``rejected``; the error's `artifact` is that version.
    """
    check_name(name, role="artifact name")
    overriding(override)
    place = opened(workspace, Path(notebook).expanduser().absolute().parent)
    info, bound, checked = check(
        notebook, lambda info: info.bind(parameters or {}), workspace=place, strict=strict
    )
    registry = registry_of(place)
    registry.probe(adding=name)
    key = signer(place)
    tell = progress or _silent
    execute.load()
    for cut in recovery.cut_off(place.runs):
        tell(0.0, str(cut))
    keep = run_folder(place.runs, name)
    limits = Limits(cell_timeout, timeout, place.config.output_limit)
    before = _before(registry, name)
    run = Run(info, name, bound, place, keep, fresh_env, checked, override, limits, before, strict)
    return _performed(run, registry, key, tell)


@dataclass(frozen=True)
class Run:
    """One run under way: `keep` is its folder among the runs."""

    info: NotebookInfo
    name: str
    bound: Mapping[str, Value]
    workspace: Workspace
    keep: Path
    fresh_env: bool = False
    checked: LintReport | None = None
    override: str | None = None
    limits: Limits = field(default_factory=Limits)
    before: tuple[CellFacts, ...] = ()
    strict: bool = False

    @property
    def outputs(self) -> Path:
        return self.keep / "outputs"

    @property
    def shown_path(self) -> str:
        """The notebook's path from the workspace, or its name if it lies elsewhere."""
        path = self.info.path
        root = self.workspace.root
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name

    @property
    def folder(self) -> Path:
        """Where the kernel works."""
        inside = self.info.path.is_relative_to(self.workspace.root)
        return self.info.path.parent if inside else self.workspace.root


def _performed(run: Run, registry: Registry, key: Signer, tell: Progress) -> Artifact:
    """Run the notebook and register it; what fails on the way says where the run is kept."""
    keep = run.keep
    pool = ThreadPoolExecutor(1, "proml-registry")
    try:
        with running(keep):
            opening = pool.submit(registry.open)
            pool.submit(signature.load)
            ground = stand(run, tell)
            recorded = perform(run, ground, tell)
            return _finish(run, recorded, ground, registry, opening, key, tell)
    except (SigningError, RegistryError) as error:
        kept = f"nothing was registered; the run is kept in {keep}"
        if moved := recovery.placed(keep):
            kept = f"{moved} is in its place: the next promotion of that name registers it"
        hint = f"{error.hint.rstrip('.')}; {kept}."
        raise type(error)(error.message, hint=hint) from None
    except ProMLError:
        raise
    except OSError as error:
        why = error.strerror or error
        raise RunError(
            f"The artifact of {run.info.path.name} could not be written: {why}.",
            hint=f"{cure(error, keep)}; nothing was registered; the run is kept there.",
        ) from error
    finally:
        pool.shutdown(wait=False)


def stand(run: Run, tell: Progress, *, lock: Path | None = None) -> Ground:
    """Take the ground that the run stands on: the present environment, or one built from `lock`.

    Raises RunError if a fresh environment cannot be built.
    """
    values = run.info.values(run.bound)
    return freeze.take(
        run.keep,
        run.outputs,
        run.workspace.root,
        values,
        fresh_env=run.fresh_env,
        lock=lock,
        progress=tell,
    )


def perform(run: Run, ground: Ground, tell: Progress) -> Recorded:
    """Run the notebook; what it declared.

    Raises
    ------
    RunError
        A cell raised, the kernel died, or no model was declared that can be told.
    """
    node = prepared(run.info, run.bound)
    execute.execute(
        node,
        name=run.info.path.name,
        folder=run.folder,
        keep=run.keep,
        environment={
            OUTPUTS: str(run.outputs),
            "PROML_WORKSPACE": str(run.workspace.root),
            **rows.variables(run.keep, run.workspace),
            **ground.variables,
        },
        startup=(*ground.startup, reads.source(run.keep, run.workspace.root)),
        python=ground.python,
        progress=lambda part, words: tell(part * _RUN, words),
        limits=run.limits,
        before=run.before,
        pass_environment=run.workspace.config.pass_environment,
    )
    recorded = Recorded.read(run.outputs)
    if not recorded.model:
        raise RunError(
            f"{run.info.path.name} ran to its end, but declared no model: an artifact needs one.",
            hint="add a cell: %proml output model=NAME (and metrics=…); "
            f"nothing was registered; the run is kept in {run.keep}.",
        )
    if unclear := recorded.unmatched():
        raise RunError(
            f"{run.info.path.name} ran to its end, but which of the models in {unclear[0]!r} it "
            "promotes cannot be told.",
            hint="compare the very model that is declared: %proml output model=… metrics=…; "
            f"nothing was registered; the run is kept in {run.keep}.",
        )
    return recorded


def assembled(
    run: Run, recorded: Recorded, ground: Ground, reached: standing.Standing
) -> assemble.Draft:
    """What the run left, in the layout of an artifact, in ``bundle`` of its folder."""
    root, info = run.workspace.root, run.info
    return assemble.assemble(
        info,
        run.keep,
        recorded,
        ground,
        reads.read(run.keep, root, code=info.code, folder=run.folder),
        workspace=run.workspace,
        parameters=info.values(run.bound),
        standing=reached,
    )


def _finish(
    run: Run,
    recorded: Recorded,
    ground: Ground,
    registry: Registry,
    opening: Future[None],
    key: Signer,
    tell: Progress,
) -> Artifact:
    """Assemble the bundle, then take a number for it and move it to its place."""
    tell(_FREEZE, "freezing environment, data and code")
    values = run.info.values(run.bound)
    checked = _seen_by_run(run, values, tell)
    reached = standing.stand(
        run.outputs,
        recorded,
        name=run.name,
        registry=registry,
        lint=checked,
        override=run.override,
    )
    draft = assembled(run, recorded, ground, reached)
    words = "making the registry's tables (once)" if registry.is_new else "registering"
    tell(_REGISTER, words)
    opening.result()
    tags = {"proml.notebook": run.shown_path, "proml.learner": draft.model["learner"]}
    tags |= reached.tags()
    record = Record(run.name, values, recorded.numbers(), tags)
    created = datetime.now(UTC).replace(microsecond=0).isoformat()
    with registry.reserve(record) as version:
        before = [v for v in registry.present(run.name) if v < version]
        manifest = assemble.seal(
            draft,
            name=run.name,
            version=version,
            created=created,
            path=run.shown_path,
            previous=f"{run.name}@{max(before)}" if before else None,
            key=key,
            passed_environment=passed(os.environ, run.workspace.config.pass_environment),
        )
        place = registry.place(run.name, version)
        recovery.note_place(run.keep, manifest.key)
        bundle.move(draft.folder, place)
    clear(run.keep)
    tell(1.0, f"{run.name}@{version}")
    artifact = Artifact(place, manifest)
    if reached.status == "rejected":
        raise standing.rejection(artifact, artifact.key, reached.gates)
    return artifact


def _seen_by_run(run: Run, values: Mapping[str, object], tell: Progress) -> LintReport | None:
    """What lint found, with what only the run showed, which is told; RunError where strict."""
    if run.checked is None:
        return None
    found = after.seen_by_run(
        run.checked, run.info, run.keep, run.workspace, values=values, strict=run.strict
    )
    after.require(found, run.keep)
    for finding in found.findings:
        if finding.by == "run":
            tell(_FREEZE, f"{finding.severity}: {finding}")
    return found


def _before(registry: Registry, name: str) -> tuple[CellFacts, ...]:
    """What the cells took in the newest version that is here."""
    there = registry.present(name)
    return times.read(registry.place(name, there[-1]) / "notebook") if there else ()


def run_folder(runs: Path, name: str) -> Path:
    """A new folder that says when and what."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = runs / f"{stamp}-{name}-{secrets.token_hex(2)}"
    try:
        folder.mkdir(parents=True)
        make_folder(folder)
    except OSError as error:
        raise RunError(
            f"The run's folder {folder} cannot be made: {os.strerror(error.errno or 0)}.",
            hint="check the workspace's disk and its permissions.",
        ) from None
    return folder


def _silent(part: float, words: str) -> None:
    """Progress for those who did not ask for it."""
