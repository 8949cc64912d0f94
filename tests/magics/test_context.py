from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab import learners
from proml_lab.contracts import Dataset
from proml_lab.errors import SourceError, UnknownNameError, UsageError, WorkspaceError
from proml_lab.magics.context import Context
from proml_lab.spec import ModelSpec


@pytest.fixture
def names(small: Path) -> dict[str, object]:
    spec = ModelSpec.read("delay.proml.yaml")
    rows = Dataset(pl.DataFrame({"late": [1]}))
    return {"spec": spec, "rows": rows, "n": 3, "_old": spec, "ModelSpec": ModelSpec}


def test_live_names_are_those_of_ours(names: dict[str, object]) -> None:
    context = Context(names)
    assert context.live() == ["spec", "rows"]
    assert context.live(ModelSpec) == ["spec"]
    assert Context().live() == []


def test_rows_are_the_workspaces_unless_asked_for(small: Path) -> None:
    context = Context()
    assert context.max_rows == 20
    (small / "proml.toml").write_text("rows = 3")
    assert context.max_rows == 3
    context.rows = 7
    assert context.max_rows == 7


def test_a_variable_wins_over_a_file(names: dict[str, object], small: Path) -> None:
    (small / "spec").mkdir()
    assert Context(names).value("spec") is names["spec"]


def test_names_are_files_on_the_command_line(small: Path) -> None:
    context = Context()
    assert context.spec("delay.proml.yaml").name == "delay"
    assert len(context.dataset("delay.proml.yaml")) == 800
    assert context.model("delay.proml.yaml").learner == "trees"
    with pytest.raises(UnknownNameError, match="no file, model folder or artifact 'delay'"):
        context.value("delay")


def test_a_models_spec(names: dict[str, object], small: Path) -> None:
    context = Context(names)
    model = context.model("spec")
    names["gbm"] = model
    assert context.spec("gbm") is model.spec
    assert context.model("gbm") is model


@pytest.mark.parametrize(
    ("ask", "name", "error", "said"),
    [
        ("value", "spce", UnknownNameError, "no variable 'spce'.\nHint: did you mean 'spec'"),
        ("value", "delay.proml", UnknownNameError, "did you mean 'delay.proml.yaml'?"),
        ("value", "a/b", SourceError, "There is no file 'a/b'"),
        ("value", "a.yaml", SourceError, "There is no file 'a.yaml'"),
        ("spec", "n", UsageError, "'n' is a int, not a model spec.\nHint: there is spec."),
        ("model", "rows", UsageError, "'rows' is a Dataset, not a model.\nHint: make one first"),
        ("dataset", "n", UsageError, "'n' is a int, not a dataset.\nHint: there is rows."),
    ],
)
def test_what_is_not_there(
    names: dict[str, object], ask: str, name: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        getattr(Context(names), ask)(name)
    assert said in str(caught.value)


def test_the_workspace_is_the_one_asked_for_or_around_the_folder(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = Context()
    assert context.workspace.root == small
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkspaceError, match="No workspace"):
        _ = context.workspace
    monkeypatch.setenv("PROML_WORKSPACE", str(small))
    assert context.workspace.root == small
    context.folder = "nowhere"
    with pytest.raises(WorkspaceError, match="There is no folder"):
        _ = context.workspace


def test_bind_makes_a_variable_or_a_file(names: dict[str, object], small: Path) -> None:
    spec = names["spec"]
    Context(names).bind("other", spec)
    assert names["other"] is spec
    with pytest.raises(UsageError, match="'a-b' cannot be a variable"):
        Context(names).bind("a-b", spec)
    Context().bind("other.proml.yaml", spec)
    assert ModelSpec.read("other.proml.yaml") == spec


def test_what_is_there_is_told_before_any_work(small: Path) -> None:
    with pytest.raises(UsageError, match="'features' is there already"):
        Context().require_free("features")
    Context().require_free("new")
    Context({}).require_free("features")


def test_a_next_cell_is_offered_where_there_is_one() -> None:
    offered: list[str] = []
    Context({}, suggest=offered.append).next_cell("text")
    Context().next_cell("text")
    assert offered == ["text"]


def test_a_saved_model_is_read(small: Path) -> None:
    context = Context()
    context.bind("models/gbm", context.model("delay.proml.yaml"))
    assert context.model("models/gbm").data == learners.load("models/gbm").data
