"""Whatever is changed, added, lost or put in another's place is found, and named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from model_signing import verifying

from proml_lab import verify
from proml_lab.errors import ArtifactError, SigningError, UnknownNameError
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.promote import bundle
from proml_lab.promote.trust import sign
from proml_lab.promote.trust.keys import SigningKey, read_public, signing_key
from tests.promote.conftest import Promoted
from tests.promote.trust.conftest import make_artifact


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def flip(path: Path, at: int) -> bytes:
    """Flip one bit of the byte at `at`; what was there before."""
    before = path.read_bytes()
    path.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
    return before


def test_a_whole_artifact_passes(place: Workspace, shop: Path) -> None:
    found = verify("shop@1", workspace=place)
    assert found
    n = len(files(shop))
    fingerprint = signing_key(place).public.fingerprint
    assert str(found) == (
        f"shop@1 is whole: {n} files, 0.0 MB, signed by your own key ({fingerprint[:16]})."
    )
    assert found.signer == fingerprint
    assert (found.problem, found.file) == ("", "")
    frame = found.frame()
    assert frame["check"].to_list() == ["files", "signature", "manifest", "model", "key"]
    assert frame["passed"].all()
    assert "passed" in found._repr_mimebundle_()["text/plain"]
    found.require()


def test_what_was_promoted_passes_and_every_flipped_byte_of_it_is_named(
    promoted: Promoted, tmp_path: Path
) -> None:
    assert verify("visits@3", workspace=promoted.workspace)
    copy = shutil.copytree(promoted.artifacts[2].path, tmp_path / "copy")
    for name in files(copy):
        size = (copy / name).stat().st_size
        before = flip(copy / name, size // 3)
        found = verify(copy, workspace=promoted.workspace)
        assert (bool(found), found.file) == (False, name)
        (copy / name).write_bytes(before)
    assert verify(copy, workspace=promoted.workspace)


@pytest.mark.parametrize("trusted", [True, False])
def test_any_flipped_byte_of_any_file_is_named(
    place: Workspace, shop: Path, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not trusted:  # then the key that lies in the artifact has to do
        monkeypatch.setenv("XDG_CONFIG_HOME", str(place.root))
    for name in files(shop):
        size = (shop / name).stat().st_size
        for at in sorted({0, size // 2, size - 2, size - 1} & set(range(size))):
            before = flip(shop / name, at)
            found = verify("shop@1", workspace=place, any_key=True)
            assert (bool(found), found.file) == (False, name), at
            assert found.problem.startswith(name)
            (shop / name).write_bytes(before)
    assert verify("shop@1", workspace=place, any_key=True)


def test_every_lost_file_is_named(place: Workspace, shop: Path) -> None:
    for name in files(shop):
        before = (shop / name).read_bytes()
        (shop / name).unlink()
        found = verify(shop, workspace=place)
        assert (bool(found), found.file) == (False, name)
        assert "is missing" in found.problem
        (shop / name).write_bytes(before)


@pytest.mark.parametrize(
    "name", ["more.txt", "model/more.pkl", "new/deep/file", ".gitignore", ".git/x", "signature2"]
)
def test_an_added_file_is_named(place: Workspace, shop: Path, name: str) -> None:
    (shop / name).parent.mkdir(parents=True, exist_ok=True)
    (shop / name).write_text("")
    found = verify("shop@1", workspace=place)
    assert str(found) == f"shop@1 does not pass: {name} was added."


def test_all_that_is_wrong_is_told_the_first_by_name_first(place: Workspace, shop: Path) -> None:
    (shop / "reports" / "card.md").write_text("better")
    (shop / "data" / "shop.visits.json").unlink()
    (shop / "a\nname").write_text("")
    found = verify("shop@1", workspace=place)
    wrong = found.frame().filter(check="files", passed=False)
    assert wrong["file"].to_list() == ["a\nname", "data/shop.visits.json", "reports/card.md"]
    assert found.problem == "'a\\nname' was added"
    with pytest.raises(ArtifactError, match=r"does not pass[^$]*Hint: take the artifact again"):
        found.require()


def test_links_and_other_things_are_named_and_not_followed(
    place: Workspace, shop: Path, tmp_path: Path
) -> None:
    card = shop / "reports" / "card.md"
    moved = card.rename(tmp_path / "card.md")
    card.symlink_to(moved)
    assert verify(shop, workspace=place).problem == "reports/card.md is a link"
    card.unlink()
    os.mkfifo(card)
    assert verify(shop, workspace=place).problem == "reports/card.md is no plain file"
    card.unlink()
    moved.rename(card)
    (shop / "signature").rename(tmp_path / "signature")
    (shop / "signature").symlink_to(tmp_path / "signature")
    assert verify(shop, workspace=place).file == "signature"


def test_a_file_and_its_digest_changed_together(place: Workspace, shop: Path) -> None:
    (shop / "reports" / "card.md").write_text("# better\n")
    rewrite(shop)
    found = verify("shop@1", workspace=place)
    wrong = found.frame().filter(passed=False)
    assert wrong["file"].to_list() == ["manifest.json", "reports/card.md"]


def rewrite(folder: Path) -> None:
    """Make the manifest again, as someone without the key could."""
    manifest = bundle.read_manifest(folder)
    listed = {name: one for name, one in bundle.index(folder).items() if name != "signature"}
    again = manifest.model_copy(update={"files": listed})
    bundle.write_json(folder / "manifest.json", again.model_dump(mode="json"))


def test_another_artifact_in_its_place_is_told(place: Workspace, shop: Path) -> None:
    shutil.copytree(shop, shop.with_name("2"))
    found = verify("shop@2", workspace=place)
    assert found.problem == "manifest.json says that this is shop@1, not shop@2"
    assert verify(shop.with_name("2"), workspace=place)


def test_an_unknown_key(
    place: Workspace, shop: Path, write_key: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROML_SIGNING_KEY", str(write_key("theirs.key")))
    theirs = signing_key(place)
    shutil.rmtree(shop)
    shop.mkdir()
    make_artifact(shop, theirs)
    assert verify("shop@1", workspace=place)
    monkeypatch.delenv("PROML_SIGNING_KEY")

    short = theirs.public.fingerprint[:16]
    found = verify("shop@1", workspace=place)
    assert found.signer == theirs.public.fingerprint
    assert found.problem == f"its files are whole, but it is signed by an unknown key, {short}"
    with pytest.raises(ArtifactError, match=r"Hint: ask who made it[^$]*--key FILE"):
        found.require()
    assert verify("shop@1", workspace=place, any_key=True)
    given = verify("shop@1", workspace=place, key=shop / "signature.pub")
    assert f"signed by the key {shop / 'signature.pub'}" in str(given)

    (place.root / "trusted-keys").mkdir()
    shutil.copy(shop / "signature.pub", place.root / "trusted-keys" / "anna.pub")
    assert str(verify("shop@1", workspace=place)).endswith(f"signed by anna ({short}).")
    (shop / "spec.proml.yaml").write_text("")
    assert verify("shop@1", workspace=place).file == "spec.proml.yaml"


def test_a_key_of_someone_else_beside_a_signature_of_ours(
    place: Workspace, shop: Path, write_key: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed again by a stranger under the old public key, and under their own."""
    monkeypatch.setenv("PROML_SIGNING_KEY", str(write_key("theirs.key")))
    theirs = signing_key(place)
    monkeypatch.delenv("PROML_SIGNING_KEY")
    (shop / "reports" / "card.md").write_text("# better\n")
    (shop / "signature").unlink()
    rewrite(shop)
    sign(shop, SigningKey(theirs.path, signing_key(place).public))
    found = verify("shop@1", workspace=place, any_key=True)
    assert found.problem == "signature names another key than signature.pub"
    text = json.loads((shop / "signature").read_text())
    text["verificationMaterial"]["publicKey"]["hint"] = signing_key(place).public.fingerprint
    bundle.write_json(shop / "signature", text)
    found = verify("shop@1", workspace=place, any_key=True)
    assert found.problem.startswith("signature does not hold: it was not made by the key")


