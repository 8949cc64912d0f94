"""Workspaces: found from below, set up by a few lines, their catalogue always fresh."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import DataError, SourceError, SpecError, UnknownNameError, WorkspaceError
from proml_lab.marketplace.settings import WorkspaceConfig
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.spec import ModelSpec
from tests.marketplace.conftest import at

VIEW = "view: shop.{}\nsource: sources/s.parquet\nentities: [k]\nfeatures: {{x: float}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "proml.toml").write_text("")
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "a.yaml").write_text(VIEW.format("a"))
    (tmp_path / "sources").mkdir()
    pl.DataFrame({"k": [1, 2], "x": [1.0, 2.0]}).write_parquet(tmp_path / "sources/s.parquet")
    spine = {"k": [2, 1], "t": [at(0), at(1)], "y": [0, 1], "size": [10, 20]}
    pl.DataFrame(spine).write_parquet(tmp_path / "sources/spine.parquet")
    return tmp_path


def test_it_is_found_from_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_workspace(folder / "features").root == folder
    assert open_workspace(folder / "features" / "a.yaml").root == folder
    monkeypatch.chdir(folder / "sources")
    assert open_workspace() == Workspace(folder)


def test_pyproject_holds_settings_too(folder: Path) -> None:
    (folder / "proml.toml").unlink()
    (folder / "pyproject.toml").write_text('[tool.proml]\nrows = 5\nregistry = "http://host:5000"')
    workspace = open_workspace(folder)
    assert (workspace.config.rows, workspace.registry) == (5, "http://host:5000")


def test_a_pyproject_without_settings_is_passed_over(folder: Path) -> None:
    below = folder / "inner"
    below.mkdir()
    (below / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert open_workspace(below).root == folder


def test_paths_are_those_of_the_root(folder: Path) -> None:
    workspace = open_workspace(folder)
    assert workspace.registry == f"sqlite:///{folder}/.proml/registry.db"
    assert workspace.runs == folder / ".proml" / "runs"
    (folder / "proml.toml").write_text('registry = "sqlite:////elsewhere/r.db"')
    assert open_workspace(folder).registry == "sqlite:////elsewhere/r.db"


def test_the_catalogue_follows_its_files(folder: Path) -> None:
    workspace = open_workspace(folder)
    first = workspace.catalog
    assert workspace.catalog is first
    (folder / "features" / "deep").mkdir()
    (folder / "features" / "deep" / "b.yml").write_text(VIEW.format("b"))
    assert [view.view for view in workspace.catalog.views] == ["shop.a", "shop.b"]
    (folder / "features" / "a.yaml").write_text(VIEW.format("c"))
    os.utime(folder / "features" / "a.yaml", ns=(1, 1))
    assert [view.view for view in workspace.catalog.views] == ["shop.c", "shop.b"]


def test_a_spec_becomes_a_dataset(folder: Path) -> None:
    spec = ModelSpec.parse(
        "name: m\nlabel: y\nspine: {source: spine, entities: [k], cutoff: t}\n"
        "features: [{spine: [size]}, shop.a]\n"
    )
    got = open_workspace(folder).dataset(spec)
    assert got.features == ("size", "x")
    assert (got.label, got.entities, got.cutoff) == ("y", ("k",), "t")
    assert got.frame["x"].to_list() == [2.0, 1.0]
    assert got.frame.columns == ["k", "t", "y", "size", "x"]
    assert [origin.source for origin in got.origins] == [
        "sources/spine.parquet",
        "sources/s.parquet",
    ]


def test_profiles_are_kept(folder: Path) -> None:
    workspace = open_workspace(folder)
    assert workspace.profile("shop.a")["feature"].to_list() == ["x"]
    assert len(list((folder / ".proml" / "profiles").glob("*.parquet"))) == 1
    with pytest.raises(UnknownNameError, match=r"'shop.b'.\nHint: did you mean 'shop.a'"):
        workspace.profile("shop.b")


def test_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"No workspace in .*\nHint: .*proml init --example"):
        open_workspace(tmp_path)
    with pytest.raises(WorkspaceError, match=r"There is no folder .*nowhere"):
        open_workspace(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("catalogue = ['x']", "catalogue: unknown field; did you mean 'catalog'"),
        ("snapshot_limit = 'big'", r"snapshot_limit: 'big' is no size; write one such as '256MB'"),
        ("memory = 'much'", r"memory: 'much' is no size; write one such as '256MB'"),
        ("snapshot_limit = ''", r"snapshot_limit: '' is no size"),
        ("registry = 'nonsense'", "registry: found 'nonsense'; an SQLite file such as"),
        ("snapshot_limit = 5", r"snapshot_limit: found 5; text is needed"),
        ("rows = 0", r"rows: found 0; it must be at least 1.\nHint: %proml help workspace"),
        ("pass_environment = ['PROML_SIGNING_KEY']", "where the key that signs lies, and no note"),
        ("engine = 'ray'", "engine: found 'ray', allowed are 'local'"),
        ("rows = ", r"proml.toml: this is not valid TOML: .*\nHint: write one"),
    ],
)
def test_broken_settings(folder: Path, text: str, message: str) -> None:
    (folder / "proml.toml").write_text(text)
    with pytest.raises(SpecError, match=message):
        open_workspace(folder)


def test_a_missing_catalogue_folder(folder: Path) -> None:
    (folder / "proml.toml").write_text("catalog = ['elsewhere']")
    with pytest.raises(WorkspaceError, match=r"folder .*elsewhere is not there.\nHint: make"):
        _ = open_workspace(folder).catalog


def test_a_missing_source(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"no source 'spin' in .*\nHint: did you mean 'spine'"):
        open_workspace(folder).training_set("spin", ["shop.a"])


@pytest.mark.parametrize(
    ("text", "n"), [("256MB", 256_000_000), ("1.5 GB", 1_500_000_000), ("0", 0), ("7kB", 7000)]
)
def test_a_limit_is_so_many_bytes(tmp_path: Path, text: str, n: int) -> None:
    assert Workspace(tmp_path, WorkspaceConfig(snapshot_limit=text)).snapshot_limit == n
    assert Workspace(tmp_path, WorkspaceConfig(memory=text)).memory == n


def test_memory_is_left_to_the_machine(tmp_path: Path) -> None:
    assert Workspace(tmp_path).memory is None


def test_a_card_of_a_view_without_rows_says_so(folder: Path) -> None:
    pl.DataFrame({"k": [], "x": []}, schema={"k": pl.Int64, "x": pl.Float64}).write_parquet(
        folder / "sources/s.parquet"
    )
    (folder / "features" / "b.yaml").write_text(
        "view: shop.b\ninputs: {y: shop.a.x}\nfeatures: {y: float}\n"
    )
    workspace = open_workspace(folder)
    for name in ("shop.a.x", "shop.b.y"):
        card = workspace.card(name)
        assert ("values", "none: no row of its source has a key and a time") in card.facts
        assert card.values is None
        assert "values" not in dict(workspace.card(name, values=False).facts)
        assert "no row of its source" in card._repr_mimebundle_()["text/html"]


def test_a_card_of_values_that_cannot_be_worked_out_is_refused(folder: Path) -> None:
    pl.DataFrame({"k": [1], "x": ["a"]}).write_parquet(folder / "sources/s.parquet")
    with pytest.raises(DataError, match="declares feature 'x' as float"):
        open_workspace(folder).card("shop.a.x")
