"""View files, each read once a state; `find.opened` tells when which are."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import SpecError, UnknownNameError
from proml_lab.marketplace.definitions import Definitions

VIEW = "view: shop.{name}\nsource: s.parquet\nentities: [id]\nfeatures: {{{name}: float}}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Definitions:
    (tmp_path / "features").mkdir()
    for name in "ab":
        (tmp_path / "features" / f"{name}.yaml").write_text(VIEW.format(name=name))
    return Definitions(tmp_path, ("features",))


def test_a_catalogue_is_read_once_a_state(shop: Definitions) -> None:
    first = shop.catalog
    assert shop.catalog is first
    (shop.root / "features" / "b.yaml").unlink()
    assert [view.view for view in shop.catalog.views] == ["shop.a"]
    assert first.names() == ["shop.a.a", "shop.b.b"]


def test_addresses_of_databases_reach_the_views(shop: Definitions) -> None:
    other = Definitions(shop.root, shop.folders, (("lake", "sqlite:///lake.db"),))
    assert other.catalog is not shop.catalog
    assert other.catalog.view("shop.a")._databases == {"lake": "sqlite:///lake.db"}
    assert other.part("shop.a").view("shop.a")._databases == {"lake": "sqlite:///lake.db"}


def test_a_part_has_what_was_asked_for(shop: Definitions) -> None:
    assert [view.view for view in shop.part("shop.b").views] == ["shop.b"]
    with pytest.raises(UnknownNameError, match=r"no feature view 'shop.c'"):
        shop.part("shop.b", "shop.c")
    (shop.root / "features" / "b.yaml").write_text(VIEW.format(name="b").replace("float", "flaot"))
    with pytest.raises(SpecError, match=r"b.yaml:4: features.b: found 'flaot'"):
        shop.part("shop.a")