def test_a_model_whose_own_list_is_wrong(place: Workspace, shop: Path) -> None:
    head = shop / "model" / "model.json"
    (shop / "signature").unlink()
    for text, said in (
        (head.read_text().replace('"sha256', '"').replace("predictor/", "elsewhere/"), "as it is"),
        ("{}", "is damaged"),
    ):
        head.write_text(text)
        rewrite(shop)
        sign(shop, signing_key(place))
        found = verify("shop@1", workspace=place)
        assert found.file == "model/model.json"
        assert said in found.problem
        (shop / "signature").unlink()


def test_a_manifest_that_lists_other_files_than_were_signed(place: Workspace, shop: Path) -> None:
    data = json.loads((shop / "manifest.json").read_text())
    (shop / "signature").unlink()
    data["files"]["spec.proml.yaml"]["bytes"] += 1
    bundle.write_json(shop / "manifest.json", data)
    sign(shop, signing_key(place))
    found = verify("shop@1", workspace=place)
    assert found.problem == "manifest.json does not list spec.proml.yaml as it is"


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, '{"format": "proml-artifact/9"}'])
def test_a_manifest_that_is_none(place: Workspace, shop: Path, text: str) -> None:
    (shop / "manifest.json").write_text(text)
    (shop / "signature").unlink()
    found = verify("shop@1", workspace=place)
    wrong = found.frame().filter(passed=False)
    assert ("manifest", "manifest.json") in wrong.select("check", "file").rows()
    sign(shop, signing_key(place))
    assert verify("shop@1", workspace=place).problem.startswith("manifest.json is damaged")


