"""What is staged against the last commit, in real checkouts; and the hook of the documents."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from proml_lab.errors import SpecError, WorkspaceError
from proml_lab.marketplace.know.staged import staged_impact
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.know.conftest import notebook

DOCS = Path(__file__).parents[3] / "docs" / "verbs.md"


def git(root: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return subprocess.run(
        ["git", "-C", root, *own, *words], capture_output=True, text=True, check=False,
        env={**os.environ, **variables},
    )  # fmt: skip


@pytest.fixture
def kept(shop: Workspace) -> Workspace:
    """The shop, committed; `root` is a folder of the checkout."""
    git(shop.root.parent, "init")
    git(shop.root.parent, "add", "-A")
    assert git(shop.root.parent, "commit", "-m", "first").returncode == 0
    return shop


def change(workspace: Workspace, file: str, old: str, new: str) -> None:
    path = workspace.root / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    git(workspace.root, "add", file)


def told(workspace: Workspace, *promoted: Use) -> set[tuple[str, str, str]]:
    found = staged_impact(workspace, promoted)
    return {(hit.cause.node.name, hit.cause.effect, hit.node.name) for hit in found.hits}


def test_nothing_staged(kept: Workspace) -> None:
    (kept.root / "features" / "sales.yaml").write_text("not: staged")
    found = staged_impact(kept)
    assert (found.causes, found.passed) == ((), True)
    assert found.title == "Nothing changes that others could depend on"


def test_a_feature_that_goes(kept: Workspace) -> None:
    change(kept, "features/sales.yaml", "  cheap: {type: boolean, sql: price < limit}\n", "")
    assert told(kept) == {("shop.sales.cheap", "breaks", "churn.proml.yaml")}
    found = staged_impact(kept)
    assert not found.passed
    assert "shop.sales.cheap is taken away" in str(found)
    assert found.notes[-1].endswith("To commit all the same: git commit --no-verify.")
    change(kept, "churn.proml.yaml", ", shop.sales.cheap", "")
    assert staged_impact(kept).passed


def test_a_meaning_that_changes(kept: Workspace) -> None:
    change(kept, "features/sales.yaml", "window: 7d", "window: 9d")
    assert told(kept) == {
        ("shop.sales.n_7d", "changes", "shop.worth.worth"),
        ("shop.sales.n_7d", "changes", "churn.proml.yaml"),
        ("shop.sales.n_7d", "changes", "try.ipynb"),
    }
    assert not staged_impact(kept).passed
    change(kept, "features/sales.yaml", "view: shop.sales", "view: shop.sales\nversion: 2")
    found = staged_impact(kept)
    assert found.passed
    assert found.notes == ()
    assert len(found.hits) == 3
    assert "in a new version" in str(found)


def test_who_reads_a_version_is_not_reached(kept: Workspace) -> None:
    copy = kept.root / "features" / "versions" / "shop.sales" / "1.yaml"
    copy.parent.mkdir(parents=True)
    copy.write_text((kept.root / "features" / "sales.yaml").read_text())
    change(kept, "features/worth.yaml", "shop.sales.n_7d", "shop.sales@1.n_7d")
    git(kept.root, "commit", "-am", "second")
    change(kept, "features/sales.yaml", "window: 7d", "window: 9d")
    assert told(kept) == {("shop.sales.n_7d", "changes", "try.ipynb")}


def test_words_for_people_and_new_features_break_nothing(kept: Workspace) -> None:
    change(kept, "features/sales.yaml", "view: shop.sales", "view: shop.sales\ndescription: x")
    change(kept, "features/sales.yaml", "  price: float", "  price: float\n  more: float")
    assert staged_impact(kept).causes == ()


def test_a_view_and_what_is_derived_from_it_go_together(kept: Workspace) -> None:
    git(kept.root, "rm", "features/worth.yaml")
    found = staged_impact(kept)
    assert {hit.node.name for hit in found.hits} == {"churn.proml.yaml"}
    git(kept.root, "rm", "features/sales.yaml")
    assert told(kept) == {
        ("shop.worth", "breaks", "churn.proml.yaml"),
        ("shop.sales", "breaks", "churn.proml.yaml"),
        ("shop.sales", "breaks", "try.ipynb"),
    }


def test_views_that_would_be_broken_are_refused_with_their_line(kept: Workspace) -> None:
    git(kept.root, "rm", "features/sales.yaml")
    with pytest.raises(SpecError, match=r"features/worth.yaml:3: .*no feature 'shop.sales.price'"):
        staged_impact(kept)
    change(kept, "features/worth.yaml", "worth: {type: float", "worth: {type: flota")
    with pytest.raises(SpecError, match=r"features/worth.yaml:5: .*flota"):
        staged_impact(kept)


def test_a_broken_last_commit_is_told(kept: Workspace) -> None:
    change(kept, "features/sales.yaml", "price: float", "price: flota")
    git(kept.root, "commit", "-m", "broken")
    change(kept, "features/sales.yaml", "price: flota", "price: float")
    found = staged_impact(kept)
    assert found.passed
    assert "The last commit cannot be compared" in found.notes[0]


def test_keys_and_sources(kept: Workspace) -> None:
    (kept.root / "sources").mkdir()
    (kept.root / "sources" / "sales.parquet").write_bytes(b"x")
    git(kept.root, "add", "-A")
    git(kept.root, "commit", "-m", "source")
    git(kept.root, "rm", "sources/sales.parquet")
    assert {hit.cause.what for hit in staged_impact(kept).hits} == {
        "loses its source sources/sales.parquet"
    }
    git(kept.root, "reset", "--hard")
    change(
        kept,
        "features/sales.yaml",
        "entities: [id]",
        "entities: [{user: id}]".replace("[{", "{").replace("}]", "}"),
    )
    whats = {cause.what for cause in staged_impact(kept).causes}
    assert whats == {"changes: keys: id → user: id"}


def test_artifacts_count_by_their_aliases(kept: Workspace) -> None:
    change(kept, "features/worth.yaml", "column: price", "column: n")
    uses = [Use("shop.worth", "plain", "artifact", "churn@1", aliases=names) for names in
            ((), ("champion",))]  # fmt: skip
    assert staged_impact(kept, uses[:1]).passed
    assert not staged_impact(kept, uses[1:]).passed


def test_notebooks_and_specs_are_read_as_staged(kept: Workspace) -> None:
    change(kept, "features/worth.yaml", "column: price", "column: n")
    (kept.root / "more.ipynb").write_text(notebook("shop.worth.plain"))
    assert told(kept) == set()
    git(kept.root, "add", "more.ipynb")
    assert told(kept) == {("shop.worth.plain", "changes", "more.ipynb")}


def test_outside_of_git_and_before_the_first_commit(shop: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="is in no git checkout"):
        staged_impact(shop)
    git(shop.root, "init")
    git(shop.root, "add", "-A")
    assert staged_impact(shop).causes == ()


def test_the_hook_of_the_documents_works(kept: Workspace) -> None:
    text = re.search(r"```sh\n(#!/bin/sh\n.*?proml features impact --staged.*?)```",
                     DOCS.read_text(), re.DOTALL)  # fmt: skip
    assert text is not None
    hook = kept.root.parent / ".git" / "hooks" / "pre-commit"
    hook.write_text(text[1])
    hook.chmod(0o755)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    here = {"PATH": path, "PROML_WORKSPACE": str(kept.root)}
    change(kept, "features/worth.yaml", "sql: price * n", "sql: price + n")
    refused = git(kept.root, "commit", "-m", "second", **here)
    assert refused.returncode == 1
    assert "shop.worth.worth changes: formula: price * n → price + n" in (
        refused.stdout + refused.stderr
    )
    part = git(kept.root, "commit", "-m", "part", "try.ipynb", "--allow-empty", **here)
    assert part.returncode == 0, part.stderr
    assert "worth.yaml" in git(kept.root, "diff", "--cached", "--name-only").stdout
    change(kept, "features/worth.yaml", "view: shop.worth", "view: shop.worth\nversion: 2")
    taken = git(kept.root, "commit", "-m", "second", **here)
    assert taken.returncode == 0, taken.stderr
