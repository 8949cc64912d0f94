"""The graph against what the documents say."""

from __future__ import annotations

import pytest

from proml_lab.errors import UnknownNameError
from proml_lab.marketplace.know.graph import Node, graph
from proml_lab.marketplace.know.mentions import mentions
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.workspace import Workspace

SOURCE = "sources/sales.parquet"


def reached(edges: list, end: bool) -> set[str]:
    return {str(edge.end if end else edge.start) for edge in edges}


def test_columns_lead_to_the_features_that_read_them(shop: Workspace) -> None:
    whole = graph(shop.catalog)
    after = reached(whole.from_([whole.node(f"{SOURCE}:limit")]), True)
    assert after == {"feature shop.sales.cheap"}
    after = reached(whole.from_([whole.node(f"{SOURCE}: price")]), True)
    assert after == {
        "feature shop.sales.price", "feature shop.sales.cheap", "feature shop.sales.n_7d",
        "feature shop.worth.worth", "feature shop.worth.plain",
    }  # fmt: skip


def test_keys_and_times_lead_to_the_whole_view(shop: Workspace) -> None:
    whole = graph(shop.catalog)
    for name, how in (("id", "key"), ("time", "event time"), ("seen", "known at")):
        first, *rest = whole.from_([whole.node(f"{SOURCE}:{name}")])
        assert (str(first.end), first.how) == ("view shop.sales", how)
        assert len({edge.end for edge in rest}) == 5


def test_a_derived_feature_comes_from_the_inputs_that_it_reads(shop: Workspace) -> None:
    whole = graph(shop.catalog)
    before = reached(whole.to([whole.node("shop.worth.plain")]), False)
    assert "feature shop.sales.price" in before
    assert "feature shop.sales.n_7d" not in before
    assert f"column {SOURCE}: price" in before
    assert f"source {SOURCE}" in before
    assert f"column {SOURCE}: limit" not in before


def test_artifacts_come_from_their_rows_and_notebook(shop: Workspace) -> None:
    uses = [
        Use("shop.sales", "price", "artifact", "churn@1", learner="trees", dataset="d" * 32,
            notebook="try.ipynb", aliases=("champion",)),
        Use("shop.sales", "price", "artifact", "churn@2"),
        *mentions(shop.root, shop.catalog).uses,
    ]  # fmt: skip
    whole = graph(shop.catalog, uses)
    assert whole.aliases["churn@1"] == ("champion",)
    assert whole.node("churn") == Node("artifact", "churn@2")
    steps = {str(e.end): str(e.start) for e in whole.to([whole.node("churn@1")])}
    assert steps["model trees of churn@1"] == "dataset dddddddddddd"
    assert steps["dataset dddddddddddd"] == "feature shop.sales.price"
    assert ("notebook try.ipynb", "artifact churn@1") in {
        (str(e.start), str(e.end)) for e in whole.edges
    }
    after = reached(whole.from_([whole.node("shop.worth")]), True)
    assert "spec churn.proml.yaml" in after
    assert "notebook try.ipynb" not in after


def test_the_key_of_an_input_may_be_another_input(tmp_path) -> None:
    from proml_lab.marketplace.catalog import Catalog
    from proml_lab.marketplace.view import FeatureView

    def view(**said: object) -> FeatureView:
        return FeatureView.model_validate(said)

    catalog = Catalog(
        (
            view(view="a.of", source="a.parquet", entities=["user"], features={"shop": "string"}),
            view(view="b.of", source="b.parquet", entities=["shop"], features={"size": "float"}),
            view(
                view="c.of",
                inputs={
                    "where": "a.of.shop",
                    "size": {"feature": "b.of.size", "keys": {"shop": "where"}},
                },
                features={"size": "float"},
            ),
        )
    )
    found = graph(catalog)
    before = {e.start.name: e.how for e in found.to([found.node("c.of.size")])}
    assert before["b.of.size"] == "size"
    assert before["a.of.shop"] == "key of size"


def test_nothing_is_called_so(shop: Workspace) -> None:
    with pytest.raises(UnknownNameError, match=r"There is no .* 'shop.sales.prise'.*\n.*price"):
        graph(shop.catalog).node("shop.sales.prise")
