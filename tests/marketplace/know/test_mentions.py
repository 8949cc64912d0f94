"""What specs and notebooks use, read as text."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

import pytest

from proml_lab.marketplace.know.mentions import mentions, named, wanted
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.know.conftest import notebook


def keys(uses: tuple, kind: str) -> list[str]:
    return sorted(use.key for use in uses if use.kind == kind)


def test_specs_and_notebooks_of_a_workspace(shop: Workspace) -> None:
    found = mentions(shop.root, shop.catalog)
    assert keys(found.uses, "spec") == ["shop.sales.cheap", "shop.worth.worth"]
    assert keys(found.uses, "notebook") == ["shop.sales.n_7d"]
    assert {use.model for use in found.uses if use.kind == "spec"} == {"churn"}
    assert all(use.when and use.when <= datetime.now(UTC) for use in found.uses)
    assert {use.who for use in found.uses} == {""}
    assert found.notes == ()


def test_whole_views_versions_and_views_that_are_gone(shop: Workspace) -> None:
    spec = (shop.root / "churn.proml.yaml").read_text().partition("features:")[0]
    (shop.root / "b.proml.yaml").write_text(
        spec + "features: [shop.worth@1, spine, {gone.view: {new: old}}, spine.x]"
    )
    found = [use for use in mentions(shop.root, shop.catalog).uses if use.name == "b.proml.yaml"]
    want = ["gone.view.old", "shop.worth.plain", "shop.worth.worth"]
    assert keys(tuple(found), "spec") == want


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("use('shop.sales.price')", {"price"}),
        ("ws.training_set(s, {'shop.sales': ['price', 'cheap']})", {"price", "cheap"}),
        ("features: [shop.sales]", {"price", "cheap", "n_7d"}),
        ("shop.sales.", {"price", "cheap", "n_7d"}),
        ("price, myshop.sales.price, shop.salesman", set()),
    ],
)
def test_names_in_a_text(text: str, found: set[str], shop: Workspace) -> None:
    views = {view.view: view for view in shop.catalog.views}
    got = {feature for view, feature, _ in named(text, views) if view == "shop.sales"}
    assert got == found


def test_versions_in_a_text(shop: Workspace) -> None:
    views = {view.view: view for view in shop.catalog.views}
    whole = [("shop.worth", name, True) for name in ("worth", "plain")]
    assert [*named("'shop.worth@2'", views)] == whole
    assert [*named("shop.worth@2.plain", views)] == [("shop.worth", "plain", True)]
    both = {*named("shop.worth@2.plain, shop.worth.worth", views)}
    assert both == {("shop.worth", "plain", True), ("shop.worth", "worth", False)}


def test_a_cell_that_names_a_version_and_the_view_uses_the_view(shop: Workspace) -> None:
    (shop.root / "try.ipynb").write_text(notebook("shop.worth@1.plain", "shop.worth.plain"))
    (shop.root / "old.ipynb").write_text(notebook("shop.worth@1.plain"))
    uses = {use.name: use.pinned for use in mentions(shop.root, shop.catalog).uses}
    assert (uses["try.ipynb"], uses["old.ipynb"]) == (False, True)


def test_files_that_cannot_be_read_are_told(shop: Workspace) -> None:
    (shop.root / "broken.ipynb").write_text("{")
    (shop.root / "odd.ipynb").write_text('{"cells": [{}]}')
    (shop.root / "bytes.ipynb").write_bytes(b"\xff\xfe")
    (shop.root / "bad.proml.yaml").write_text("name: [")
    (shop.root / "text.ipynb").write_text(
        notebook("").replace('"source": [""]', '"source": "shop.worth.plain"')
    )
    found = mentions(shop.root, shop.catalog)
    assert keys(found.uses, "notebook") == ["shop.sales.n_7d", "shop.worth.plain"]
    said = "\n".join(found.notes)
    for name in ("broken.ipynb", "odd.ipynb", "bytes.ipynb", "bad.proml.yaml"):
        assert name in said
    assert len(found.notes) == 4
    assert found.unread == ("bad.proml.yaml",)


def test_hidden_folders_do_not_count(shop: Workspace) -> None:
    for folder in (".ipynb_checkpoints", "node_modules"):
        (shop.root / folder).mkdir()
        (shop.root / folder / "a.ipynb").write_text(notebook("shop.sales"))
        assert not wanted(f"{folder}/a.ipynb")
    assert {use.name for use in mentions(shop.root, shop.catalog).uses} == {
        "churn.proml.yaml",
        "try.ipynb",
    }


def test_git_tells_who_and_when(shop: Workspace) -> None:
    def git(*words: str) -> None:
        own = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        subprocess.run(["git", "-C", shop.root, *own, *words], check=True, capture_output=True)

    git("init")
    git("add", "churn.proml.yaml")
    git("commit", "-m", "x", "--date", "2024-03-01T12:00:00+02:00")
    uses = {use.name: use for use in mentions(shop.root, shop.catalog).uses}
    spec = uses["churn.proml.yaml"]
    assert (spec.who, spec.when) == ("Ada", datetime(2024, 3, 1, 10, tzinfo=UTC))
    assert uses["try.ipynb"].who == ""
