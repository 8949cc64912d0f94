"""The index that a workspace keeps: opened without reading, made anew after a change."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.errors import SpecError, UnknownNameError, WorkspaceError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find import opened
from proml_lab.marketplace.find.build import build
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
    opened._ASKED.clear()
    yield
    opened._HELD.clear()
    opened._ASKED.clear()


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


def read_of(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The files of every catalogue that is read from now on."""
    asked: list[list[str]] = []
    read = Catalog.read.__func__  # type: ignore[attr-defined]

    def noted(cls: type[Catalog], files: Iterable[Path], **more: object) -> Catalog:
        found = [*files]
        asked.append([file.stem for file in found])
        made: Catalog = read(cls, found, **more)
        return made

    monkeypatch.setattr(Catalog, "read", classmethod(noted))
    return asked


@pytest.mark.parametrize("fresh", [True, False])
def test_of_a_changed_catalogue_only_what_changed_is_read(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fresh: bool
) -> None:
    kind = workspace.root / "features" / "kind.yaml"
    kind.write_text("entity: shopper\nkeys: {shop: integer, card: integer}\n")
    names(workspace)
    asked = read_of(workspace, monkeypatch)

    def found() -> list[str]:
        if fresh:
            opened._HELD.clear()
        return names(workspace)

    add(workspace.root, "shop.sales", "price: float, n_items: integer, rebate: float")
    assert found() == ["left", "price", "n_items", "rebate"]
    add(workspace.root, "a/shop.first", "one: float")
    (workspace.root / "features" / "shop.sales.yaml").unlink()
    assert found() == ["one", "left"]
    assert asked == [["kind", "shop.sales"], ["shop.first", "kind"]]
    kind.unlink()
    assert found() == ["one", "left"]
    assert asked[2:] == [["shop.first", "shop.stock"]]


def test_what_others_depend_on_makes_the_whole_be_read(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = workspace.root
    derived = (
        "view: shop.worth\ninputs: {n: shop.stock.left}\nfeatures: {worth: {type: float, sql: n}}\n"
    )
    (root / "features" / "worth.yaml").write_text(derived)
    assert workspace.search("worth").frame()["sensitivity"].to_list() == ["internal"]
    stock = root / "features" / "deep" / "er" / "shop.stock.yaml"
    stock.write_text(stock.read_text() + "sensitivity: personal\n")
    assert workspace.search("worth").frame()["sensitivity"].to_list() == ["personal"]
    stock.write_text(stock.read_text().replace("left:", "right:"))
    with pytest.raises(SpecError, match=r"there is no feature 'shop\.stock\.left'"):
        names(workspace)
    (root / "features" / "worth.yaml").unlink()
    add(root, "again/shop.sales", "other: float")
    with pytest.raises(SpecError, match=r"'shop\.sales' is also the name of"):
        names(workspace)


def test_an_index_brought_up_to_date_is_the_one_made_anew(tmp_path: Path) -> None:
    (tmp_path / "proml.toml").touch()
    (tmp_path / "features").mkdir()
    workspace = open_workspace(tmp_path)
    rng = random.Random(3)
    words = ("wind", "delay", "rain", "speed", "carrier", "seats")
    for _ in range(25):
        for _ in range(rng.choice((1, 1, 2, 4))):
            file = tmp_path / "features" / rng.choice("abc") / f"v.{rng.choice('pqrstu')}.yaml"
            others = [one for one in tmp_path.rglob(file.name) if one != file]
            if others or (file.is_file() and rng.random() < 0.4):
                (others[0] if others else file).unlink()
                continue
            some = rng.sample(words, rng.randint(1, 4))
            text = VIEW.format(name=file.stem, features=", ".join(f"{w}_x: float" for w in some))
            text += f"owner: {rng.choice(words)}\ntags: {rng.sample(words, rng.randint(0, 2))}\n"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        if rng.random() < 0.5:
            opened._HELD.clear()
        ours, anew = workspace.index, build(workspace.catalog.views)
        for name in ("starts", "rows", "places", "name_sizes", "meanings"):
            assert np.array_equal(getattr(ours, name), getattr(anew, name)), name
        assert ours.vocabulary.words == anew.vocabulary.words
        assert ours.values == anew.values
        assert ours.table_of_features().equals(anew.table_of_features())
        for facet, (starts, codes) in anew.codes.items():
            assert np.array_equal(ours.codes[facet][0], starts)
            assert np.array_equal(ours.codes[facet][1], codes)
        for name in anew.features():
            assert ours.has(name)
        assert not ours.has("v.p.nothing")
        assert not ours.has("x.y")


def test_who_types_is_answered_without_a_look_at_the_files(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = workspace.asked_index
    add(workspace.root, "shop.more", "rebate: float")
    assert workspace.asked_index is first
    monkeypatch.setattr(opened, "PAUSE_S", -1.0)
    assert len(workspace.asked_index) == 4
    add(workspace.root, "shop.even", "more: float")
    monkeypatch.setattr(opened, "PAUSE_S", 60.0)
    assert len(workspace.asked_index) == 4
    monkeypatch.setattr(opened, "LONGEST_S", -1.0)
    assert len(workspace.asked_index) == 5


def test_a_part_of_the_catalogue_is_read_alone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = workspace.root
    (root / "features" / "worth.yaml").write_text(
        "view: shop.worth\ninputs: {n: shop.stock.left}\nfeatures: {worth: {type: float, sql: n}}\n"
    )
    names(workspace)
    asked = read_of(workspace, monkeypatch)
    assert workspace.part("shop.sales").view("shop.sales").features.keys() == {"price", "n_items"}
    assert workspace.card("shop.worth.worth", values=False).name == "shop.worth.worth"
    assert asked == [["shop.sales"], ["shop.stock", "worth"]]
    with pytest.raises(UnknownNameError, match=r"feature view 'shop.sale'.\nHint: did you mean"):
        workspace.part("shop.sale")
    with pytest.raises(UnknownNameError, match=r"feature 'shop.sales.prcie'.\nHint: did you mean"):
        workspace.card("shop.sales.prcie")
