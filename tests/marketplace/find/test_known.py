"""What other parts know of features: ranking and facets."""

from __future__ import annotations

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError, DataError, UnknownNameError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.view import FeatureView


@pytest.fixture
def catalog() -> Catalog:
    said = {"source": "s.parquet", "entities": ["id"], "features": {}}
    names = ("delay_a", "delay_b", "delay_c")
    features = {name: {"type": "float"} for name in names}
    return Catalog((FeatureView.model_validate({**said, "view": "a.b", "features": features}),))


def known(**columns: list[object]) -> pl.DataFrame:
    return pl.DataFrame({"view": "a.b", "feature": ["delay_c", "delay_b"], **columns})


def found(catalog: Catalog, **columns: list[object]) -> list[str]:
    return catalog.search("delay", known=known(**columns)).frame()["feature"].to_list()


def test_what_is_used_and_healthy_comes_first(catalog: Catalog) -> None:
    assert found(catalog) == ["delay_a", "delay_b", "delay_c"]
    assert found(catalog, usage=[3, 9]) == ["delay_b", "delay_c", "delay_a"]
    assert found(catalog, health=[1.0, 0.2]) == ["delay_a", "delay_c", "delay_b"]
    assert found(catalog, usage=[None, 0]) == ["delay_a", "delay_b", "delay_c"]
    assert found(catalog, health=[None, float("nan")]) == ["delay_a", "delay_b", "delay_c"]


def test_scores_are_those_of_the_words_times_what_is_known(catalog: Catalog) -> None:
    plain = catalog.search("delay").frame()["score"][0]
    frame = catalog.search("delay", known=known(usage=[0, 4], health=[0.5, 1.0])).frame()
    got = dict(frame.select("feature", "score").rows())
    want = {"delay_a": plain, "delay_b": plain * 1.25, "delay_c": plain * 0.8}
    assert got == pytest.approx(want, rel=1e-6)


def test_facets_of_what_is_known(catalog: Catalog) -> None:
    more = known(freshness=["today", "stale"], used_by=[["m@1", "m@2"], ["m@1"]])
    counts = catalog.facets("delay", known=more)
    assert counts.freshness == {"stale": 1, "today": 1}
    assert counts.used_by == {"m@1": 2, "m@2": 1}
    assert catalog.facets("delay").used_by == {}
    narrowed = catalog.search(known=more, used_by="m@2").frame()
    assert narrowed["feature"].to_list() == ["delay_c"]
    assert catalog.facets(known=more, freshness="stale").used_by == {"m@1": 1}
    with pytest.raises(UnknownNameError, match=r"'m@3'.\nHint: did you mean 'm@2' or 'm@1'"):
        catalog.search(known=more, used_by="m@3")
    with pytest.raises(UnknownNameError, match="the freshness 'stale'"):
        catalog.search(freshness="stale")


def test_what_cannot_be_used(catalog: Catalog) -> None:
    with pytest.raises(ColumnMissingError, match="no column 'feature'"):
        catalog.search(known=pl.DataFrame({"view": ["a.b"]}))
    with pytest.raises(DataError, match="What is known of features cannot be used"):
        catalog.search(known=known(usage=["often", "never"]))
    twice = pl.concat([known(usage=[1, 2])] * 2)
    with pytest.raises(DataError, match="one row a feature"):
        catalog.search(known=twice)
