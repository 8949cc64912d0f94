"""The catalogue: views and features by name, and what is wrong across files."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import SpecError, UnknownNameError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.view import FeatureView

VIEW = "view: {}\nsource: s.parquet\nentities: [k]\nfeatures: {{x: float, y: float}}\n"


def make(*names: str) -> Catalog:
    fields = {"source": "s.parquet", "entities": ["k"], "features": {"x": "float", "y": "float"}}
    return Catalog(tuple(FeatureView.model_validate({"view": name, **fields}) for name in names))


def test_views_and_features_by_name() -> None:
    catalog = make("a.b", "a.c")
    assert catalog.view("a.c").view == "a.c"
    assert catalog.feature("a.b.x").type == "float"
    assert catalog.names() == ["a.b.x", "a.b.y", "a.c.x", "a.c.y"]
    assert Catalog().names() == []


def test_unknown_names_get_the_nearest() -> None:
    catalog = make("shop.sales", "shop.visits")
    with pytest.raises(UnknownNameError, match=r"view 'shop.sale'.\nHint: did you mean 'shop"):
        catalog.view("shop.sale")
    for name in ("shop.sales.z", "shop.sals.x", "x", ""):
        with pytest.raises(UnknownNameError, match=f"no feature {name!r}"):
            catalog.feature(name)


def test_two_views_cannot_share_a_name() -> None:
    with pytest.raises(SpecError, match=r"view: 'a.b' is also the name of a view in memory"):
        make("a.b", "c.d", "a.b")


def test_reading_tells_the_mistakes_of_all_files(tmp_path: Path) -> None:
    texts = [VIEW.format("a.b"), VIEW.format("a.b"), VIEW.format("nodot"), "features: ["]
    files = [tmp_path / f"{i}.yaml" for i in range(4)]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    with pytest.raises(SpecError) as caught:
        Catalog.read(files, root=tmp_path)
    message = str(caught.value)
    assert "1.yaml:1: view: 'a.b' is also the name of" in message
    assert "2.yaml:1: view: found 'nodot'" in message
    assert "3.yaml:1: this is not valid YAML" in message


def test_reading_binds_sources_to_the_root(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(VIEW.format("a.b"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "s.parquet").write_bytes(b"PAR1")
    catalog = Catalog.read([tmp_path / "a.yaml"], root=tmp_path / "data")
    assert catalog.view("a.b").table.files == (tmp_path / "data" / "s.parquet",)
