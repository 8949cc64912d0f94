from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.authoring import draft, fit
from proml_lab.contracts import Dataset
from proml_lab.errors import SpecError, UnknownNameError, UsageError, WorkspaceError
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.spec import ModelSpec
from tests.magics.conftest import make_small


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(make_small(tmp_path / "small"))


@pytest.fixture
def spec(workspace: Workspace) -> ModelSpec:
    return ModelSpec.read(workspace.root / "delay.proml.yaml")


def test_a_spec_a_path_and_a_dataset_give_the_same_model(
    workspace: Workspace, spec: ModelSpec
) -> None:
    data = workspace.dataset(spec)
    models = [
        fit(spec, data),
        fit(spec, workspace=workspace),
        fit(workspace.root / "delay.proml.yaml", data),
        fit(str(workspace.root / "delay.proml.yaml"), workspace=workspace),
    ]
    scores = [model.raw(data).tobytes() for model in models]
    assert len(set(scores)) == 1
    assert all(model.spec == spec for model in models)


def test_the_workspace_around_the_current_folder(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PROML_WORKSPACE", raising=False)
    monkeypatch.chdir(workspace.root)
    assert fit("delay.proml.yaml").n_rows == 599
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkspaceError, match="No workspace"):
        fit(workspace.root / "delay.proml.yaml")


def test_another_learner(workspace: Workspace, spec: ModelSpec) -> None:
    data = workspace.dataset(spec)
    assert fit(spec, data, learner="baseline").learner == "baseline"
    few = fit(spec, data, learner={"trees": {"n_trees": 2}})
    assert few.spec.learner.options == {"n_trees": 2}
    assert spec.learner.options == {"n_trees": 20, "num_leaves": 7}


def test_a_wrong_learner_is_told_before_anything_is_joined(spec: ModelSpec) -> None:
    with pytest.raises(UnknownNameError, match=r"no learner 'tree'.\nHint: did you mean 'trees'"):
        fit(spec, learner="tree")


def test_progress_tells_of_the_join(workspace: Workspace, spec: ModelSpec) -> None:
    told: list[tuple[float, str]] = []
    fit(spec, workspace=workspace, progress=lambda part, words: told.append((part, words)))
    assert told[0] == (0.0, "joining features")
    parts = [part for part, _ in told]
    assert parts == sorted(parts)
    assert 0 <= min(parts) <= max(parts) <= 1


def test_a_draft_of_a_dataset_asks_for_the_same_rows(workspace: Workspace, spec: ModelSpec) -> None:
    data = workspace.dataset(spec)
    drafted = draft("mine", dataset=data)
    assert drafted.requested() == {
        "weather.hourly": {"temp": "temp", "wind": "wind"},
        "fleet.planes": {"seats": "seats"},
    }
    again = workspace.dataset(drafted)
    assert again.fingerprint == data.fingerprint
    assert (again.label, again.cutoff, again.features) == (data.label, data.cutoff, data.features)
    assert ModelSpec.parse(drafted.to_yaml()) == drafted


def test_picks_are_added_to_what_was_joined(workspace: Workspace, spec: ModelSpec) -> None:
    picked = ["fleet.planes.maker", "fleet.planes.seats"]
    drafted = draft(dataset=workspace.dataset(spec), picked=picked)
    assert drafted.requested()["fleet.planes"] == {"seats": "seats", "maker": "maker"}


def test_a_draft_from_picks_alone_needs_a_spine_and_a_label() -> None:
    with pytest.raises(UsageError, match="A draft needs to know its spine and its label"):
        draft(picked=["fleet.planes.maker"])
    with pytest.raises(UsageError, match="A draft needs to know its label"):
        draft(spine="flights")
    drafted = draft(picked=["fleet.planes.maker"], spine="flights", label="late")
    assert drafted.spine.source == "flights"
    assert drafted.split.by == "random"


def test_a_dataset_without_a_label() -> None:
    rows = Dataset(pl.DataFrame({"x": np.arange(3)}))
    with pytest.raises(UsageError, match="its spine and its label"):
        draft(dataset=rows)


def test_a_name_that_is_not_allowed() -> None:
    with pytest.raises(SpecError, match="The name 'No good' is not allowed"):
        draft("No good", spine="flights", label="late")


def test_something_else_than_a_spec_is_refused() -> None:
    with pytest.raises(UsageError, match="from a spec or its path, found int"):
        fit(3)  # type: ignore[arg-type]
