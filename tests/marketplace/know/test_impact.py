"""What depends on something, and whether that counts."""

from __future__ import annotations

import pytest

from proml_lab.contracts import Report
from proml_lab.errors import UnknownNameError
from proml_lab.marketplace.know.impact import impact
from proml_lab.marketplace.know.mentions import mentions
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.workspace import Workspace
from proml_lab.plots.svg import to_svg

ARTIFACTS = (
    Use("shop.sales", "price", "artifact", "churn@1"),
    Use("shop.sales", "price", "artifact", "churn@2", aliases=("champion",)),
)


def names(found) -> list[tuple[str, str]]:
    return [(hit.node.kind, hit.node.name) for hit in found.hits]


def test_a_feature(shop: Workspace) -> None:
    uses = (*mentions(shop.root, shop.catalog).uses, *ARTIFACTS)
    found = impact(shop.catalog, "shop.sales.price", uses, notes=["odd.ipynb cannot be read."])
    assert isinstance(found, Report)
    assert names(found) == [
        ("feature", "shop.worth.plain"),
        ("feature", "shop.worth.worth"),
        ("spec", "churn.proml.yaml"),
        ("artifact", "churn@1"),
        ("artifact", "churn@2"),
    ]
    assert not found.passed
    assert found.title == "5 things depend on shop.sales.price, 3 of them in use"
    said = str(found).splitlines()
    assert "    feature shop.worth.plain is computed from it, and nothing uses it" in said
    assert "    feature shop.worth.worth is computed from it" in said
    assert "    artifact churn@2 (champion) was trained on it" in said
    assert "    artifact churn@1 was trained on it, and has no alias" in said
    assert said[-1] == "odd.ipynb cannot be read."
    assert "churn@2" in found._repr_mimebundle_()["text/html"]
    assert found.frame().height == 5
    assert "artifacts" in to_svg(found.figure())


def test_sources_columns_and_views(shop: Workspace) -> None:
    uses = mentions(shop.root, shop.catalog).uses
    whole = impact(shop.catalog, "sources/sales.parquet", uses)
    assert ("view", "shop.sales") in names(whole)
    assert ("feature", "shop.sales.price") in names(whole)
    column = impact(shop.catalog, "sources/sales.parquet:limit", uses)
    assert names(column) == [("feature", "shop.sales.cheap"), ("spec", "churn.proml.yaml")]
    assert column.title == "2 things in use depend on sources/sales.parquet: limit"
    idle = impact(shop.catalog, "sources/sales.parquet:limit", [])
    assert idle.title == "1 thing depends on sources/sales.parquet: limit, not in use"
    view = impact(shop.catalog, "shop.sales", uses)
    assert ("feature", "shop.sales.price") not in names(view)
    assert ("notebook", "try.ipynb") in names(view)


def test_what_nothing_in_use_depends_on_passes(shop: Workspace) -> None:
    found = impact(shop.catalog, "shop.worth.plain")
    assert (found.hits, found.passed) == ((), True)
    assert found.title == "Nothing depends on shop.worth.plain"
    assert "<table>" not in found._repr_mimebundle_()["text/html"]
    old = impact(shop.catalog, "shop.sales.price", ARTIFACTS[:1])
    assert [hit.counts for hit in old.hits] == [False, False, False]
    assert old.passed
    alone = impact(
        shop.catalog, "shop.sales.cheap", [Use("shop.sales", "cheap", "artifact", "c@1")]
    )
    assert alone.passed
    pinned = Use("shop.sales", "cheap", "spec", "a.proml.yaml", pinned=True)
    assert impact(shop.catalog, "shop.sales.cheap", [pinned]).hits == ()


def test_a_name_that_is_not_there(shop: Workspace) -> None:
    with pytest.raises(UnknownNameError, match=r"'shop\.nosuch'"):
        impact(shop.catalog, "shop.nosuch")