def test_what_is_no_artifact(place: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="none cannot be read: No such file"):
        verify(tmp_path / "none", workspace=place)
    (tmp_path / "empty").mkdir()
    found = verify(tmp_path / "empty", workspace=place)
    assert str(found) == "empty does not pass: manifest.json is missing."
    with pytest.raises(UnknownNameError, match="no 'shop' version '7'"):
        verify("shop@7", workspace=place)


def test_a_folder_is_verified_without_a_workspace(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROML_WORKSPACE", raising=False)
    assert verify(shop)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert "unknown key" in verify(shop).problem
    assert verify(shop, key=shop / "signature.pub")


def test_the_workspace_around_a_folder_says_nothing_about_its_key(
    place: Workspace, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.root / "trusted-keys").mkdir()
    shutil.copy(shop / "signature.pub", place.root / "trusted-keys" / "me.pub")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert "unknown key" in verify(shop).problem
    assert verify(shop, workspace=place)


def test_a_trusted_key_that_is_none(place: Workspace, tmp_path: Path) -> None:
    (place.root / "trusted-keys").mkdir()
    (place.root / "trusted-keys" / "anna.pub").write_text("anna")
    with pytest.raises(SigningError, match=r"anna.pub holds no public key"):
        verify("shop@1", workspace=place)
    with pytest.raises(SigningError, match="cannot be read: No such file"):
        verify("shop@1", workspace=open_workspace(place.root), key=tmp_path / "none.pub")


def test_the_reference_implementation_agrees(shop: Path) -> None:
    def check() -> None:
        config = verifying.Config().use_elliptic_key_verifier(public_key=shop / "signature.pub")
        config.verify(shop, shop / "signature")

    check()
    assert read_public(shop / "signature.pub").pem == (shop / "signature.pub").read_bytes()
    (shop / "spec.proml.yaml").write_text("")
    with pytest.raises(ValueError, match=r"Hash mismatch for .*spec\.proml\.yaml"):
        check()
