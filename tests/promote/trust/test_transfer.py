"""Out of a workspace and into another: the same to the byte, or nothing at all."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from proml_lab import artifacts, load_artifact, verify
from proml_lab.errors import (
    ArtifactError,
    RegistryError,
    SourceError,
    UnknownNameError,
    UsageError,
)
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.promote import alias, bundle, rollback
from proml_lab.promote.artifact import registry_of
from proml_lab.promote.registry import Record
from proml_lab.promote.trust import archive, export_artifact, import_artifact, sign
from proml_lab.promote.trust.keys import signing_key
from tests.promote.conftest import make_workspace
from tests.promote.trust.conftest import make_artifact


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with an empty registry; to be copied."""
    root = make_workspace(tmp_path_factory.mktemp("other") / "workspace")
    registry_of(open_workspace(root)).open()
    return root


@pytest.fixture
def target(other: Path, tmp_path: Path) -> Workspace:
    return open_workspace(shutil.copytree(other, tmp_path / "target"))


@pytest.fixture
def file(made: Path, tmp_path: Path) -> Path:
    return export_artifact("shop@1", tmp_path / "shop.proml", workspace=made).path


def files(folder: Path) -> dict[str, bytes]:
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {name: path.read_bytes() for name, path in found.items()}


def nothing_is_left(target: Workspace) -> bool:
    """Neither in the workspace's shelf nor among what is being imported."""
    imports = target.root / ".proml" / "imports"
    return not registry_of(target).names() and not (imports.exists() and any(imports.iterdir()))


