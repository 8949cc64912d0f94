"""What is kept of views and sources that are gone."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from proml_lab.marketplace.find.sketches import sketch
from proml_lab.marketplace.know.describe import describe
from proml_lab.marketplace.source import Files, Source, kept
from proml_lab.marketplace.source.kept import Kept
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.promote import gc
from proml_lab.promote.lapsed import of_sources, of_views
from tests.promote.conftest import make_workspace, write_notebook

VIEW = "view: shop.{}\nsource: {}\nentities: [k]\nfeatures: {{x: float}}\n"


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """Two views over one file."""
    root = make_workspace(tmp_path)
    (root / "sources").mkdir()
    pl.DataFrame({"k": [1, 2], "x": [1.0, 2.0]}).write_parquet(root / "sources" / "s.parquet")
    for name in "ab":
        (root / "features" / f"{name}.yaml").write_text(VIEW.format(name, "sources/s.parquet"))
    return open_workspace(root)


def names(place: Workspace) -> list[tuple[str, str]]:
    found = [*of_views(place), *(("rows", path) for path in of_sources(place))]
    return sorted(
        (kind, path.relative_to(place.root / ".proml").as_posix()) for kind, path in found
    )


def test_what_was_found_out_about_views_goes_with_them(place: Workspace) -> None:
    for name in ("shop.a", "shop.b"):
        place.profile(name)
        describe(place.catalog, name, cache=place.profiles)
        sketch(place.catalog.view(name), place.profiles / "sketches")
    assert names(place) == []
    (place.root / "features" / "b.yaml").unlink()
    whole = next(place.profiles.glob("shop.b-*.parquet")).name
    assert names(place) == [
        ("profile", "profiles/shop.b"),
        ("profile", f"profiles/{whole}"),
        ("sketch", "profiles/sketches/shop.b.parquet"),
    ]
    done = gc(place, remove=True)
    assert "Removed 3 things" in str(done)
    assert dict(done.frame().select("kind", "why").rows())["sketch"].startswith("values of a view")
    assert names(place) == []
    assert not list(place.profiles.rglob("*shop.b*"))
    assert len(list(place.profiles.rglob("*shop.a*"))) == 3


def test_where_the_catalogue_cannot_be_read_nobody_can_tell(place: Workspace) -> None:
    place.profile("shop.b")
    (place.root / "features" / "b.yaml").unlink()
    rows(place, Source(path="s3://gone/x.parquet"))
    assert [kind for kind, _ in names(place)] == ["profile", "rows"]
    (place.root / "features" / "a.yaml").write_text("view: [")
    assert names(place) == []
    assert gc(place).frame().is_empty()


def rows(place: Workspace, source: Source) -> str:
    """Rows as a run keeps them, in the workspace; their key."""
    folder = place.root / ".proml" / "rows" / kept.key(source)
    table = Files(Source(path="sources/s.parquet"), place.root, role="It")
    assert Kept(table, source, folder, limit=10_000).read().height == 2
    return folder.name


def test_rows_are_needed_while_something_names_their_source(place: Workspace) -> None:
    root = place.root
    kinds = {
        "view": Source(path="s3://wet/view.parquet"),
        "version": Source(database="postgresql://host/shop", table="t"),
        "notebook": Source(path="s3://wet/notebook.parquet"),
        "spec": Source(path="s3://wet/spec.parquet"),
        "module": Source(path="s3://wet/module.parquet"),
        "hidden": Source(path="s3://wet/hidden.parquet"),
        "nothing": Source(database="postgresql://host/shop", table="gone"),
    }
    keys = {name: rows(place, source) for name, source in kinds.items()}
    damaged = root / ".proml" / "rows" / ("0" * 16)
    damaged.mkdir()
    (root / "features" / "c.yaml").write_text(VIEW.format("c", "s3://wet/view.parquet"))
    said = VIEW.format("a", "{database: 'postgresql://host/shop', table: t}")
    copy = root / "features" / "versions" / "shop.a" / "1.yaml"
    copy.parent.mkdir(parents=True)
    copy.write_text(said + "version: 1\n")
    write_notebook(root / "n.ipynb", "pl.read_parquet('s3://wet/notebook.parquet')")
    (root / "m.proml.yaml").write_text("spine: {source: s3://wet/spec.parquet}\n")
    (root / "code").mkdir()
    (root / "code" / "part.py").write_text("PLACE = 's3://wet/module.parquet'\n")
    (root / ".old").mkdir()
    (root / ".old" / "part.py").write_text("PLACE = 's3://wet/hidden.parquet'\n")
    assert {path.name for path in of_sources(place)} == {
        keys["hidden"],
        keys["nothing"],
        damaged.name,
    }
    found = gc(place)
    assert set(found.frame()["kind"]) == {"rows"}
    assert json.loads((root / ".proml" / "rows" / keys["view"] / "source.json").read_text())
    gc(place, remove=True)
    left = {path.name for path in (root / ".proml" / "rows").iterdir()}
    assert left == {keys[name] for name in ("view", "version", "notebook", "spec", "module")}
