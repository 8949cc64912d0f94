"""From a spec to a model, and from what was picked and joined to a spec."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from proml_lab import learners
from proml_lab.contracts import Dataset, Json, Progress
from proml_lab.document import validate
from proml_lab.errors import UsageError
from proml_lab.learners.roles import with_roles
from proml_lab.model import Model
from proml_lab.spec import ModelSpec

if TYPE_CHECKING:
    from proml_lab.marketplace.workspace import Workspace


def fit(
    spec: ModelSpec | str | Path,
    dataset: object = None,
    *,
    workspace: Workspace | None = None,
    learner: str | dict[str, Json] | None = None,
    progress: Progress | None = None,
) -> Model:
    """Fit what `spec` describes.

    Parameters
    ----------
    spec
        A spec, or the path of a ``*.proml.yaml`` file.
    dataset
        The rows: a Dataset, or a Polars, pandas or Arrow table, whose columns get the roles that
        the spec names; by default what the spec asks for, joined in `workspace`.
    workspace
        By default the one around the current folder.
    learner
        Another learner than the spec's: its name, or ``{name: options}``.
    progress
        Called with the part done and a few words.

    Raises
    ------
    SpecError, UnknownNameError, ColumnMissingError, DataError, SourceError, WorkspaceError
        As reading the spec, joining and learning do.
    """
    chosen, rows = prepared(spec, dataset, workspace=workspace, learner=learner, progress=progress)
    return learners.fit(chosen, rows, progress=progress)


def prepared(
    spec: ModelSpec | str | Path,
    dataset: object,
    *,
    workspace: Workspace | None,
    learner: str | dict[str, Json] | None,
    progress: Progress | None,
) -> tuple[ModelSpec, Dataset]:
    """(the spec with `learner` in it, the rows to fit it to); arguments and errors as for `fit`."""
    if not isinstance(spec, ModelSpec | str | Path):
        raise UsageError(
            f"A model is fitted from a spec or its path, found {type(spec).__name__}.",
            hint="fit('flight-delay.proml.yaml'), or read it: ModelSpec.read(path).",
        )
    chosen = spec if isinstance(spec, ModelSpec) else ModelSpec.read(spec)
    if learner is not None:
        chosen = chosen.but(learner=learner)
    if dataset is None:
        from proml_lab.marketplace.workspace import open_workspace

        with chosen.places.at("learner"):
            learners.get(chosen.learner.name)
        if progress is not None:
            progress(0.0, "joining features")
        dataset = (workspace or open_workspace()).dataset(chosen)
    return chosen, with_roles(dataset, chosen)


def draft(
    name: str = "model",
    *,
    dataset: Dataset | None = None,
    picked: Iterable[str] = (),
    spine: str | None = None,
    label: str | None = None,
    learner: str = "trees",
) -> ModelSpec:
    """A first spec, from the features that were `picked` and the `dataset` that was joined.

    Parameters
    ----------
    name
        What the model shall be called.
    dataset
        Gives the spine, label, entities, cutoff and the features that were joined to it.
    picked
        More features, each as ``group.view.feature``.
    spine, label
        The source of the rows and their column to predict, where there is no dataset, or to
        replace the dataset's.
    learner
        The learner to start with.

    Raises
    ------
    UsageError
        Neither the dataset nor the arguments say what is predicted for which rows.
    SpecError
        The name is not allowed.
    """
    origin = next((o for o in dataset.origins if o.view == "spine"), None) if dataset else None
    source = spine or (origin.source if origin else None)
    target = label or (dataset.label if dataset else None)
    if not source or not target:
        absent = [what for what, given in (("spine", source), ("label", target)) if not given]
        raise UsageError(
            f"A draft needs to know its {' and its '.join(absent)}.",
            hint="join a dataset with a label first, or say --spine SOURCE and --label COLUMN.",
        )
    rows: dict[str, object] = {"source": source}
    if dataset is not None:
        rows["entities"] = list(dataset.entities)
        rows["cutoff"] = dataset.cutoff
    body: dict[str, object] = {
        "name": name,
        "label": {"column": target},
        "spine": rows,
        "features": _features(dataset, picked),
        "learner": learner,
    }
    if dataset is not None and dataset.personal:
        body["sensitivity"] = "personal"  # said, so that whoever reads the spec sees it
    if dataset is None or dataset.cutoff is None:
        body["split"] = {"by": "random"}
    return validate(body, ModelSpec, name="draft")


def _features(dataset: Dataset | None, picked: Iterable[str]) -> list[object]:
    """``{view: [features]}`` of the joined columns, then of what was picked, each once."""
    wanted: dict[str, list[str]] = {}
    for origin in dataset.origins if dataset else ():
        kept = [name for name in origin.columns if name in (dataset.features if dataset else ())]
        wanted.setdefault(origin.view, []).extend(kept)
    for full in picked:
        view, _, feature = full.rpartition(".")
        wanted.setdefault(view, []).append(feature)
    return [{view: list(dict.fromkeys(names))} for view, names in wanted.items() if names]
