"""Lineage as rows and as a picture."""

from __future__ import annotations

from proml_lab.contracts import Report
from proml_lab.marketplace.know.lineage import lineage
from proml_lab.marketplace.know.mentions import mentions
from proml_lab.marketplace.workspace import Workspace
from proml_lab.plots.svg import to_svg


def test_both_ways(shop: Workspace) -> None:
    uses = mentions(shop.root, shop.catalog).uses
    found = lineage(shop.catalog, "shop.sales.n_7d", uses)
    assert isinstance(found, Report)
    steps = {(row["from"], row["to"]) for row in found.frame().to_dicts()}
    assert ("sources/sales.parquet: price", "shop.sales.n_7d") in steps
    assert ("shop.worth.worth", "churn.proml.yaml") in steps
    before = lineage(shop.catalog, "shop.sales.n_7d", uses, way="from")
    after = lineage(shop.catalog, "shop.sales.n_7d", uses, way="to")
    assert (before.after, after.before) == ((), ())
    assert set(found.edges) == {*before.edges, *after.edges}
    assert after.title == "shop.sales.n_7d comes from 0 things and leads to 3 things"


def test_a_derived_view_comes_from_what_its_features_come_from(shop: Workspace) -> None:
    found = lineage(shop.catalog, "shop.worth")
    steps = {(row["from"], row["to"]) for row in found.frame().to_dicts()}
    assert {("shop.sales.n_7d", "shop.worth.worth"), ("shop.worth", "shop.worth.plain")} <= steps
    assert {edge.start.name for edge in found.before if edge.start.kind == "source"} == {
        "sources/sales.parquet"
    }
    assert found.title == "shop.worth comes from 8 things and leads to 2 things"


def test_the_picture_leaves_columns_out_where_there_are_many(shop: Workspace) -> None:
    one = to_svg(lineage(shop.catalog, "shop.sales.cheap").figure())
    assert ">limit</text>" in one
    many = to_svg(lineage(shop.catalog, "shop.sales").figure())
    assert ">limit</text>" not in many
    assert ">cheap</tspan>" in many
    assert ">sales.parquet</tspan>" in many


def test_the_static_form(shop: Workspace) -> None:
    uses = mentions(shop.root, shop.catalog).uses
    shown = lineage(shop.catalog, "churn.proml.yaml", uses)._repr_mimebundle_()
    assert "<svg" in shown["text/html"]
    assert "<script" not in shown["text/html"]
    assert "asks for" in shown["text/plain"]
    alone = lineage(shop.catalog, "sources/sales.parquet", way="from")._repr_mimebundle_()
    assert "<svg" not in alone["text/html"]