def test_an_artifact_travels_whole(
    made: Path, target: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exported = export_artifact("shop", workspace=made)
    assert exported.path == Path("shop-1.proml")
    assert exported.sha256 == bundle.digest(exported.path)
    assert str(exported).startswith("Exported shop@1 to shop-1.proml, 0.0 MB")
    assert exported.frame()["bytes"].item() == exported.path.stat().st_size

    imported = import_artifact("shop-1.proml", workspace=target)
    assert str(imported).startswith("Imported shop@1: ")
    assert "signed by your own key" in imported._repr_mimebundle_()["text/html"]
    assert imported.frame()["passed"].all()
    assert imported.is_new
    there = made / ".proml" / "artifacts" / "shop" / "1"
    assert files(imported.artifact.path) == files(there)
    assert verify("shop@1", workspace=target)
    assert load_artifact("shop@1", target).manifest == load_artifact("shop@1", made).manifest
    assert artifacts(workspace=target).frame()["version"].to_list() == [1]
    assert not any((target.root / ".proml" / "imports").iterdir())

    again = import_artifact("shop-1.proml", workspace=target)
    assert not again.is_new
    assert str(again) == "shop@1 was there already, the same to the byte: nothing was changed."
    assert export_artifact("shop@1", tmp_path / "b", workspace=target).sha256 == exported.sha256


def test_a_number_is_kept_whatever_was_there_before(target: Workspace, tmp_path: Path) -> None:
    """MLflow gives no number below its last one: the version is there all the same, and whole."""
    key = signing_key(target)
    packed = {}
    for version in (2, 3, 4):
        folder = make_artifact(tmp_path / f"made-{version}", key, version=version)
        packed[version] = export_artifact(folder, tmp_path / f"{version}", workspace=target).path
    for version in (4, 2, 3):
        assert import_artifact(packed[version], workspace=target).is_new
    registry = registry_of(target)
    assert [v.version for v in registry.versions("shop")] == registry.present("shop") == [2, 3, 4]
    listed = artifacts(workspace=target)
    assert listed.frame().select("version", "state").rows() == [(n, "whole") for n in (4, 3, 2)]
    assert listed.unregistered == ()
    assert verify("shop@2", workspace=target)

    assert str(alias("shop", "champion", 2, workspace=target)) == "shop@2 is now champion."
    moved = alias("shop", "champion", 3, workspace=target)
    assert str(moved) == "shop@3 is now champion, in place of shop@2."
    assert load_artifact("shop@champion", target).version == 3
    assert str(rollback("shop", workspace=target)) == (
        "shop@2 is now champion, in place of shop@3."
    )
    assert load_artifact("shop@champion", target).version == 2
    with pytest.raises(RegistryError, match="had the alias 'champion' before shop@2"):
        rollback("shop", workspace=target)

    with registry_of(target).reserve(Record("shop", {}, {}, {})) as version:
        make_artifact(registry.place("shop", version), key, version=version)
    assert version > 4
    assert [v.version for v in registry_of(target).versions("shop")] == [2, 3, 4, version]
    assert not import_artifact(packed[3], workspace=target).is_new
    assert len(registry_of(target).versions("shop")) == 4


def test_an_import_that_was_cut_off_before_it_was_registered(
    target: Workspace, tmp_path: Path
) -> None:
    """The bundle is in its place: the next import, or promotion, of the name registers it."""
    key = signing_key(target)
    for version in (3, 1, 2):
        folder = make_artifact(tmp_path / f"made-{version}", key, version=version)
        file = export_artifact(folder, tmp_path / f"{version}", workspace=target).path
        if version != 1:
            import_artifact(file, workspace=target)
        else:
            shutil.copytree(folder, registry_of(target).place("shop", 1))
            foreign = registry_of(target).place("shop", 2)
            foreign.mkdir()
            (foreign / "manifest.json").write_text("{}")
            import_artifact(tmp_path / "3", workspace=target)
            shutil.rmtree(foreign)
            assert [v.version for v in registry_of(target).versions("shop")] == [1, 3]
    assert [v.version for v in registry_of(target).versions("shop")] == [1, 2, 3]


def test_a_number_that_another_has_is_refused(
    target: Workspace, file: Path, tmp_path: Path
) -> None:
    import_artifact(file, workspace=target)
    before = files(target.root / ".proml" / "artifacts")
    key = signing_key(target)
    changed = make_artifact(tmp_path / "changed", key)
    data = bundle.read_manifest(changed).model_copy(update={"notebook": "else.ipynb"})
    bundle.write_json(changed / "manifest.json", data.model_dump(mode="json"))
    (changed / "signature").unlink()
    sign(changed, key)
    packed = export_artifact(changed, tmp_path / "c", workspace=target).path
    with pytest.raises(ArtifactError, match=r"Another artifact is shop@1 here already"):
        import_artifact(packed, workspace=target)
    assert files(target.root / ".proml" / "artifacts") == before

    shutil.rmtree(target.root / ".proml" / "artifacts" / "shop")
    with pytest.raises(ArtifactError, match="here already: in the registry"):
        import_artifact(packed, workspace=target)
    assert import_artifact(file, workspace=target).is_new


def test_a_key_that_is_not_trusted(
    target: Workspace,
    tmp_path: Path,
    write_key: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROML_SIGNING_KEY", str(write_key("theirs.key")))
    folder = make_artifact(tmp_path / "theirs", signing_key(target))
    file = export_artifact(folder, tmp_path / "theirs.proml", workspace=target).path
    monkeypatch.delenv("PROML_SIGNING_KEY")
    with pytest.raises(ArtifactError, match=r"signed by an unknown key[^$]*Hint: ask who made it"):
        import_artifact(file, workspace=target)
    assert nothing_is_left(target)
    assert import_artifact(file, workspace=target, key=folder / "signature.pub").is_new
    assert not import_artifact(file, workspace=target, any_key=True).is_new


@pytest.mark.parametrize("name", ["model/model.json", "manifest.json", "signature"])
def test_a_damaged_artifact_is_neither_exported_nor_imported(
    name: str, place: Workspace, shop: Path, target: Workspace, tmp_path: Path
) -> None:
    (shop / name).write_bytes((shop / name).read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(ArtifactError, match=f"does not pass: {name}"):
        export_artifact("shop@1", tmp_path / "x.proml", workspace=place)
    assert not list(tmp_path.glob("*.proml*"))
    archive.pack(shop, files(shop), tmp_path / "x.proml")
    with pytest.raises(ArtifactError, match=f"does not pass: {name}"):
        import_artifact(tmp_path / "x.proml", workspace=target, any_key=True)
    assert nothing_is_left(target)


@pytest.mark.parametrize("name", ["../../../evil", "/evil", "notebook/../../evil", "evil"])
def test_a_file_too_many_is_refused(name: str, file: Path, target: Workspace) -> None:
    with zipfile.ZipFile(file, "a") as made:
        made.writestr(name, b"evil")
    before = files(target.root.parent)
    with pytest.raises(ArtifactError, match="evil"):
        import_artifact(file, workspace=target)
    assert nothing_is_left(target)
    assert files(target.root.parent).keys() - before.keys() <= {"target/.proml/artifacts/.lock"}


def test_an_archive_in_an_archive_is_refused(
    file: Path, shop: Path, target: Workspace, tmp_path: Path
) -> None:
    """Alone it is no artifact; within one it is a file too many."""
    nested = tmp_path / "nested.proml"
    archive.pack(file.parent, [file.name], nested)
    with pytest.raises(ArtifactError, match=r"does not pass: manifest\.json is missing"):
        import_artifact(nested, workspace=target)
    shutil.copy(file, shop / "model" / "inner.proml")
    nested.unlink()
    archive.pack(shop, files(shop), nested)
    with pytest.raises(ArtifactError, match=r"model/inner\.proml was added"):
        import_artifact(nested, workspace=target)
    assert nothing_is_left(target)


def test_what_stands_in_the_way(file: Path, target: Workspace) -> None:
    place = target.root / ".proml" / "artifacts" / "shop" / "1"
    place.mkdir(parents=True)
    (place / "mine.txt").write_text("mine")
    with pytest.raises(ArtifactError, match="Another artifact is shop@1 here already"):
        import_artifact(file, workspace=target)
    assert files(place) == {"mine.txt": b"mine"}


def test_a_registry_that_cannot_be_used(file: Path, target: Workspace) -> None:
    (target.root / ".proml" / "registry.db").write_text("no database")
    with pytest.raises(RegistryError):
        import_artifact(file, workspace=target)
    assert nothing_is_left(target)


def test_imports_that_were_cut_off_are_swept(file: Path, target: Workspace) -> None:
    imports = target.root / ".proml" / "imports"
    for name, age_s in (("old", 2 * 86_400), ("young", 60)):
        (imports / name).mkdir(parents=True)
        (imports / name / "part").write_text("x")
        moment = (imports / name).stat().st_mtime - age_s
        os.utime(imports / name, (moment, moment))
    import_artifact(file, workspace=target)
    assert [path.name for path in imports.iterdir()] == ["young"]


def test_a_workspace_that_cannot_be_written(file: Path, target: Workspace) -> None:
    (target.root / ".proml" / "imports").write_text("in the way")
    with pytest.raises(SourceError, match=r"imports cannot be made"):
        import_artifact(file, workspace=target)


def test_what_cannot_be_exported(made: Path, file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is there already"):
        export_artifact("shop@1", file, workspace=made)
    with pytest.raises(UnknownNameError, match="no artifact 'shopp'"):
        export_artifact("shopp@1", workspace=made)
    with pytest.raises(SourceError, match="cannot be written: File exists"):
        export_artifact("shop@1", file / "x.proml", workspace=made)
    with pytest.raises(SourceError, match="There is no file"):
        import_artifact(tmp_path / "none.proml", workspace=made)
