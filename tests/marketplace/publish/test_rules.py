from __future__ import annotations

import re
import warnings
from dataclasses import replace

import polars as pl
import pytest

from proml_lab.authoring import draft
from proml_lab.errors import DataError, SpecError
from proml_lab.magics import keep
from proml_lab.marketplace.join import training_set
from proml_lab.marketplace.publish.publish import publish
from proml_lab.marketplace.publish.rules import RetiredWarning, require_allowed
from proml_lab.marketplace.view import FeatureView
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.spec import ModelSpec
from tests.marketplace.publish.conftest import RAIN, rain, spine

TEXT = RAIN.replace("owner", "source: sources/rain.parquet\nowner")


@pytest.fixture
def wet(place: Workspace) -> Workspace:
    """With a view and one derived from it."""
    rain().write_parquet(place.root / "sources" / "rain.parquet")
    (place.root / "features" / "rain.yaml").write_text(TEXT)
    (place.root / "features" / "wet.yaml").write_text(
        "view: shop.wet\nsensitivity: public\ninputs: {r: shop.rain.rain}\n"
        "features: {wet: {type: boolean, sql: r > 3}, known: {type: float, sql: r, "
        "sensitivity: public}}\n"
    )
    return place


def change(place: Workspace, old: str, new: str) -> None:
    file = place.root / "features" / "rain.yaml"
    file.write_text(file.read_text().replace(old, new))


def test_a_limit_of_the_call(wet: Workspace) -> None:
    change(wet, "owner", "sensitivity: personal\nowner")
    joined = wet.training_set(spine(), ["shop.rain"], cutoff="at", sensitivity="personal")
    assert joined.frame["rain"].to_list() == [5.0]
    assert joined.personal == ("rain",)
    with pytest.raises(DataError, match=r"shop.rain.rain is personal, and at most internal is all"):
        wet.training_set(spine(), ["shop.rain"], cutoff="at", sensitivity="internal")


def test_a_derived_feature_is_as_sensitive_as_its_inputs_unless_it_says_so(wet: Workspace) -> None:
    assert wet.catalog.view("shop.wet").sensitivity_of("wet") == "internal"
    joined = wet.training_set(spine(), ["shop.wet.known"], cutoff="at", sensitivity="public")
    assert joined.frame["known"].to_list() == [5.0]
    with pytest.raises(DataError, match=r"shop.wet.wet is internal, and at most public"):
        wet.training_set(spine(), ["shop.wet.wet"], cutoff="at", sensitivity="public")


def test_a_limit_of_the_workspace_and_of_a_spec(wet: Workspace) -> None:
    spine().with_columns(y=pl.lit(1)).write_parquet(wet.root / "sources" / "orders.parquet")
    spec = ModelSpec.parse(
        "name: m\nlabel: y\nspine: {source: orders, entities: [shop], cutoff: at}\n"
        "features: [shop.rain]\nsensitivity: public\n"
    )
    with pytest.raises(DataError, match="rain is internal, and at most public is allowed"):
        wet.dataset(spec)
    for level in ("internal", "personal"):
        joined = wet.dataset(spec.but(sensitivity=level))
        assert joined.frame.select("rain", "y").rows() == [(5.0, 1)]
    (wet.root / "proml.toml").write_text('sensitivity = "public"\n')
    strict = open_workspace(wet.root)
    with pytest.raises(DataError, match="rain is internal, and at most public is allowed"):
        strict.dataset(spec.but(sensitivity="personal"))


def test_what_is_deprecated_is_told_once_with_its_successor(wet: Workspace) -> None:
    change(wet, "owner", "status: deprecated\nsuccessor: shop.wet\nowner")
    with pytest.warns(RetiredWarning, match=r"^shop.rain.rain is deprecated; use shop.wet.$") as w:
        wet.training_set(spine(), ["shop.rain"], cutoff="at")
    assert [one.filename for one in w] == [__file__]
    with warnings.catch_warnings(record=True) as again:
        warnings.simplefilter("always")
        joined = wet.training_set(spine(), ["shop.rain"], cutoff="at")
    assert ([*again], joined.frame["rain"].to_list()) == ([], [5.0])


def test_a_feature_may_be_deprecated_alone(wet: Workspace) -> None:
    change(wet, "unit: mm", "status: deprecated, unit: mm")
    with pytest.warns(RetiredWarning, match="is deprecated, and nothing replaces it") as told:
        joined = wet.training_set(spine(), ["shop.rain", "shop.wet"], cutoff="at")
    assert [str(one.message).split()[0] for one in told] == ["shop.rain.rain"]
    assert joined.frame.select("rain", "wet").row(0) == (5.0, True)


def test_a_view_in_memory_is_held_to_no_version(wet: Workspace) -> None:
    """Only a file can have been changed since: that one is refused, in memory it is joined."""
    publish("shop.rain", workspace=wet, yes=True)
    change(wet, "unit: mm", "unit: mm, sql: rain * 2")
    view, versions = wet.catalog.view("shop.rain"), wet.catalog.versions
    with pytest.raises(SpecError, match=r"shop.rain was changed without a new version"):
        require_allowed([(view, ["rain"])], versions=versions)
    with pytest.raises(SpecError, match=r"shop.rain was changed without a new version"):
        require_allowed([(wet.catalog.view("shop.wet"), ["wet"])], versions=versions)
    told: set[str] = set()
    loose = FeatureView.model_validate(view.model_dump(mode="json")).at(wet.root)
    require_allowed([(loose, ["rain"])], versions=versions, told=told)
    assert told == set()
    joined = training_set(spine(), [loose], cutoff="at", entities=["shop"])
    assert joined.frame["rain"].to_list() == [10.0]


def test_what_is_personal_is_marked_wherever_it_shows(wet: Workspace) -> None:
    change(wet, "unit: mm", "sensitivity: personal, unit: mm")
    joined = wet.training_set(spine(), [{"shop.rain": {"fallen": "rain"}}, "shop.wet"], cutoff="at")
    assert joined.personal == ("fallen", "wet")
    assert re.search(r"personal +fallen, wet", joined._repr_mimebundle_()["text/plain"])
    search = wet.catalog.search("rain")._repr_mimebundle_()
    assert "shop.rain.rain (personal)" in search["text/plain"]
    assert "personal" in search["text/html"]
    rows = joined.frame.with_columns(y=pl.lit(1))
    labelled = replace(joined, frame=rows, label="y")
    assert draft(name="m", dataset=labelled, spine="orders").sensitivity == "personal"


def test_a_dataset_in_a_file_keeps_its_mark(wet: Workspace) -> None:
    change(wet, "unit: mm", "sensitivity: personal, unit: mm")
    joined = wet.training_set(spine(), ["shop.rain"], cutoff="at")
    keep.write(joined, wet.root / "joined.parquet")
    assert keep.read_dataset(wet.root / "joined.parquet").personal == ("rain",)


def test_what_is_deprecated_comes_after_its_successor_and_says_so(wet: Workspace) -> None:
    text = TEXT.replace("shop.rain", "shop.drops").replace("rain:", "rain_drops:")
    text = text.replace("type: float", "type: float, column: rain")
    (wet.root / "features" / "drops.yaml").write_text(text)
    change(wet, "owner", "status: deprecated\nsuccessor: shop.drops\nowner")
    found = wet.catalog.search("rain")
    views = [name for name in found.frame()["view"] if name != "shop.wet"]
    assert views == ["shop.drops", "shop.rain"]
    assert "shop.rain.rain (deprecated)" in found._repr_mimebundle_()["text/plain"]
