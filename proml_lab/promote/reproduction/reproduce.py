"""Make an artifact again from its bundle alone, and say how near the result comes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.contracts import Progress
from proml_lab.errors import ArtifactError, RunError, WorkspaceError
from proml_lab.promote import assemble, bundle, promotion, trust
from proml_lab.promote.artifact import Artifact, load_artifact, opened
from proml_lab.promote.freeze.code import Imported
from proml_lab.promote.gates import held_out
from proml_lab.promote.gates.standing import Standing
from proml_lab.promote.notebook import NotebookInfo, inspect
from proml_lab.promote.reproduction import drift
from proml_lab.promote.reproduction.cells import compare_cells
from proml_lab.promote.reproduction.closeness import IDENTICAL, Closeness
from proml_lab.promote.reproduction.files import compare_files
from proml_lab.promote.reproduction.predictions import compare_predictions
from proml_lab.promote.reproduction.result import SCHEMA, Reproduction, row, worst
from proml_lab.promote.restore import notebook_of, restore, unheld
from proml_lab.promote.run import execute
from proml_lab.promote.run.presence import running
from proml_lab.statefolder import state_folder

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace
    from proml_lab.promote.trust import Signer

_APART = Closeness("different", float("inf"), float("inf"))


def reproduce(
    artifact: str | Path,
    *,
    fresh_env: bool = False,
    workspace: Workspace | str | Path | None = None,
    key: str | Path | None = None,
    identity: tuple[str, str] | None = None,
    progress: Progress | None = None,
) -> Reproduction:
    """Run an artifact's notebook again, from what is in the artifact and nothing else.

    A workspace of its data and code is laid out in a folder of its own (see `restore`), and the
    notebook is run there with the recorded parameters and seed. Nothing is registered.

    Parameters
    ----------
    artifact
        ``name@version``, ``name`` for the newest, ``name@alias``, or an artifact's folder.
    fresh_env
        Run in a new environment built from the artifact's lock; else in this one.
    workspace
        Where the registry is, and where the report is kept: in ``.proml/reproductions``. A folder
        given as `artifact` needs none.
    key
        File of a public key that is trusted beside one's own and those of the workspace: the
        artifact's notebook, which its owner may have written, is run.
    identity
        Name and issuer of one who is trusted to sign by Sigstore.
    progress
        Called with the part done and a few words.

    Returns
    -------
    The report: for each output whether it is identical, equal within tolerance, or different. A
    notebook that fails now is a report, too.

    Raises
    ------
    UnknownNameError, ArtifactError
        There is no such artifact, one of its files is not what was signed, it was signed by a
        key that is not trusted, or data that it does not hold is not in the workspace either.
    SigningError
        `key` cannot be read.
    RunError
        The fresh environment cannot be built.
    """
    _verify(artifact, workspace, key, identity)
    made_once = load_artifact(artifact, workspace)
    place = _place(workspace, made_once)
    signer = trust.signer(place) if place else None
    created = datetime.now(UTC).replace(microsecond=0)
    stamp = f"{made_once.name}@{made_once.version}-{created:%Y%m%d-%H%M%S}"
    execute.load()
    runs = place.runs if place else Path(gettempdir())
    keep = promotion.run_folder(runs, f"{made_once.name}-{made_once.version}")
    try:
        with running(keep):  # so that gc knows that the run is under way
            made = _made(made_once, keep, place, fresh_env=fresh_env, tell=progress or _silent)
        table = pl.DataFrame(made.rows, schema=SCHEMA, orient="row")
    finally:
        shutil.rmtree(keep, ignore_errors=True)
    report = Reproduction(
        key=made_once.key,
        verdict=worst(table["verdict"]),
        environment="fresh" if fresh_env else "same",
        warnings=made.warnings,
        created=created.isoformat(),
        seconds=round(made.seconds, 3),
        table=table,
    )
    return _kept(report, place, signer, stamp)


@dataclass(frozen=True)
class _Made:
    """What was made again, held against the artifact row by row."""

    rows: list[dict[str, object]]
    warnings: tuple[str, ...]
    seconds: float


def _made(
    artifact: Artifact,
    keep: Path,
    place: Workspace | None,
    *,
    fresh_env: bool,
    tell: Progress,
) -> _Made:
    """Lay out the workspace in ``keep/workspace``, run the notebook there, and compare."""
    tell(0.0, "laying out data and code")
    root = restore(artifact, keep / "workspace", workspace=place)
    info = inspect(notebook_of(artifact, root.root))
    bound = info.bind(_given(info, artifact.parameters))
    run = promotion.Run(info, artifact.name, bound, root, keep)
    locked = artifact.path / "environment"
    ground = promotion.stand(run, tell, lock=locked if fresh_env else None)
    ground = replace(ground, seed=artifact.manifest.seed or 0)
    warnings = [*drift.machine_apart(locked), *unheld(artifact)]
    if fresh_env:
        warnings += [f"{name} has other files than it had" for name in ground.unlike]
    else:
        warnings += drift.packages_apart(locked)
    began = time.monotonic()
    try:
        recorded = promotion.perform(run, ground, tell)
    except RunError as error:
        seconds = time.monotonic() - began
        said = error.message.splitlines()[0]
        return _Made([row("run", "the notebook", _APART, where=said)], tuple(warnings), seconds)
    seconds = time.monotonic() - began
    if outside := Imported.read(run.outputs).elsewhere:
        warnings.append(f"it imported {', '.join(outside)} from outside: not part of the artifact")
    tell(0.95, "comparing")
    # Verdicts are not judged again, the champion may be another by now: what they rest on is.
    old, held = artifact.manifest, held_out.read(run.outputs)
    standing = Standing(old.gates, old.override, held, old.lint)
    draft = promotion.assembled(run, recorded, ground, standing)
    return _Made([*_compared(artifact, draft)], tuple(warnings), seconds)


def _compared(artifact: Artifact, draft: assemble.Draft) -> Iterator[dict[str, object]]:
    """A row for each output, in the order in which a run makes them."""
    same = draft.model["data"] == artifact.manifest.model["data"]
    yield row("data", "training rows", IDENTICAL if same else _APART)
    executed = artifact.path / bundle.EXECUTED
    for number, title, found in compare_cells(executed, draft.folder / bundle.EXECUTED):
        yield row("cell", f"cell {number}", found, where=title if found.line else "")
    for what, name, found in compare_files(artifact.path, draft.folder):
        yield row(what, name, found)
    for name, found, where in compare_predictions(artifact.path, draft.folder):
        yield row("predictions", name, found, where=where)


def _given(info: NotebookInfo, recorded: Mapping[str, object]) -> dict[str, object]:
    """The recorded values that are not what the notebook would take by itself."""
    alone = info.values({})
    return {name: value for name, value in recorded.items() if alone.get(name) != value}


def _verify(
    artifact: str | Path,
    workspace: Workspace | str | Path | None,
    key: str | Path | None,
    identity: tuple[str, str] | None,
) -> None:
    """Every file is what was signed, by a trusted key: its notebook is about to be run."""
    found = trust.verify(artifact, workspace=workspace, key=key, identity=identity)
    if not found and not found.file:
        raise ArtifactError(
            str(found),
            hint="its notebook would be run: if you trust who made it, put its signature.pub, "
            "under a name of your choice, into the workspace's folder trusted-keys; "
            "or name the key: --key FILE.",
        )
    found.require()


def _place(workspace: Workspace | str | Path | None, artifact: Artifact) -> Workspace | None:
    """The workspace that keeps the report; None if an artifact lies outside of any."""
    try:
        return opened(workspace, artifact.path)
    except WorkspaceError:
        if workspace is not None:
            raise
        return None


def _kept(
    report: Reproduction, place: Workspace | None, key: Signer | None, stamp: str
) -> Reproduction:
    """Write the report and sign it; the same with its path."""
    if place is None or key is None:
        return report
    folder = state_folder(place.root, "reproductions", stamp)
    path = folder / "reproduction.json"
    bundle.write_json(path, report.to_dict())
    trust.leave_key(folder, key)
    trust.sign(folder, key)
    return replace(report, path=path)


def _silent(part: float, words: str) -> None:
    """Progress for those who did not ask for it."""
