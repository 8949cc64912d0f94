"""Artifacts loaded again: by name, version, alias and folder, and never when damaged."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import ArtifactError, UnknownNameError, UsageError, WorkspaceError
from proml_lab.promote import load_artifact, previous
from tests.promote.conftest import Promoted


def test_by_version_name_and_folder(promoted: Promoted, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = promoted.workspace
    assert load_artifact("visits@2", workspace=folder).key == "visits@2"
    assert load_artifact("visits", workspace=folder).key == "visits@3"
    assert load_artifact(promoted.artifacts[0].path).key == "visits@1"
    assert load_artifact(str(promoted.artifacts[0].path)).key == "visits@1"
    monkeypatch.chdir(folder / "work")
    assert load_artifact("visits").key == "visits@3"
    monkeypatch.chdir(folder.parent)
    with pytest.raises(WorkspaceError):
        load_artifact("visits")
    monkeypatch.setenv("PROML_WORKSPACE", str(folder))
    assert load_artifact("visits").key == "visits@3"


def test_by_alias(promoted: Promoted) -> None:
    from mlflow import MlflowClient

    address = f"sqlite:///{promoted.workspace / '.proml' / 'registry.db'}"
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    client.set_registered_model_alias("visits", "champion", "2")
    assert load_artifact("visits@champion", workspace=promoted.workspace).version == 2
    with pytest.raises(UnknownNameError, match=r"no 'visits' alias 'champ'.\nHint: did you"):
        load_artifact("visits@champ", workspace=promoted.workspace)
    client.delete_registered_model_alias("visits", "champion")
    said = r"alias 'latest'.\nHint: versions are 1, 2, 3, and 'visits' alone is the newest.$"
    with pytest.raises(UnknownNameError, match=said):
        load_artifact("visits@latest", workspace=promoted.workspace)


def test_what_it_says(promoted: Promoted) -> None:
    artifact = load_artifact("visits@1", workspace=promoted.workspace)
    assert (artifact.name, artifact.version) == ("visits", 1)
    assert artifact.parameters == {"n_rows": 400, "depth": 2}
    assert artifact.spec.name == "visits"
    assert artifact.model.learner == "trees"
    assert artifact.card.startswith("# visits\n\nWho comes late.")
    assert artifact.report.is_file()
    assert artifact.metrics["metric"].to_list()[0] == "auc"
    assert str(artifact) == "visits@1: trees model of late"
    shown = artifact._repr_mimebundle_()
    assert 'load_artifact("visits@1")' in shown["text/plain"]
    assert "<script" not in shown["text/html"]
    assert repr(artifact) == f"Artifact(path={artifact.path!r})"
    assert len(repr(artifact.model)) < 100
    last = promoted.artifacts[2]
    before = previous(last)
    assert before is not None
    assert before.key == "visits@2"
    assert previous(promoted.artifacts[0]) is None


@pytest.mark.parametrize(
    ("key", "kind", "said"),
    [
        ("visit", UnknownNameError, r"no artifact 'visit'.\nHint: did you mean 'visits'\?"),
        ("visits@7", UnknownNameError, r"no 'visits' version '7'.\nHint: choose one of 1, 2, 3\.$"),
        (
            "visits@30",
            UnknownNameError,
            r"no 'visits' version '30'.\nHint: choose one of 1, 2, 3\.$",
        ),
        ("@1", UsageError, "'@1' names no artifact"),
        ("visits@", UsageError, "'visits@' names no artifact"),
        ("./visits", ArtifactError, "There is no artifact in"),
    ],
)
def test_what_is_not_there(promoted: Promoted, key: str, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        load_artifact(key, workspace=promoted.workspace)


def test_a_damaged_model_is_not_loaded(promoted: Promoted, tmp_path: Path) -> None:
    copy = shutil.copytree(promoted.artifacts[0].path, tmp_path / "copy")
    early = load_artifact(copy)
    trees = copy / "model" / "predictor" / "trees.txt"
    trees.write_text(trees.read_text().replace("leaf_value=", "leaf_value=9", 1))
    said = r"visits@1 is damaged: model/predictor/trees.txt was changed.\nHint: take the artifact"
    with pytest.raises(ArtifactError, match=said):
        load_artifact(copy)
    with pytest.raises(ArtifactError, match=said):
        early.predict(pl.DataFrame({"x": [1.0], "who": ["a"]}))


def test_mlflow_loads_the_model_too(promoted: Promoted) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what MLflow's own imports warn of
        from mlflow import pyfunc

        loaded = pyfunc.load_model(str(promoted.artifacts[2].path / "model"))
        frame = pl.read_parquet(promoted.workspace / "frame.parquet").drop("late")
        got = loaded.predict(frame.to_pandas())
    assert got.tobytes() == promoted.artifacts[2].predict(frame).tobytes()
