"""The registry: numbers, marks, locks, and what a crash leaves behind."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from proml_lab.errors import RegistryError
from proml_lab.promote.bundle import Manifest, digest
from proml_lab.promote.registry import Record, Registry

RECORD = Record("some", {"n": 1}, {"auc": 0.7}, {"proml.notebook": "a.ipynb"})


def registry(folder: Path) -> Registry:
    return Registry(f"sqlite:///{folder / '.proml' / 'registry.db'}", folder / ".proml/artifacts")


def put(found: Registry, version: int) -> Path:
    """A bundle that is good enough for the registry."""
    place = found.place("some", version)
    place.mkdir(parents=True)
    (place / "manifest.json").write_text(f"{{{version}}}")
    return place


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    found = registry(tmp_path_factory.mktemp("used"))
    found.probe(writing=True)
    return found


def test_versions_count_up_and_are_marked(used: Registry) -> None:
    before = [v.version for v in used.versions("some")]
    for _ in range(2):
        with used.reserve(RECORD) as version:
            place = put(used, version)
    found = used.versions("some")
    assert [v.version for v in found] == [*before, version - 1, version]
    assert found[-1].manifest == digest(place / "manifest.json")
    assert used.versions("other") == []
    assert used.present("some") == [v.version for v in found]
    assert used.names() == ["some"]


def test_a_block_that_raises_takes_its_version_back(used: Registry) -> None:
    before = [v.version for v in used.versions()]
    with pytest.raises(ZeroDivisionError), used.reserve(RECORD):
        _ = 1 / 0
    assert [v.version for v in used.versions()] == before
    with used.reserve(RECORD) as version:
        put(used, version)
    assert version == max(before, default=0) + 2
    assert [v.version for v in used.versions()] == [*before, version]


def test_numbers_that_others_took_back_are_skipped(used: Registry) -> None:
    used.open()
    with used.reserve(RECORD) as first:
        put(used, first)
    client = used.connection.client
    foreign = client.create_model_version("some", "file:///else", None)
    client.delete_model_version("some", str(foreign.version))
    with used.reserve(RECORD) as second:
        put(used, second)
    assert second == first + 3
    made = client.get_model_version("some", str(second))
    assert made.source == (used.place("some", second) / "model").as_uri()
    with used.reserve(RECORD) as third:
        put(used, third)
    assert third == second + 1


def test_eight_at_once_give_eight_versions(used: Registry) -> None:
    before = [v.version for v in used.versions("some")]

    def one(_: int) -> int:
        mine = Registry(used.address, used.artifacts)
        with mine.reserve(RECORD) as version:
            put(mine, version)
        return version

    with ThreadPoolExecutor(8) as pool:
        got = sorted(pool.map(one, range(8)))
    assert len(set(got)) == 8
    assert [v.version for v in used.versions("some")] == [*before, *got]
    assert got == list(range(got[0], got[0] + 8))


@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_a_crash_leaves_is_mended_by_the_next(used: Registry, moment: str) -> None:
    """A process that dies with the bundle not yet, or already, in its place."""
    code = (
        "import os, sys; from pathlib import Path\n"
        "from tests.promote.registry.test_registry import RECORD, Registry, put\n"
        "found = Registry(sys.argv[1], Path(sys.argv[2]))\n"
        "with found.reserve(RECORD) as version:\n"
        "    sys.argv[3] == 'after' and put(found, version)\n"
        "    os._exit(9)\n"
    )
    before = [v.version for v in used.versions("some")]
    command = [sys.executable, "-c", code, used.address, used.artifacts, moment]
    assert subprocess.run(command, check=False).returncode == 9
    assert [v.version for v in used.versions("some")] == before
    with used.reserve(RECORD) as version:
        put(used, version)
    mended = [version - 1] if moment == "after" else []
    assert [v.version for v in used.versions("some")] == [*before, *mended, version]


def test_tables_are_made_quietly_and_whole_or_not_at_all(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    handlers = list(logging.getLogger().handlers)
    found = registry(tmp_path)
    assert found.is_new
    assert found.versions() == []
    assert found.is_new
    found.probe(writing=True)
    assert found.file is not None
    found.file.with_name("registry.db.00000000.part").write_text("half")
    found.open()
    assert not found.is_new
    names = sorted(p.name for p in found.file.parent.iterdir())
    assert names == [".gitignore", "artifacts", "registry.db"]
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == handlers


@pytest.mark.parametrize(
    ("content", "said"), [(b"x" * 2000, "file is not a database"), (b"SQLite format 3\0x", "")]
)
def test_a_file_that_is_no_registry(tmp_path: Path, content: bytes, said: str) -> None:
    found = registry(tmp_path)
    found.probe(writing=True)
    assert found.file is not None
    found.file.write_bytes(content)
    with pytest.raises(RegistryError, match=f"registry.db cannot be used: {said}") as caught:
        found.probe(writing=True)
    assert "if it is the right file, move it away" in caught.value.hint


def test_a_database_of_something_else(tmp_path: Path) -> None:
    found = registry(tmp_path)
    found.probe(writing=True)
    assert found.file is not None
    with sqlite3.connect(found.file) as connection:
        connection.execute("CREATE TABLE birds (name)")
    connection.close()
    with pytest.raises(RegistryError, match="it is a database of something else"):
        found.probe(writing=True)


def test_a_locked_registry(tmp_path: Path) -> None:
    found = registry(tmp_path)
    found.probe(writing=True)
    assert found.file is not None
    other = sqlite3.connect(found.file, isolation_level=None)
    other.execute("CREATE TABLE alembic_version (version_num)")
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(RegistryError, match=r"database is locked.\nHint: close what has it"):
            found.probe(writing=True)
    finally:
        other.close()
    found.probe(writing=True)


@pytest.mark.parametrize("moment", ["create", "complete"])
def test_a_registry_that_is_locked_under_way_is_told_in_one_line(
    tmp_path: Path, moment: str
) -> None:
    """In a process of its own: MLflow writes to stderr by handlers that it made on import."""
    code = (
        "import sqlite3, sys; from pathlib import Path\n"
        "from proml_lab.errors import RegistryError\n"
        "from proml_lab.promote import patience, registry\n"
        "from tests.promote.registry.test_registry import RECORD, put\n"
        "patience.PATIENCE_S = 0.5\n"
        "found = registry.Registry(sys.argv[1], Path(sys.argv[2]))\n"
        "found.open()\n"
        "other = sqlite3.connect(found.file, isolation_level=None)\n"
        "sys.argv[3] == 'create' and other.execute('BEGIN EXCLUSIVE')\n"
        "try:\n"
        "    with found.reserve(RECORD) as version:\n"
        "        put(found, version)\n"
        "        other.execute('BEGIN EXCLUSIVE')\n"
        "except RegistryError as error:\n"
        "    print(error, file=sys.stderr)\n"
        "other.close()\n"
        "print([v.version for v in found.versions()])\n"
        "with found.reserve(RECORD) as version: put(found, version)\n"
        "print([v.version for v in found.versions()])\n"
    )
    made = registry(tmp_path)
    command = [sys.executable, "-c", code, made.address, made.artifacts, moment]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    assert ended.stderr.splitlines() == [
        f"The registry {made.file} cannot be used: database is locked.",
        "Hint: close what has it open, such as another promotion or 'mlflow ui'.",
    ]
    assert ended.stdout == ("[]\n[1]\n" if moment == "create" else "[]\n[1, 2]\n")


def bundle(found: Registry, version: int, *, called: str | None = None) -> Path:
    """A folder with a manifest that can be read."""
    place = found.place("some", version)
    place.mkdir(parents=True)
    manifest = Manifest(
        name="some", version=version, created="2026-01-01T00:00:00+00:00", notebook="a.ipynb",
        parameters={}, model={}, files={},
    )  # fmt: skip
    text = manifest.model_dump_json().replace('"some"', f'"{called or "some"}"')
    (place / "manifest.json").write_text(text)
    return place


def test_bundles_that_the_registry_does_not_know_are_taken_in(tmp_path: Path) -> None:
    """The registry was lost, then replaced by an older copy."""
    found = registry(tmp_path)
    marks = {version: digest(bundle(found, version) / "manifest.json") for version in (1, 2, 4)}
    with found.reserve(RECORD) as version:
        bundle(found, version)
    assert version == 5
    assert found.file is not None
    older = found.file.read_bytes()
    with found.reserve(RECORD) as version:
        bundle(found, version)
    found.file.write_bytes(older)
    again = Registry(found.address, found.artifacts)
    assert [v.version for v in again.versions("some")] == [1, 2, 4, 5]
    assert {v.version: v.manifest for v in again.versions("some")}.items() >= marks.items()
    with again.reserve(RECORD) as version:
        bundle(again, version)
    assert version == 7
    assert [v.version for v in again.versions("some")] == [1, 2, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("called", "said"), [(None, "is not an artifact: it has no"), ("other", "another artifact")]
)
def test_a_folder_in_the_way_is_named(tmp_path: Path, called: str | None, said: str) -> None:
    found = registry(tmp_path)
    place = bundle(found, 1, called=called)
    if called is None:
        (place / "manifest.json").rename(place / "notes.txt")
    for _ in range(2):
        told = pytest.raises(RegistryError, match=f"{place} is in the way of .*{said}")
        with told as caught, found.reserve(RECORD):
            pass
        assert caught.value.hint == "move that folder out of the workspace, then promote again."
    place.rename(tmp_path / "away")
    with found.reserve(RECORD) as version:
        bundle(found, version)
    assert version == 1


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / ".proml").write_text("a file is in the way")
    with pytest.raises(RegistryError, match="its folder cannot be made: "):
        registry(tmp_path).probe(writing=True)


def test_an_address_that_is_none(tmp_path: Path) -> None:
    found = Registry("nonsense://here", tmp_path / "artifacts")
    found.probe(writing=True)
    with pytest.raises(RegistryError, match="The registry nonsense://here cannot be used"):
        found.open()
