"""Who uses features is noted before a search, where that changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.magics.users import with_users
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.promote import uses as module
from tests.marketplace.know.conftest import SALES, SPEC, WORTH, notebook


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    (tmp_path / "features").mkdir()
    (tmp_path / "proml.toml").touch()
    (tmp_path / "features" / "sales.yaml").write_text(SALES)
    (tmp_path / "features" / "worth.yaml").write_text(WORTH)
    return open_workspace(tmp_path)


def used(shop: Workspace) -> dict[str, list[str] | None]:
    facets = shop.facets().used_by
    return {name: shop.search(used_by=name).frame()["feature"].to_list() for name in facets}


def test_specs_and_notebooks_are_noted_when_they_change(shop: Workspace) -> None:
    assert with_users(shop) is shop
    assert used(shop) == {}
    (shop.root / "churn.proml.yaml").write_text(SPEC)
    assert with_users(shop) is shop
    assert used(shop) == {"churn": ["cheap", "worth"]}
    (shop.root / "try.ipynb").write_text(notebook("shop.sales.n_7d"))
    (shop.root / "churn.proml.yaml").unlink()
    assert with_users(shop) is shop
    assert used(shop) == {"try.ipynb": ["n_7d"]}


def test_nothing_is_read_while_nothing_changes(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert with_users(shop) is shop
    monkeypatch.setattr(module, "mentions", None)
    assert with_users(shop) is shop


def test_a_promotion_neither_asks_nor_tells(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (shop.root / "churn.proml.yaml").write_text(SPEC)
    with_users(shop)
    monkeypatch.setenv("PROML_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setattr(module, "mentions", None)
    (shop.root / "more.proml.yaml").write_text(SPEC)
    assert with_users(shop) is shop
    assert used(shop) == {}
    assert shop.search().frame()["usage"].null_count() == 5


def test_nobody_is_known_to_use_a_feature_before_anyone_asked(shop: Workspace) -> None:
    assert shop.search().frame()["usage"].null_count() == 5
    assert with_users(shop) is shop
    assert shop.search().frame()["usage"].to_list() == [0.0] * 5
