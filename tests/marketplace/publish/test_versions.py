from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import SpecError, UnknownNameError
from proml_lab.marketplace.publish.versions import Record, Versions, as_json
from proml_lab.marketplace.view import FeatureView
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.publish.conftest import RAIN

TEXT = RAIN.replace("owner", "source: s.parquet\nowner")


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    folder = tmp_path / "features" / "versions" / "shop.rain"
    folder.mkdir(parents=True)
    for n in (1, 2, 10):
        (folder / f"{n}.yaml").write_text(f"version: {n}\n{TEXT}")
    return Versions(tmp_path, (tmp_path / "features", tmp_path / "other"))


def test_versions_by_number(versions: Versions) -> None:
    assert versions.numbers("shop.rain") == (1, 2, 10)
    assert versions.numbers("shop.snow") == ()
    newest = versions.newest("shop.rain")
    assert newest is not None
    assert newest.version == 10
    assert newest.path == versions.file("shop.rain", 10)
    assert versions.newest("shop.snow") is None
    assert versions.file("shop.rain", 3) is None


def test_a_version_that_is_not_there(versions: Versions) -> None:
    with pytest.raises(UnknownNameError, match=r"no published version 3 .*\nHint: .*shop.rain@2"):
        versions.read("shop.rain", 3)
    with pytest.raises(UnknownNameError, match=r"version 1 .*\nHint: publish it first: %proml pu"):
        versions.read("shop.snow", 1)


def test_a_copy_of_another_view(versions: Versions) -> None:
    file = versions.file("shop.rain", 2)
    assert file is not None
    file.write_text(TEXT)
    with pytest.raises(SpecError, match=r"2.yaml:1: view: this copy says shop.rain@1, not sho"):
        versions.read("shop.rain", 2)


def test_records_are_read_as_they_were_written(versions: Versions) -> None:
    file = versions.file("shop.rain", 1)
    assert file is not None
    kept = [
        Record("shop.rain", 1, "2024-03-01T00:00:00+00:00", "a@b.c", "weather", ("x: is new",)),
        Record("shop.rain", 1, "2024-03-02T00:00:00+00:00", forced="so", query="select 1"),
    ]
    file.with_suffix(".json").write_text(as_json(kept))
    assert versions.records("shop.rain", 1) == tuple(kept)
    assert versions.records("shop.rain", 3) == ()


@pytest.mark.parametrize("text", [None, "{", "[{}]", '[{"changes": 1}]', "3"])
def test_records_that_cannot_be_read(versions: Versions, text: str | None) -> None:
    file = versions.file("shop.rain", 1)
    assert file is not None
    if text is not None:
        file.with_suffix(".json").write_text(text)
    with pytest.raises(SpecError, match=r"1.json:1: how shop.rain@1 was published cannot be rea"):
        versions.records("shop.rain", 1)


def test_a_file_that_was_changed_without_a_new_version(versions: Versions) -> None:
    file = versions.root / "features" / "rain.yaml"

    def check(text: str) -> None:
        file.write_text(text)
        versions.require_unchanged(FeatureView.read(file))

    check(f"version: 1\n{TEXT}")
    check(f"version: 1\n# a comment\n{TEXT.replace('Rain of', 'The rain of')}")
    check(f"version: 3\n{TEXT.replace('mm', 'cm')}")
    with pytest.raises(SpecError) as caught:
        check(f"# a comment\nversion: 1\n{TEXT.replace('mm', 'cm')}")
    assert caught.value.message == (
        f"{file}:2: version: shop.rain was changed without a new version: rain: unit: mm → cm."
    )
    assert "version: 11, then %proml publish shop.rain --yes" in caught.value.hint


def test_copies_and_proposals_are_no_views_of_the_catalogue(place: Workspace) -> None:
    for kind in ("versions", "proposals"):
        folder = place.root / "features" / kind / "shop.rain"
        folder.mkdir(parents=True)
        (folder / "1.yaml").write_text(TEXT)
    assert place.catalog.views == ()
    (place.root / "features" / "rain.yaml").write_text(TEXT)
    assert [view.view for view in place.catalog.views] == ["shop.rain"]
