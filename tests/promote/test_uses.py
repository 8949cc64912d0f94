"""Uses of features by artifacts, as plain rows."""

from __future__ import annotations

import shutil
from pathlib import Path

from proml_lab.marketplace.workspace import open_workspace
from proml_lab.promote import alias
from proml_lab.promote.uses import uses
from tests.promote.conftest import Promoted


def test_each_artifact_uses_the_columns_of_its_views(promoted: Promoted, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(promoted.workspace, root)
    workspace = open_workspace(root)
    alias("visits", "champion", 2, workspace=workspace)
    found = [use for use in uses(workspace).uses if use.kind == "artifact"]
    assert {use.name for use in found} == {"visits@1", "visits@2", "visits@3"}
    assert {use.key for use in found} == {"shop.visits.x", "shop.visits.who"}
    one = next(use for use in found if use.name == "visits@2")
    assert (one.model, one.version, one.learner, one.aliases) == (
        "visits", 2, "trees", ("champion",),
    )  # fmt: skip
    assert len(one.dataset) == 32
    assert one.notebook.endswith(".ipynb")
    assert one.when is not None
    assert one.when.utcoffset() is not None


def test_what_cannot_be_read_is_told(promoted: Promoted, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(promoted.workspace, root)
    artifacts = root / ".proml" / "artifacts" / "visits"
    (artifacts / "1" / "spec.proml.yaml").unlink()
    (artifacts / "2" / "data" / "shop.visits.json").write_text("{}")
    (root / ".proml" / "registry.db").write_bytes(b"no database")
    found = uses(open_workspace(root))
    assert {use.name for use in found.uses if use.kind == "artifact"} == {"visits@3"}
    said = "\n".join(found.notes)
    assert "visits/1" in said
    assert "visits/2" in said
    assert "Aliases are not known" in said


def test_a_workspace_without_artifacts_asks_no_registry(workspace: Path) -> None:
    assert uses(open_workspace(workspace)).notes == ()
