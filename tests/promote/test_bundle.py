"""The check of a bundle: whatever is changed, added or lost is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from proml_lab.errors import ArtifactError
from proml_lab.promote import bundle
from tests.promote.conftest import Promoted

FOLDERS = ["model", "reports", "data", "environment", "code", "notebook"]
PARTS = [*FOLDERS, "spec.proml.yaml", "ro-crate-metadata.json", "signature.pub"]


@pytest.fixture
def copy(promoted: Promoted, tmp_path: Path) -> Path:
    return Path(shutil.copytree(promoted.artifacts[0].path, tmp_path / "copy"))


def test_a_whole_bundle_passes(copy: Path) -> None:
    manifest = bundle.read_manifest(copy)
    bundle.verify(copy, manifest, PARTS)
    there = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}
    assert there == {*manifest.files, "manifest.json", "signature"}


def test_a_flipped_bit_of_any_file_is_named(copy: Path) -> None:
    manifest = bundle.read_manifest(copy)
    for name in manifest.files:
        path = copy / name
        before = path.read_bytes()
        middle = len(before) // 2
        path.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])
        with pytest.raises(ArtifactError, match=f"visits@1 is damaged: {name} was changed"):
            bundle.verify(copy, manifest, PARTS)
        path.write_bytes(before)


def test_a_lost_and_a_foreign_file_are_named(copy: Path) -> None:
    manifest = bundle.read_manifest(copy)
    (copy / "model" / "more.txt").write_text("")
    with pytest.raises(ArtifactError, match=r"model/more.txt is not in its manifest"):
        bundle.verify(copy, manifest, PARTS)
    bundle.verify(copy, manifest, ["reports"])
    (copy / "model" / "MLmodel").unlink()
    with pytest.raises(ArtifactError, match="model/MLmodel is missing"):
        bundle.verify(copy, manifest, PARTS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "The manifest of .* is damaged: manifest.json is not the JSON that was written"),
        ("[]", "The manifest of .* is damaged: manifest.json: name: this field is missing"),
        ('{"format": "proml-artifact/9"}', "is damaged"),
    ],
)
def test_a_damaged_manifest_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ArtifactError, match=said):
        bundle.read_manifest(tmp_path)


def test_a_folder_that_is_no_artifact(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"is not an artifact: it has no manifest.json"):
        bundle.read_manifest(tmp_path)
    with pytest.raises(ArtifactError, match="There is no artifact in"):
        bundle.read_manifest(tmp_path / "none")
