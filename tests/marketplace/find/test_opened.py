"""The index that a workspace keeps: opened without reading, made anew after a change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import SpecError, WorkspaceError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find import opened
from proml_lab.marketplace.workspace import Workspace, open_workspace

VIEW = """view: {name}
source: s.parquet
entities: [id]
features: {{{features}}}
"""


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    """As in a new process."""
    opened._HELD.clear()
    yield
    opened._HELD.clear()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "proml.toml").touch()
    add(tmp_path, "shop.sales", "price: float, n_items: integer")
    add(tmp_path, "deep/er/shop.stock", "left: integer")
    return open_workspace(tmp_path)


def add(root: Path, path: str, features: str) -> None:
    file = root / "features" / f"{path}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(VIEW.format(name=file.stem, features=features))


def names(workspace: Workspace, text: str = "") -> list[str]:
    return workspace.search(text).frame()["feature"].to_list()


def test_it_is_opened_without_reading_the_catalogue(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert names(workspace) == ["left", "price", "n_items"]
    assert names(workspace, "price") == ["price"]
    opened._HELD.clear()
    with monkeypatch.context() as patch:
        patch.setattr(Catalog, "read", None)
        assert names(workspace, "prcie") == ["price"]
        assert workspace.facets("items").type == {"integer": 1}
    assert workspace.index is workspace.index


def test_it_finds_what_the_catalogue_finds(flights: Workspace) -> None:
    none = pl.DataFrame(schema={"view": pl.String, "feature": pl.String})
    for text in ("", "wind", "delay carrier", "wnid", "seats of a plane", "xyzzy"):
        ours, theirs = (one.search(text, known=none) for one in (flights, flights.catalog))
        assert ours.frame().equals(theirs.frame())
        assert flights.facets(text, known=none) == flights.catalog.facets(text)


def test_a_changed_file_is_read_again(workspace: Workspace) -> None:
    assert "rebate" not in names(workspace)
    add(workspace.root, "shop.more", "rebate: float")
    assert "rebate" in names(workspace)
    (workspace.root / "features" / "shop.more.yaml").unlink()
    assert "rebate" not in names(workspace)
    add(workspace.root, "shop.broken", "rebate: flaot")
    with pytest.raises(SpecError, match="did you mean 'float'"):
        names(workspace)


@pytest.mark.parametrize("damage", [b"", b"proml", None])
def test_a_damaged_one_is_made_anew(workspace: Workspace, damage: bytes | None) -> None:
    before = names(workspace)
    file = workspace.root / ".proml" / "search.index"
    whole = file.read_bytes()
    opened._HELD.clear()
    file.unlink()
    file.write_bytes(whole[:-9] + b"X" + whole[-8:] if damage is None else damage)
    assert names(workspace) == before
    assert file.read_bytes() == whole


def test_one_of_another_state_is_not_used(workspace: Workspace) -> None:
    names(workspace)
    kept = (workspace.root / ".proml" / "search.index").read_bytes()
    add(workspace.root, "shop.more", "rebate: float")
    opened._HELD.clear()
    (workspace.root / ".proml" / "search.index").write_bytes(kept)
    assert "rebate" in names(workspace)


def test_where_nothing_can_be_kept_search_works_all_the_same(workspace: Workspace) -> None:
    shutil.rmtree(workspace.root / ".proml", ignore_errors=True)
    (workspace.root / ".proml").touch()
    assert names(workspace, "price") == ["price"]


def test_synonyms_of_the_workspace_are_found_at_once(workspace: Workspace) -> None:
    assert names(workspace, "fee") == []
    (workspace.root / "synonyms.yaml").write_text("synonyms:\n- [fee, price]\n")
    assert names(workspace, "fee") == ["price"]
    assert workspace.facets("fee").type == {"float": 1}
    (workspace.root / "synonyms.yaml").unlink()
    assert names(workspace, "fee") == []


def test_a_folder_that_is_not_there(workspace: Workspace) -> None:
    shutil.rmtree(workspace.root / "features")
    with pytest.raises(WorkspaceError, match=r"The catalogue folder .*features is not there"):
        _ = workspace.index


def test_an_empty_catalogue(tmp_path: Path) -> None:
    (tmp_path / "proml.toml").touch()
    (tmp_path / "features").mkdir()
    workspace = open_workspace(tmp_path)
    for text in ("", "delay"):
        assert len(workspace.search(text)) == 0
        assert workspace.facets(text).owner == {}
    opened._HELD.clear()
    assert workspace.search("delay").title == "0 of 0 features for 'delay'"
