"""What no version needs is listed, and removed only if asked."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from proml_lab.errors import RegistryError
from proml_lab.promote import artifacts, gc
from proml_lab.promote.artifact import opened, registry_of
from proml_lab.promote.freeze import fresh
from proml_lab.promote.gc import Leftovers
from proml_lab.promote.lock import lock
from proml_lab.promote.registry import Registry
from tests.promote.conftest import make_workspace
from tests.promote.registry.test_aliases import put


def old(path: Path, age_s: float = 4000) -> Path:
    moment = path.stat().st_mtime - age_s
    os.utime(path, (moment, moment))
    return path


def file(path: Path, content: str = "x" * 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


@pytest.fixture(scope="module")
def untidy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Registry]:
    """A workspace with one version and all that may be left over."""
    folder = make_workspace(tmp_path_factory.mktemp("untidy") / "workspace")
    registry = registry_of(opened(folder))
    registry.probe(writing=True)
    put(registry)
    return folder, registry


def test_it_lists_then_removes_and_never_what_is_needed(untidy: tuple[Path, Registry]) -> None:
    folder, registry = untidy
    root = folder / ".proml"
    ended = file(root / "runs" / "one" / "executed.ipynb").parent
    file(ended / "running.lock", "")
    older = old(file(root / "runs" / "two" / "kernel.log").parent)
    old(older / "kernel.log")
    under_way = file(root / "runs" / "three" / "running.lock", "")
    beginning = root / "runs" / "four"
    beginning.mkdir()
    broken = file(root / "artifacts" / "some" / "7" / "notes.txt").parent
    unknown = file(root / "artifacts" / "some" / "9" / "manifest.json").parent
    part = file(root / "registry.db.12345678.part", "half")
    first = old(file(root / "profiles" / "a.b-0001-0002.parquet"))
    last = file(root / "profiles" / "a.b-0001-0003.parquet")
    other = file(root / "profiles" / "a.b_c-0001-0003.parquet")
    for name in ("a.b", "a.b_c"):
        text = f"view: {name}\nsource: s.parquet\nentities: [k]\nfeatures: {{x: float}}\n"
        file(folder / "features" / f"{name}.yaml", text)
    waste = {str(path) for path in (ended, older, broken, part, first)}
    with lock(under_way):
        found = gc(folder)
        assert set(found.frame()["path"]) == waste
        assert found.frame()["bytes"].to_list() == sorted(found.frame()["bytes"], reverse=True)
        assert not found.removed
        assert "Nothing was removed" in str(found)
        assert all(Path(path).exists() for path in waste)
        done = gc(folder, remove=True)
    assert set(done.frame()["path"]) == waste
    one = Leftovers(found.frame()[:1], removed=False, now=found.now)
    assert "No version needs this: 1 thing, " in str(one)
    assert str(one).endswith("Nothing was removed; gc --yes removes it.")
    assert str(found).endswith("Nothing was removed; gc --yes removes them.")
    assert "Removed 5 things, " in done._repr_mimebundle_()["text/html"]
    assert not any(Path(path).exists() for path in waste)
    assert all(p.exists() for p in (under_way, beginning, unknown, last, other))
    assert artifacts(workspace=folder).frame()["version"].to_list() == [1]
    registry.place("some", 1).joinpath("manifest.json").rename(root / "away.json")
    assert not any("/some/1" in path for path in gc(folder).frame()["path"])
    (root / "away.json").rename(registry.place("some", 1) / "manifest.json")


def kinds(folder: Path) -> list[tuple[str, str]]:
    """(kind, name) of what is listed beside runs."""
    rows = gc(folder).frame().select("kind", "path").rows()
    return sorted((kind, Path(path).name) for kind, path in rows if kind != "run")


def test_promotions_that_jupyterlab_shows_go_once_they_have_ended(tmp_path: Path) -> None:
    folder = make_workspace(tmp_path / "workspace")
    root = folder / ".proml" / "promotions"
    me = psutil.Process()
    for name, pid, created in (
        ("running", me.pid, me.create_time()),
        ("other", me.pid, me.create_time() - 100),
        ("gone", 2**22 + 1, 1.0),
    ):
        file(root / name / "process.json", json.dumps({"pid": pid, "created": created}))
    file(root / "done" / "process.json", json.dumps({"pid": me.pid, "created": me.create_time()}))
    file(root / "done" / "result.json", "{}")
    file(root / "starting" / "request.json")
    old(file(root / "never" / "request.json").parent)
    assert [name for _, name in kinds(folder)] == ["done", "gone", "never", "other"]


def test_reports_on_versions_that_are_gone_and_imports_that_were_cut_off(
    untidy: tuple[Path, Registry],
) -> None:
    folder, _ = untidy
    root = folder / ".proml"
    for name in ("some@1-20260102-030405", "some@8-20260102-030405"):
        file(root / "reproductions" / name / "signature")
    half = file(root / "reproductions" / "some@1-20260102-030406" / "reproduction.json").parent
    file(root / "reproductions" / "some@1-20260102-030407" / "reproduction.json")
    old(half)
    old(file(root / "imports" / "abc" / "part").parent, 100_000)
    file(root / "imports" / "def" / "part")
    assert kinds(folder) == [
        ("import", "abc"),
        ("reproduction", "some@1-20260102-030406"),
        ("reproduction", "some@8-20260102-030405"),
    ]
    gc(folder, remove=True)
    assert kinds(folder) == []


def test_environments_that_nobody_needs(
    untidy: tuple[Path, Registry], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Those that a version has stay, as do those used lately, and the one that is being built."""
    folder, registry = untidy
    monkeypatch.setenv("PROML_CACHE", str(tmp_path))
    minor = "{}.{}".format(*sys.version_info[:2])
    text = f'requires-python = "=={minor}.*"\n[[packages]]\nname = "a"\nversion = "1"\n'
    lock_file = file(registry.place("some", 1) / "environment" / "pylock.toml", text)
    cache = fresh.cache()
    month = 31 * 86_400
    for name in ("unused", "building", fresh.key(lock_file.parent)):
        old(file(cache / name / "complete.json"), month)
    file(cache / "used" / "complete.json")
    file(cache / "half" / "pins.txt")
    needed = cache / fresh.key(lock_file.parent)
    (needed / "complete.json").rename(tmp_path / "aside")  # being that of a version is not enough
    assert ("environment", needed.name) in kinds(folder)
    (tmp_path / "aside").rename(needed / "complete.json")
    with lock(cache / "building.lock"):
        assert kinds(folder) == [("environment", "half"), ("environment", "unused")]
        with lock(cache / "half.lock"):
            gc(folder, remove=True)
    assert sorted(path.name for path in cache.iterdir() if path.is_dir()) == sorted(
        ["building", fresh.key(lock_file.parent), "used", "half"]
    )
    lock_file.unlink()
    assert len(kinds(folder)) == 3


def test_nothing_to_do(tmp_path: Path) -> None:
    folder = make_workspace(tmp_path / "workspace")
    found = gc(folder)
    assert str(found) == "There is nothing that no version needs."
    assert str(found) in found._repr_mimebundle_()["text/html"]
    assert not len(found)


def test_what_cannot_be_removed_is_told(
    untidy: tuple[Path, Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = untidy
    part = file(folder / ".proml" / "registry.db.87654321.part")

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(RegistryError, match=f"{part} cannot be removed: Permission denied"):
            gc(folder, remove=True)
    assert part.exists()
    gc(folder, remove=True)
    assert not part.exists()
